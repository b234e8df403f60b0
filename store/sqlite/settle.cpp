#include "store/sqlite/settle.h"

#include <fmt/format.h>

#include "store/sqlite/keys.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

namespace {

// Of several that carry the reference (a resend keeps its identity), the newest that is not final; else the newest.
std::optional<DeliveryRow> target_of(Work& work, const Settlement& settlement) {
  if (const auto* id = std::get_if<DeliveryId>(&settlement.target)) return load_delivery(work.db, *id);
  std::optional<DeliveryRow> newest;
  for (const ReferenceRow& found : find_reference(work.db, std::get<Reference>(settlement.target))) {
    if (!found.delivery) continue;
    auto row = load_delivery(work.db, *found.delivery);
    if (!row) continue;
    if (!is_final(row->state)) return row;
    if (!newest) newest = std::move(row);
  }
  return newest;
}

std::string target_text(const Settlement& settlement) {
  if (const auto* id = std::get_if<DeliveryId>(&settlement.target)) return fmt::format("delivery {}", number(*id));
  const auto& reference = std::get<Reference>(settlement.target);
  return fmt::format("{} {} {}", reference.kind, reference.scope, reference.value);
}

struct Words {
  Push push;
  std::string event, text;
  Attributes details;
};

Words words_of(const Settlement& settlement) {
  if (const auto* delivered = std::get_if<Delivered>(&settlement.verdict))
    return {Push::deliver, "delivered", delivered->receipt.text, delivered->receipt.details};
  const auto& rejected = std::get<Rejected>(settlement.verdict);
  return {Push::reject,
          "rejected",
          rejected.code.empty() ? rejected.reason : fmt::format("{} {}", rejected.code, rejected.reason),
          {}};
}

}  // namespace

Status settle(Work& work, const Settlement& settlement, const std::optional<MessageId>& arrived, WallTime at) {
  std::optional<DeliveryRow> row = target_of(work, settlement);
  if (!row) return Error{"settle.unknown", fmt::format("settles nothing known: {}", target_text(settlement))};
  if (const auto* noted = std::get_if<Noted>(&settlement.verdict)) {
    TimelineEntry entry{at, "noted", row->id, noted->text, {}};
    if (arrived) entry.details.set("message", arrived->text());
    add_entry(work, row->message, entry);
    return {};
  }
  Words words = words_of(settlement);
  if (arrived) words.details.set("message", arrived->text());
  if (!allowed(row->state, words.push, false)) {
    words.details.set("state", to_string(row->state));
    add_entry(work, row->message,
              {at, "settle-refused", row->id, fmt::format("came late: {} {}", words.event, words.text), words.details});
    return Error{"settle.refused", fmt::format("delivery {} is {}: it does not become {}", number(row->id),
                                               to_string(row->state), words.event)};
  }
  const DeliveryState from = row->state;
  const DeliveryState next = follow(from, words.push, false);
  if (next == from) return {};
  row->reason = words.text;
  if (const auto* delivered = std::get_if<Delivered>(&settlement.verdict))
    row->receipt = pack_receipt(delivered->receipt);
  words.details.set("settled", arrived ? "by a message" : "from elsewhere");
  change_state(work, *row, next, at);
  add_entry(work, row->message, {at, words.event, row->id, words.text, words.details});
  work.effects.settled_elsewhere.push_back(row->id);
  return {};
}

CommandResult apply_settle(Work& work, const Settle& command) {
  Settled settled;
  for (const Settlement& settlement : command.settlements)
    settled.each.push_back(settle(work, settlement, std::nullopt, command.at));
  return CommandValue{std::move(settled)};
}

}  // namespace sluis::sqlite
