// Accept: message, parts, keys, deliveries, lane places, settlements, responses, cursors, timeline; one transaction. A
// crash before the commit leaves segment bytes or a spool file that no row names, and the sender without its OK.
#include <fmt/format.h>

#include "store/sqlite/gates.h"
#include "store/sqlite/incidents.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/message_rows.h"
#include "store/sqlite/settle.h"
#include "store/sqlite/spool.h"
#include "store/sqlite/state.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

namespace {

// What was streamed for a message that is not stored after all goes again, unless another message names it.
void drop_contents(Work& work, const Parts& parts) {
  for (const Part& part : parts)
    if (auto id = Spool::id_in(part.content.handle)) work.effects.spool_unused.push_back(std::move(*id));
}

// Gives every content a place that lives as long as this message: bytes in memory are appended to the day's segment;
// bytes that lie in another message's segment (a notice that carries the original's parts) are copied, because purging
// is by day.
Status store_contents(Work& work, Message& message) {
  for (Part& part : message.parts) {
    Content& content = part.content;
    if (auto id = Spool::id_in(content.handle)) {
      Query(work.db, "INSERT INTO spool(id, uses) VALUES(?, 1) ON CONFLICT(id) DO UPDATE SET uses = uses + 1")
          .with(*id)
          .run();
      continue;
    }
    std::shared_ptr<const std::string> bytes = content.bytes;
    if (!bytes && content.size > 0) {
      const auto place = SegmentPlace::parse(content.handle);
      if (!place)
        return Error{"intake.invalid",
                     fmt::format("part \"{}\" has neither bytes nor a place where they are", part.file_name)};
      auto read = read_segment(work.segments_folder, *place, content.size);
      if (!read.ok()) return read.error();
      bytes = std::make_shared<const std::string>(std::move(read).value());
    }
    content.handle.clear();
    if (!bytes || bytes->empty()) continue;
    if (bytes->size() > inline_content_limit || bytes->size() != content.size)
      return Error{"intake.invalid", fmt::format("part \"{}\": {} octets in memory, {} said, {} at most",
                                                 part.file_name, bytes->size(), content.size, inline_content_limit)};
    auto handle = work.segments.append(day_of(message.received_at), *bytes);
    if (!handle.ok()) {
      if (handle.error().code == "store.full") throw Failure{SQLITE_FULL, handle.error().what};
      throw Failure{SQLITE_IOERR, handle.error().what};
    }
    content.handle = std::move(handle).value();
  }
  return {};
}

void insert_message(Work& work, const Message& message, const std::string& held, std::string_view record) {
  MessageColumns columns;
  columns.received_at = message.received_at;
  columns.customer = message.customer;
  columns.channel = message.from;
  columns.flow = message.attributes.get(attribute::flow);
  if (!held.empty()) columns.held = held;
  columns.in_reply_to = message.in_reply_to;
  insert_message_row(work.db, message.id, columns, record);
}

// The answer is on the timeline of what it answers, and the wait for it is over. What answers nothing (a report, a
// notice, a customer's own next message) is on the timeline too.
void mark_answered(Work& work, const Message& message) {
  if (!timeline_head(work.db, *message.in_reply_to)) return;
  const bool answer = is_answer(message);
  TimelineEntry entry{message.received_at,
                      answer ? "answered" : "noticed",
                      std::nullopt,
                      fmt::format("{} by message {}", answer ? "answered" : "told", message.id.text()),
                      {}};
  entry.details.set("message", message.id.text());
  if (const auto flow = message.attributes.find(attribute::flow)) entry.details.set("flow", *flow);
  if (const auto said = message.attributes.find(attribute::answer)) entry.details.set("answer", *said);
  add_entry(work, *message.in_reply_to, entry);
  if (!answer) return;
  Query(work.db, "DELETE FROM wakeups WHERE kind = ? AND delivery IN (SELECT id FROM deliveries WHERE message = ?)")
      .with(static_cast<int>(WakeupKind::reply), *message.in_reply_to)
      .run();
}

}  // namespace

CommandResult apply_accept(Work& work, const Accept& accept, bool reply) {
  const WallTime at = accept.message.received_at;
  const Sha256 parts = parts_digest(accept.message.parts);
  const std::string dedupe = accept.dedupe ? dedupe_text(accept.message.from, *accept.dedupe) : std::string{};
  if (accept.dedupe) {
    if (auto seen = find_key(work.db, dedupe)) {
      drop_contents(work, accept.message.parts);
      AcceptDone done;
      done.accepted = {seen->message, true, seen->parts == parts,
                       unpack_replies(seen->replies).value_or(std::vector<Reply>{})};
      return CommandValue{std::move(done)};
    }
  }
  // A reply inside a Finish is not new work from outside: refusing it would lose what the peer has already said.
  if (work.full && !reply)
    return Error{"store.full", "the disk is nearly full: nothing new is accepted until there is room again"};
  if (accept.consumes && !consume_wakeup(work, *accept.consumes))
    return Error{"wakeup.gone", "another has acted on this timer"};

  std::string hold;
  std::vector<TimelineEntry> again;
  for (const BusinessKey& key : accept.business) {
    auto seen = find_key(work.db, business_text(accept.message.customer, key));
    if (!seen) continue;
    const std::string sentence = fmt::format("handed in before, as message {}", seen->message.text());
    if (key.rule == DuplicateRule::refuse) return Error{"intake.duplicate", sentence};
    if (key.rule == DuplicateRule::hold && hold.empty()) hold = sentence;
    again.push_back({at, "duplicate", std::nullopt, sentence, {{"message", seen->message.text()}}});
  }
  {
    Query known(work.db, "SELECT 1 FROM messages WHERE id = ? UNION ALL SELECT 1 FROM tombstones WHERE message = ?");
    if (known.with(accept.message.id, accept.message.id).next())
      return Error{"intake.invalid", fmt::format("there is a message {} already", accept.message.id.text())};
  }

  Message message = accept.message;
  if (auto stored = store_contents(work, message); !stored.ok()) return stored.error();
  const std::string record = pack_message(message);
  insert_message(work, message, accept.held, record);
  TimelineHead head{0, chain_start(record)};
  if (accept.timeline.empty()) add_entry(work, message.id, {at, "accepted", std::nullopt, "accepted", {}}, head);
  for (const TimelineEntry& entry : accept.timeline) add_entry(work, message.id, entry, head);
  for (const TimelineEntry& entry : again) add_entry(work, message.id, entry, head);
  if (!accept.held.empty()) add_entry(work, message.id, {at, "held", std::nullopt, accept.held, {}}, head);

  if (accept.dedupe) add_key(work, dedupe, at, {message.id, parts, pack_replies(accept.responses)});
  for (const BusinessKey& key : accept.business)
    add_key(work, business_text(message.customer, key), at, {message.id, parts, pack_replies({})});
  for (const Reference& reference : accept.references) add_reference(work, reference, message.id, std::nullopt, at);

  AcceptDone done;
  done.accepted = {message.id, false, true, accept.responses};
  for (const NewDelivery& made : accept.deliveries) {
    std::string reason = made.hold.empty() ? hold : made.hold;
    if (reason.empty()) {
      done.deliveries.push_back(make_delivery(work, message.id, made, at));
      continue;
    }
    NewDelivery held = made;
    held.hold = reason;
    done.deliveries.push_back(make_delivery(work, message.id, held, at));
    add_entry(work, message.id, {at, "held", done.deliveries.back(), std::move(reason), {}});
  }
  if (message.in_reply_to) mark_answered(work, message);
  for (const Settlement& settlement : accept.settles)
    if (const Status settled = settle(work, settlement, message.id, at); !settled.ok())
      add_entry(work, message.id, {at, "settle", std::nullopt, settled.error().what, {}});
  open_gates_by(work, message, at);
  write_state(work, message.from, accept.state);
  for (const IncidentChange& change : accept.incidents) change_incident(work, change);
  return CommandValue{std::move(done)};
}

}  // namespace sluis::sqlite
