// What an attempt's outcome means for its delivery: a pure function of outcome, policy and record.
#pragma once

#include <string_view>

#include "core/delivery/capacity.h"
#include "core/delivery/policy.h"
#include "core/runtime/random.h"
#include "core/store/commands.h"
#include "core/store/records.h"

namespace sluis {

struct Conclusion {
  Finish finish;  // all but the replies
  PeerSign sign = PeerSign::alive;
  std::string_view word;  // "delivered", "handed_over", "retry", "rejected", "held": for metric and log
};

// The moment, on both clocks that matter: `wall` for what people and deadlines read, `due` for due times (DueClock).
struct Moment {
  WallTime wall;
  WallTime due;
};

// `record.delivery` is the attempt's: its number and its doubt are those of Begin.
SLUIS_CORE_API Conclusion conclude(const DeliveryRecord& record, Outcome outcome, bool dropped, const Policy& policy,
                                   Moment now, Random& random);

// The route's own reply-within travels with the delivery under this option, because it outlives the route.
inline constexpr std::string_view option_reply_within = "sluis.reply-within";
[[nodiscard]] SLUIS_CORE_API std::optional<Duration> reply_within(const Delivery& delivery, const Policy& policy);

// The step of a proof wakeup: which attempt owes it and what follows when it stays away; a later attempt's proof is
// another wakeup.
struct ProofStep {
  int attempt = 0;
  HandedOver::Then then = HandedOver::Then::incident;
};
constexpr int pack(ProofStep step) {
  return step.attempt * 2 + (step.then == HandedOver::Then::retry ? 1 : 0);
}
constexpr ProofStep unpack_proof_step(int step) {
  return {step / 2, step % 2 == 1 ? HandedOver::Then::retry : HandedOver::Then::incident};
}

}  // namespace sluis
