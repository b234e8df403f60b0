#include "core/store/transitions.h"

#include <array>
#include <optional>

namespace sluis {

namespace {

using S = DeliveryState;

struct Row {
  Push push;
  bool from_attempt;
  // Next state by from-state, in the order of the enumeration; none: refused.
  std::array<std::optional<S>, 9> next;
};

constexpr std::optional<S> no = std::nullopt;

// Columns:                          queued       sending      awaiting     delivered    blocked      held         rejected     expired      cancelled
constexpr std::array table{
    Row{Push::begin, false,         {S::sending,  no,          no,          no,          no,          no,          no,          no,          no}},
    Row{Push::retry, true,          {no,          S::queued,   no,          no,          no,          no,          no,          no,          no}},
    Row{Push::hand_over, true,      {no,          S::awaiting, no,          no,          no,          no,          no,          no,          no}},
    Row{Push::deliver, true,        {no,          S::delivered, no,         no,          no,          no,          no,          no,          no}},
    Row{Push::reject, true,         {no,          S::rejected, no,          no,          no,          no,          no,          no,          no}},
    Row{Push::hold, true,           {no,          S::held,     no,          no,          no,          no,          no,          no,          no}},
    // Late proof: also while sending; a cancelled one stays cancelled, and the proof stands on its timeline.
    Row{Push::deliver, false,       {S::delivered, S::delivered, S::delivered, S::delivered, no,       S::delivered, S::delivered, S::delivered, no}},
    // A late no: a DSN turns delivered into rejected; nothing else leaves a final state.
    Row{Push::reject, false,        {S::rejected, S::rejected, S::rejected, S::rejected, no,          S::rejected, S::rejected, no,          no}},
    Row{Push::hold, false,          {S::held,     no,          no,          no,          S::held,     S::held,     no,          no,          no}},
    Row{Push::release, false,       {no,          no,          no,          no,          no,          S::queued,   no,          no,          no}},
    Row{Push::cancel, false,        {S::cancelled, no,         S::cancelled, no,         S::cancelled, S::cancelled, no,        no,          S::cancelled}},
    Row{Push::expire, false,        {S::expired,  no,          S::expired,  no,          S::expired,  S::expired,  no,          S::expired,  no}},
    Row{Push::requeue, false,       {no,          no,          S::queued,   no,          no,          no,          no,          no,          no}},
    Row{Push::unblock, false,       {no,          no,          no,          no,          S::queued,   no,          no,          no,          no}},
    Row{Push::restart, false,       {no,          S::queued,   no,          no,          no,          no,          no,          no,          no}},
};

std::optional<S> look_up(S from, Push push, bool from_attempt) {
  for (const Row& row : table)
    if (row.push == push && row.from_attempt == from_attempt) return row.next[static_cast<std::size_t>(from)];
  return std::nullopt;
}

}  // namespace

DeliveryState follow(DeliveryState from, Push push, bool from_attempt) { return look_up(from, push, from_attempt).value_or(from); }
bool allowed(DeliveryState from, Push push, bool from_attempt) { return look_up(from, push, from_attempt).has_value(); }

}  // namespace sluis
