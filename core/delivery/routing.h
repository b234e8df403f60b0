// The port through which core asks the routing table; implemented in routing/, which core does not know.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/channel/arrival.h"
#include "core/store/commands.h"

namespace sluis {

// A delivery as the table decides it; the intake adds identity, deadlines and the like.
struct PlannedDelivery {
  Destination destination;        // channel, account (customer or "" for the channel's own), address
  std::string route;
  std::string policy;             // "" = the default policy
  Attributes options;
  std::string lane;               // templates already filled in; empty: none
  bool lane_first = false;
  std::vector<std::string> gates; // "operator", "answer", "attribute:<name>": the intake makes keys of them
  std::optional<Duration> reply_within;   // the route's own, over the policy's
  bool to_customer = false;       // destination `customer`: an answer, report or return; owes no report itself
};

struct RoutePlan {
  std::vector<PlannedDelivery> deliveries;
};
// Nothing matched, or what matched cannot be (no account, no return, environments differ).
struct Unrouted {
  std::string reason;
};
// Content and address disagree: never guess.
struct RouteConflict {
  std::string reason;
};
using RouteDecision = std::variant<RoutePlan, Unrouted, RouteConflict>;

// What recognisers see: the attributes so far, and the first bytes of each part.
struct Recognition {
  Attributes attributes;                   // in: the channel's; out: with everything recognised, `flow` included
  std::vector<Reference> references;       // keys this message carries itself (its own UNB reference, MRN, …)
  std::vector<Reference> answers_to;       // keys it echoes: what it may be an answer to, best first
  std::string conflict;                    // not empty: content and address disagree
};

// What the flow catalogue says of one flow, as far as core needs it.
struct FlowRules {
  DuplicateRule duplicate_content = DuplicateRule::hold;     // same customer, same bytes
  DuplicateRule duplicate_reference = DuplicateRule::hold;   // same customer, same interchange reference
};

// One configuration generation's routing. Pure; [Threading] any thread.
class SLUIS_CORE_API Routing {
 public:
  virtual ~Routing() = default;
  // `heads[i]` holds the first bytes (64 KiB at most) of message.parts[i].
  [[nodiscard]] virtual Recognition recognise(const Message& message, const std::vector<std::string_view>& heads) const = 0;
  [[nodiscard]] virtual RouteDecision decide(const Message& message) const = 0;
  [[nodiscard]] virtual FlowRules rules(std::string_view flow) const = 0;
  // The names of the catalogue, in order.
  [[nodiscard]] virtual std::vector<std::string> flow_names() const = 0;
};

}  // namespace sluis
