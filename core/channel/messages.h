// What a customer may see of its own messages: for channels on which customers ask (REST).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/delivery.h"
#include "core/channel/verdict.h"
#include "core/message/message.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis {

// Reads for one customer; whatever is asked for, what belongs to another customer, or to nobody yet, is not there.
// [Threading] any thread; blocks on the store: call it from a pool. [Preconditions] `customer` is not empty.
class SLUIS_CORE_API Messages {
 public:
  struct OneDelivery {
    DeliveryId id{};
    MessageId message{};
    DeliveryState state = DeliveryState::queued;
    Destination destination;
    std::string reason;  // of the last change
    int attempts = 0;
    std::optional<Receipt> receipt;
    WallTime changed_at{};
  };
  struct Event {
    WallTime at{};
    std::string event;
    std::string text;
    std::optional<DeliveryId> delivery;
  };
  struct OneMessage {
    Message message;
    std::string held;  // why the message itself waits; empty: it does not
    bool purged_bodies = false;
    std::vector<OneDelivery> deliveries;
    // Of show() only:
    std::vector<MessageId> replies;  // the customer's own, oldest first
    std::vector<Event> timeline;
  };
  struct Filter {
    std::string flow, from;  // empty: any
    std::optional<DeliveryState> state;
    std::optional<WallTime> since, until;
    std::optional<MessageId> after;  // page: older than this one
    std::size_t limit = 100;
  };

  virtual ~Messages() = default;
  virtual Result<std::vector<OneMessage>> list(std::string_view customer, const Filter& filter) = 0;  // newest first
  virtual Result<std::optional<OneMessage>> show(std::string_view customer, const MessageId& id) = 0;
  // With its message, without replies and timeline.
  struct Found {
    OneDelivery delivery;
    OneMessage message;
  };
  virtual Result<std::optional<Found>> delivery(std::string_view customer, DeliveryId id) = 0;
};

}  // namespace sluis
