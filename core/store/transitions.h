// Which state may follow which: the one table that every store, the engine and the tests' reference model obey (DESIGN §2).
#pragma once

#include "core/channel/delivery.h"
#include "core/runtime/export.h"

namespace sluis {

// What pushes a delivery from one state to another.
enum class Push {
  begin,            // the engine hands it over
  retry,            // the attempt ended as Retry
  hand_over,        // the peer took the bytes; proof or answer comes later
  deliver,          // proof: the attempt's own or late
  reject,           // the peer's no: the attempt's own or late (a DSN)
  hold,             // a human must act
  release,          // operator
  cancel,           // operator
  expire,           // deadline
  requeue,          // proof overdue
  unblock,          // lane head or gate opened
  restart           // found `sending` at start-up
};

// The state that follows, or the same state when the push changes nothing (settlement is idempotent and monotonic).
// `from_attempt`: the push is the current attempt's own outcome; else it comes from elsewhere.
SLUIS_CORE_API DeliveryState follow(DeliveryState from, Push push, bool from_attempt);
// Whether the push is allowed at all in that state (an operator's cancel of a delivered one is not).
SLUIS_CORE_API bool allowed(DeliveryState from, Push push, bool from_attempt);

}  // namespace sluis
