// One arrival on its way to an Accept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/correlation.h"
#include "core/delivery/customer_index.h"
#include "core/delivery/intake.h"
#include "core/delivery/routing.h"

namespace sluis {

// The steps, in their order, over the state that they share. Each step that ends the way says how: refused or held.
// [Threading] one thread; blocks on the store. [Ownership] one arrival; dies with the plan.
class Planning {
 public:
  struct Surroundings {
    Store& store;
    const Generation& generation;
    const CustomerIndex& customers;
    const ChannelDirectory& channels;
    WallTime now;
  };

  Planning(const Surroundings& around, Arrival arrival, MessageId id, const Delivery* reply_to);
  // A message that is held, to be routed again. What it settled when it came is not done twice.
  Planning(const Surroundings& around, const Message& held);

  // None: the plan is made.
  std::optional<Refusal> run();

  Accept accept;                    // the plan
  std::vector<std::string> routes;  // names, for people

 private:
  enum class Way { on, ended };

  Status read_heads(std::vector<std::string>& heads);
  Way recognise();
  Way correlate_it();
  Way find_customer();
  void settle_original();
  void key_duplicates();
  Way route();
  Way plan_deliveries(const RoutePlan& plan);
  [[nodiscard]] std::vector<Gate> gates_of(const PlannedDelivery& planned) const;

  // A final no for a submission; for all else held, with an incident.
  Way refuse_or_hold(std::string_view code, const std::string& reason, std::string key);
  // For what no human at the door could mend.
  Way come_again(Error error);
  Way hold(const std::string& reason, std::string key, Severity severity = Severity::warning);
  Reader* reader();

  const Surroundings& around_;
  Arrival arrival_;
  const Delivery* reply_to_;
  bool again_ = false;  // a held message, routed again
  std::string channel_;
  std::shared_ptr<Message> message_;  // shared: identify() sees it through a Delivery
  Recognition recognised_;
  Correlation correlation_;
  std::unique_ptr<Reader> reader_;
  Error reader_error_;
  std::optional<Refusal> refusal_;
};

}  // namespace sluis
