// One configuration generation, as the core sees it: immutable, swapped whole on reload.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/channel/adapter.h"
#include "core/channel/customer.h"
#include "core/delivery/policy.h"
#include "core/delivery/routing.h"

namespace sluis {

// Breaker: after `failures` account- or channel-scoped Retries in a row, nothing is tried for `pause`, then one.
struct EngineSettings {
  int breaker_failures = 5;
  Duration breaker_pause = std::chrono::seconds{60};
  Duration breaker_pause_most = std::chrono::minutes{15};
  Duration tick = std::chrono::seconds{1};                      // how long the engine may sleep on stale knowledge of due times
};

struct Generation {
  std::uint64_t number = 0;
  std::string gateway;                                                        // gateway.name
  EngineSettings engine;
  Quota quota;                                                                // of a customer that has none of its own
  std::map<std::string, ChannelConfig, std::less<>> channels;
  std::map<std::string, std::shared_ptr<const Customer>, std::less<>> customers;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const Account>> accounts;   // (channel, customer)
  std::map<std::string, Policy, std::less<>> policies;                        // always has "default"
  std::shared_ptr<const Routing> routing;

  [[nodiscard]] const Policy& policy(std::string_view name) const {
    const auto at = policies.find(name);
    return at != policies.end() ? at->second : policies.find("default")->second;
  }
};
using GenerationPtr = std::shared_ptr<const Generation>;   // shared: work in flight keeps the generation it began with

// The current one. [Threading] any thread.
class SLUIS_CORE_API Generations {
 public:
  [[nodiscard]] GenerationPtr current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void swap(GenerationPtr next) {
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  GenerationPtr current_;
};

}  // namespace sluis
