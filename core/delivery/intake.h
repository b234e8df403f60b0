// The intake: from an Arrival to one durable Accept (DESIGN §2, 1–4 and 7): recognise, correlate, whose is it, route,
// identify.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "core/channel/context.h"
#include "core/delivery/arrival_planner.h"
#include "core/delivery/channel_directory.h"
#include "core/delivery/customer_index.h"
#include "core/delivery/generation.h"
#include "core/delivery/quota.h"
#include "core/delivery/strand.h"
#include "core/runtime/ids.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"
#include "core/store/store.h"

namespace sluis {

// [Threading] any thread; never blocks: content and earlier messages are read on `work`, a bounded pool. What one
// channel hands in for one customer keeps its order. Callbacks come on the store's thread or on `work`'s. [Ownership]
// what it is given outlives it; destroyed after `work` and the store have stopped calling. [Durability] Accepted is
// said after the commit of message, deliveries, settlements and cursors together. [Errors] a Refusal is final
// ("intake.unrouted", "intake.duplicate", "intake.invalid") or temporary (everything of the store, "intake.busy",
// "intake.channel", "intake.quota"). What an authority sends is never refused for what it says: it is held, with an incident.
class SLUIS_CORE_API MessageIntake final : public ArrivalPlanner {
 public:
  MessageIntake(Store& store, BlockingWork work, const Clock& clock, Random& random, Generations& generations,
                const ChannelDirectory& channels, Log log, Metrics& metrics);

  // The door of one channel: whatever the arrival says, it came by this one.
  [[nodiscard]] std::unique_ptr<Intake> door(std::string channel);
  void accept(Arrival arrival, IntakeCallback done);
  Result<std::shared_ptr<void>> enter(const std::string& customer);

  void plan_reply(Arrival reply, std::shared_ptr<const Delivery> to, std::function<void(Accept)> done) override;
  void plan_held(const MessageId& message, std::function<void(Result<Routed>)> done) override;

  // What would become of an arrival, without its commit. Blocks on the store.
  struct Plan {
    Accept accept;
    std::vector<std::string> routes;  // of the deliveries, for people
  };
  std::variant<Plan, Refusal> plan(Arrival arrival, const Delivery* reply_to = nullptr);

 private:
  void commit(Accept accept, const std::string& channel, IntakeCallback done);
  void count(const std::string& channel, std::string_view result);
  std::shared_ptr<const CustomerIndex> customers(const GenerationPtr& generation);

  Store& store_;
  Strands strands_;
  BlockingWork work_;
  const Clock& clock_;
  Generations& generations_;
  const ChannelDirectory& channels_;
  Log log_;
  Metrics& metrics_;
  IdGenerator ids_;

  IntakeQuotas quotas_;

  std::mutex mutex_;
  std::shared_ptr<const CustomerIndex> customers_;  // shared: plans under way keep the one of their generation
};

}  // namespace sluis
