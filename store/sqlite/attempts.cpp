// Begin and Finish: the two ends of an attempt, each an entry on the timeline.
#include <fmt/format.h>

#include "store/sqlite/deliveries.h"
#include "store/sqlite/incidents.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

namespace {

std::optional<Push> push_to(DeliveryState next) {
  switch (next) {
    case DeliveryState::queued: return Push::retry;
    case DeliveryState::awaiting: return Push::hand_over;
    case DeliveryState::delivered: return Push::deliver;
    case DeliveryState::rejected: return Push::reject;
    case DeliveryState::held: return Push::hold;
    default: return std::nullopt;
  }
}

TimelineEntry end_of_attempt(const Finish& finish, bool applied) {
  const bool retry = finish.next == DeliveryState::queued;
  TimelineEntry entry{
      finish.at, retry ? "deferred" : std::string(to_string(finish.next)), finish.delivery, finish.reason, {}};
  if (finish.receipt) {
    entry.details = finish.receipt->details;
    if (entry.text.empty())
      entry.text = finish.receipt->text;
    else if (!finish.receipt->text.empty() && finish.receipt->text != entry.text)
      entry.details.set("receipt", finish.receipt->text);
  }
  entry.details.set("attempt", std::to_string(finish.attempt));
  if (finish.in_doubt) entry.details.set("in-doubt", "yes");
  if (retry && applied) entry.details.set("due", to_rfc3339(finish.due_at));
  for (const Reference& reference : finish.learned) entry.details.set("learned." + reference.kind, reference.value);
  if (!applied) {
    entry.details.set("outcome", entry.event);
    entry.event = "attempt-ended";  // it was settled meanwhile: what the attempt says changes nothing any more
  }
  return entry;
}

}  // namespace

CommandResult apply_begin(Work& work, const Begin& begin) {
  auto row = load_delivery(work.db, begin.delivery);
  if (!row) return Error{"delivery.unknown", fmt::format("there is no delivery {}", number(begin.delivery))};
  if (!allowed(row->state, Push::begin, false))
    return Error{"delivery.state",
                 fmt::format("delivery {} is {}, not queued", number(row->id), to_string(row->state))};
  ++row->attempt;
  row->state = follow(row->state, Push::begin, false);
  row->changed_at = begin.at;
  save_delivery(work, *row);
  TimelineEntry entry{begin.at, "attempt", row->id, fmt::format("attempt {} on {}", row->attempt, row->channel), {}};
  entry.details.set("attempt", std::to_string(row->attempt));
  if (row->in_doubt) entry.details.set("in-doubt", "yes");
  add_entry(work, row->message, entry);
  return CommandValue{Begun{work.epoch, row->attempt, row->in_doubt}};
}

CommandResult apply_finish(Work& work, const Finish& finish) {
  auto row = load_delivery(work.db, finish.delivery);
  if (!row) return Error{"delivery.unknown", fmt::format("there is no delivery {}", number(finish.delivery))};
  const auto push = push_to(finish.next);
  if (!push) return Error{"delivery.state", fmt::format("an attempt does not end as {}", to_string(finish.next))};
  work.effects.ended.push_back(row->id);
  const bool applied = row->state == DeliveryState::sending && row->attempt == finish.attempt;

  // Learned keys first: a reply of this very commit may settle by one of them.
  for (const Reference& reference : finish.learned) add_reference(work, reference, row->message, row->id, finish.at);
  if (applied) {
    row->reason = finish.reason;
    // Once in doubt, always in doubt: no later attempt un-sends what an earlier one may have sent.
    row->in_doubt = row->in_doubt || finish.in_doubt;
    if (finish.next == DeliveryState::queued) row->due_at = finish.due_at;
    if (finish.receipt) row->receipt = pack_receipt(*finish.receipt);
    change_state(work, *row, follow(row->state, *push, true), finish.at);
    for (const Wakeup& wakeup : finish.wakeups) add_wakeup(work, row->id, wakeup);
    for (const IncidentChange& change : finish.incidents) change_incident(work, change);
  }
  add_entry(work, row->message, end_of_attempt(finish, applied));

  // A reply that is refused does not undo the attempt's end: the peer has said what it said.
  for (const Accept& reply : finish.replies) {
    const CommandResult stored = in_savepoint(work, [&] { return apply_accept(work, reply, true); });
    if (!stored.ok())
      add_entry(
          work, row->message,
          {finish.at, "reply-refused", row->id, fmt::format("a reply was not stored: {}", stored.error().what), {}});
  }
  const auto now = load_delivery(work.db, finish.delivery);
  return CommandValue{Finished{applied, now ? now->state : row->state}};
}

}  // namespace sluis::sqlite
