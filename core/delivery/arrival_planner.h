// The port through which the engine asks the intake: replies of an attempt, and held messages that are released, go
// through the same recognising, correlating and routing as an arrival.
#pragma once

#include <functional>
#include <memory>

#include "core/channel/arrival.h"
#include "core/channel/delivery.h"
#include "core/store/commands.h"

namespace sluis {

// [Threading] any thread; `done` is called once, on any thread. Neither blocks the caller.
class SLUIS_CORE_API ArrivalPlanner {
 public:
  virtual ~ArrivalPlanner() = default;
  // A synchronous answer to `to`. It cannot be refused any more, so what has no route is held with an incident.
  virtual void plan_reply(Arrival reply, std::shared_ptr<const Delivery> to, std::function<void(Accept)> done) = 0;
  // Routes a held message with the current generation. Error "intake.unrouted", "intake.conflict", "message.unknown",
  // "message.not-held".
  struct Routed {
    Operate::RouteHeld what;
    std::vector<IncidentChange> incidents;  // those that it closes
  };
  virtual void plan_held(const MessageId& message, std::function<void(Result<Routed>)> done) = 0;
};

}  // namespace sluis
