// A policy: how hard and how long to try, and what then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/channel/customer.h"
#include "core/channel/delivery.h"
#include "core/runtime/clock.h"

namespace sluis {

// One step of escalation: at `after` from acceptance, if the delivery is not settled, a notice goes to these channels.
// Notices are ordinary durable deliveries in one lane, each once.
struct EscalationStep {
  Duration after{};
  std::string to;              // channel
  std::string address;         // the channel's own words
  std::string text;            // template: {message} {flow} {customer} {reference} {since} {reason}
  bool with_original = false;  // deposits the message's own parts along with the notice
};

struct Policy {
  std::string name;
  // Backoff: first, then doubled up to `most`, each ± jitter.
  Duration retry_first = std::chrono::minutes{1};
  double retry_factor = 2.0;
  Duration retry_most = std::chrono::minutes{30};
  double retry_jitter = 0.2;
  Duration expire_after = std::chrono::hours{24 * 5};
  int attempts_most = 0;                              // 0: no limit but expire_after; then: held
  enum class InDoubt { retry, hold } in_doubt = InDoubt::retry;
  enum class SettledBy { receipt, answer } settled_by = SettledBy::receipt;
  enum class AfterRefusal { go_on, hold } after_refusal = AfterRefusal::go_on;   // `continue | hold` in YAML
  std::optional<Duration> reply_within;               // silence after delivery opens an incident
  Duration proof_within = std::chrono::hours{24};     // for HandedOver without its own deadline, and settled_by answer
  std::vector<EscalationStep> escalate;
  bool escalation_stops_original = false;             // at the last step: cancel the original
  std::vector<DeliveryState> report = {DeliveryState::delivered, DeliveryState::rejected, DeliveryState::expired,
                                       DeliveryState::cancelled, DeliveryState::held};
};

}  // namespace sluis
