// A delivery as a channel sees it: one message owed to one destination.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/message.h"

namespace sluis {

struct Destination {
  std::string channel;
  std::string account;   // the customer whose account is used; empty: the channel's own account, the intermediary's
  std::string address;   // the channel's own words: a mail recipient, a sub-folder; may be empty
  bool operator==(const Destination&) const = default;
};

// What makes the delivery the same on the wire, made once (DESIGN §2), and the keys by which answers will be recognised.
struct Identity {
  std::string value;                    // Message-ID, ebMS MessageId, ControlReference; empty when the protocol has none
  std::vector<Reference> references;
};

// queued → sending → delivered, and the rest of DESIGN §2. `deferred` is what screens call queued after an attempt.
enum class DeliveryState { queued, sending, awaiting, delivered, blocked, held, rejected, expired, cancelled };
SLUIS_CORE_API std::string_view to_string(DeliveryState state);
SLUIS_CORE_API std::optional<DeliveryState> parse_delivery_state(std::string_view text);
constexpr bool is_final(DeliveryState s) {
  return s == DeliveryState::delivered || s == DeliveryState::rejected || s == DeliveryState::expired || s == DeliveryState::cancelled;
}

struct Delivery {
  DeliveryId id{};
  std::shared_ptr<const Message> message;   // shared: several deliveries of one message are in flight at once
  Destination destination;
  std::string customer;
  std::string route;
  std::string policy;
  Identity identity;
  Attributes options;      // what the route's `send:` said beyond channel and address (subject, …); adapters document theirs;
                           // "as-new": unique text of an operator's "resend as new"
  int attempt = 0;         // 1 for the first try
  bool in_doubt = false;   // an earlier attempt may have reached the peer: same identity, same bytes, and the peer may say so
  WallTime created_at;
};

}  // namespace sluis
