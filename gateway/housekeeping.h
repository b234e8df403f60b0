// What the gateway does by the clock: the seal of each minute, retention in slices, and a look at whether the store accepts.
#pragma once

#include <memory>
#include <optional>

#include "core/runtime/executor.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"
#include "core/store/store.h"
#include "gateway/channel_services.h"

namespace sluis::gateway {

struct HousekeepingSettings {
  Duration bodies = std::chrono::hours{24 * 30};
  Duration metadata = std::chrono::hours{24 * 400};
  Duration keys = std::chrono::hours{24 * 400};   // dedupe keys: never shorter than the metadata they protect
  Duration seal_every = std::chrono::minutes{1};
  Duration purge_every = std::chrono::minutes{10};
  Duration look_every = std::chrono::seconds{5};
  std::size_t slice = 500;
};

// Seals go to the log as event "timeline.seal": the log leaves the machine, so that a database rewritten later does not
// match it (`sluis verify`). Purging goes slice by slice, so that it never holds up a commit for long. While the
// store accepts nothing (the disk is full, a sync failed) the incident gateway/not-accepting is open and sluis_accepting is 0.
// [Threading] all on the executor; destroyed on it or after it has ended. [Ownership] store and executor outlive it.
class Housekeeping {
 public:
  Housekeeping(Store& store, Executor& executor, const Clock& clock, Log log, Metrics& metrics, HousekeepingSettings settings);
  void start();
  // Seals what has changed since the last minute, before the store is closed. [Threading] any thread.
  void seal_last() { submit_seal(); }
  // What is due by the new settings is purged at once, and the store looked at. [Threading] any thread.
  void change(HousekeepingSettings settings);

 private:
  void submit_seal();
  void seal();
  void purge();
  void look();
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  const Log log_;
  HousekeepingSettings settings_;
  TimerId next_purge_ = TimerId::none, next_look_ = TimerId::none;
  StoreIncidents incidents_;
  Metrics::Gauge& accepting_;
  std::optional<bool> accepts_;   // as last seen; an incident may be open from the run before
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);   // shared: callbacks find out that this has gone
};

}  // namespace sluis::gateway
