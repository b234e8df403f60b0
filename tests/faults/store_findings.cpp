// The store held against the ledger.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "store/sqlite/connection.h"
#include "tests/faults/store_load.h"

namespace sluis::faults {

namespace {

constexpr Duration patience = std::chrono::minutes{10};

std::string words(const std::set<DeliveryState>& states) {
  std::string all;
  for (const DeliveryState state : states) all += (all.empty() ? "" : " or ") + std::string(to_string(state));
  return all;
}

}  // namespace

void StoreLoad::check_bodies(const MessageRecord& record, const Known& known) {
  const std::string name = "message " + record.message.id.text();
  if (record.message.parts.size() != known.bodies.size()) return wrong(name + ": it has lost parts");
  for (std::size_t i = 0; i < known.bodies.size(); ++i) {
    const auto bytes = store_->read_all(record.message.parts[i].content, 1 << 20);
    if (!bytes.ok())
      wrong(fmt::format("{} part {}: {}", name, i + 1, bytes.error().what));
    else if (bytes.value() != known.bodies[i])
      wrong(fmt::format("{} part {}: other bytes than were accepted", name, i + 1));
  }
}

void StoreLoad::check_message(Reader& reader, const MessageId& id, Known& known) {
  const std::string name = "message " + id.text();
  auto read = reader.message(id);
  if (!read.ok()) return wrong(name + ": " + read.error().what);
  if (!read.value()) {
    if (known.sure && !known.absent_allowed) wrong(name + ": it was acknowledged and is lost");
    known.sure = false;
    return;
  }
  const MessageRecord& record = *read.value();
  known.sure = true;
  known.absent_allowed = false;
  if (record.corrupt) return wrong(name + ": its record is corrupt");
  if (!record.purged_bodies)
    check_bodies(record, known);
  else if (!known.bodiless_allowed)
    wrong(name + ": its bodies were purged too early");
  known.bodiless_allowed = record.purged_bodies;
  if (record.deliveries.size() != known.accept.deliveries.size())
    wrong(
        fmt::format("{}: it has {} deliveries of {}", name, record.deliveries.size(), known.accept.deliveries.size()));
  std::vector<DeliveryId> there;
  for (const DeliveryRecord& delivery : record.deliveries) there.push_back(delivery.delivery.id);
  if (known.deliveries.empty()) add_legs(id, there);  // its answer was lost
  for (const DeliveryRecord& delivery : record.deliveries) {
    const auto at = legs_.find(delivery.delivery.id);
    if (at == legs_.end() || at->second.message != id) {
      wrong(fmt::format("{}: nobody was told of its delivery {}", name, number(delivery.delivery.id)));
      continue;
    }
    Leg& leg = at->second;
    if (!leg.states.contains(delivery.state))
      wrong(fmt::format("{} delivery {}: it is {} and was said to be {}", name, number(delivery.delivery.id),
                        to_string(delivery.state), words(leg.states)));
    if (delivery.delivery.attempt < leg.attempt)
      wrong(fmt::format("{} delivery {}: attempt {} was begun and is lost", name, number(delivery.delivery.id),
                        leg.attempt));
    leg.attempt = delivery.delivery.attempt;
    leg.busy = false;
    settle_on(leg, delivery.state);
  }
  const auto timeline = reader.timeline(id);
  if (!timeline.ok() || timeline.value().size() < known.entries)
    wrong(fmt::format("{}: its timeline has lost entries", name));
}

// What the interface cannot show: rows without the row they belong to, and contents without a file.
void StoreLoad::check_rows() {
  sqlite::Connection db(options_.folder + "/sluis.db", sqlite::Connection::Mode::read, options_.vfs);
  for (const char* table : {"deliveries", "timeline"}) {
    sqlite::Query query(db,
                        fmt::format("SELECT count(*) FROM {} WHERE message NOT IN (SELECT id FROM messages)", table));
    if (query.next() && query.number(0) != 0) wrong(fmt::format("{} {} belong to no message", query.number(0), table));
  }
  sqlite::Query query(db, "SELECT id FROM spool");
  while (query.next()) {
    const std::string id = query.text(0);
    if (!std::filesystem::exists(fmt::format("{}/spool/{}/{}", options_.folder, id.substr(id.size() - 2), id)))
      wrong(fmt::format("spool file {} is named by a message and is not there", id));
  }
}

// A sender who got no OK comes again with the same key: what is there is a duplicate, what is not is new.
void StoreLoad::check_duplicates() {
  std::size_t left = 6;
  std::vector<MessageId> ids;
  for (const auto& [id, known] : messages_) ids.push_back(id);
  while (left-- > 0 && !ids.empty()) {
    const MessageId id = ids[static_cast<std::size_t>(random_.below(ids.size()))];
    Known& known = messages_.at(id);
    if (!known.sure && known.absent_allowed) continue;  // purged; its key lives longer
    if (!known.accept.dedupe || std::any_of(known.bodies.begin(), known.bodies.end(),
                                            [](const std::string& body) { return body.size() > inline_content_limit; }))
      continue;
    const bool there = known.sure;
    Accept again = known.accept;
    if (there) again.message.id = ids_.next();
    for (std::size_t i = 0; i < known.bodies.size(); ++i)
      again.message.parts[i].content = Content::inline_of(known.bodies[i]);
    const CommandResult result = run(again);
    if (!result.ok()) {
      wrong(fmt::format("message {}: handed in again, it is refused: {}", id.text(), result.error().what));
      continue;
    }
    const auto& done = std::get<AcceptDone>(result.value());
    if (done.accepted.id != id || done.accepted.duplicate != there || !done.accepted.same_bytes)
      wrong(fmt::format("message {}: handed in again, it is {} of {}", id.text(),
                        done.accepted.duplicate ? "a duplicate" : "no duplicate", done.accepted.id.text()));
    if (there) continue;
    known.sure = true;
    known.entries = 1;
    add_legs(id, done.deliveries);
  }
}

void StoreLoad::check_recovery() {
  std::vector<DeliveryId> sending;
  for (const auto& [id, leg] : legs_)
    if (leg.states == std::set{DeliveryState::sending}) sending.push_back(id);
  if (const auto recovered = store_->recover([](const std::string&) { return false; });
      !recovered.ok() || recovered.value() != sending.size()) {
    wrong(fmt::format("{} deliveries were sending, and {} were recovered", sending.size(), recovered.value_or(0)));
    for (const DeliveryId id : sending) legs_.at(id).states.insert(DeliveryState::queued);
    return;
  }
  auto reader = store_->read(patience);
  for (const DeliveryId id : sending) {
    const auto now = reader.value()->delivery(id);
    if (!now.ok() || !now.value() || now.value()->state != DeliveryState::queued || !now.value()->delivery.in_doubt)
      wrong(fmt::format("delivery {} was sending at the cut and is not queued in doubt", number(id)));
    settle_on(legs_.at(id), DeliveryState::queued);
  }
}

std::vector<std::string> StoreLoad::findings() {
  {
    auto opened = store_->read(patience);
    if (!opened.ok()) return {"cannot read: " + opened.error().what};
    Reader& reader = *opened.value();
    for (auto at = messages_.begin(); at != messages_.end(); ++at) check_message(reader, at->first, at->second);
    const auto verified = reader.verify(seal_lines_);
    if (!verified.ok()) wrong("verify: " + verified.error().what);
    if (verified.ok())
      for (const VerifyFinding& found : verified.value().findings) wrong("verify: " + found.where + ": " + found.what);
    const auto cursor = reader.state("drop", "cursor");
    if (!cursor.ok() || !cursor_.contains(cursor.value().value_or("")))
      wrong("the cursor is not one that was acknowledged");
    if (cursor.ok()) cursor_ = {cursor.value().value_or("")};
  }
  try {
    check_rows();
  } catch (const sqlite::Failure& failure) {
    wrong("rows: " + failure.what);
  }
  check_duplicates();
  check_recovery();
  // What is not there is not asked after again.
  for (auto at = messages_.begin(); at != messages_.end();) {
    const bool gone = !at->second.sure;
    if (gone) std::erase_if(legs_, [&](const auto& leg) { return leg.second.message == at->first; });
    at = gone ? messages_.erase(at) : std::next(at);
  }
  return std::exchange(wrong_, {});
}

}  // namespace sluis::faults
