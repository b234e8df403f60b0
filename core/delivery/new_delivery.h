// From a planned delivery to one that the store can keep: identity, deadlines and what its policy owes.
#pragma once

#include <memory>

#include "core/channel/channel.h"
#include "core/delivery/conclusion.h"
#include "core/delivery/generation.h"
#include "core/delivery/policy.h"
#include "core/delivery/routing.h"
#include "core/store/commands.h"

namespace sluis {

// Who owes what to whom: a customer's submission is reported and escalated; what goes to the customer itself (an
// answer, a report) and what the gateway made (a notice) is neither, or reports would beget reports.
enum class Owes { report_and_escalation, escalation, nothing };

// Pure. Gates are left to the caller. The identity is the channel's, made here once.
SLUIS_CORE_API NewDelivery make_delivery(const std::shared_ptr<const Message>& message, const PlannedDelivery& planned,
                                         const Policy& policy, const Channel& channel, Owes owes, Moment now);

// The account a customer's delivery uses on a channel: its own, else the channel's.
[[nodiscard]] inline std::string account_on(const Generation& generation, const std::string& channel,
                                            const std::string& customer) {
  return generation.accounts.contains({channel, customer}) ? customer : std::string{};
}

}  // namespace sluis
