// What the gateway does by the clock: the seal of each minute, and retention in slices.
#pragma once

#include <memory>

#include "core/runtime/executor.h"
#include "core/runtime/log.h"
#include "core/store/store.h"

namespace sluis::gateway {

struct RetentionSettings {
  Duration bodies = std::chrono::hours{24 * 30};
  Duration metadata = std::chrono::hours{24 * 400};
  Duration keys = std::chrono::hours{24 * 400};   // dedupe keys: never shorter than the metadata they protect
  Duration seal_every = std::chrono::minutes{1};
  Duration purge_every = std::chrono::minutes{10};
  std::size_t slice = 500;
};

// Seals go to the log as event "timeline.seal": the log leaves the machine, so that a database rewritten later does not
// match it (`sluis verify`). Purging goes slice by slice, so that it never holds up a commit for long.
// [Threading] all on the executor; destroyed on it or after it has ended. [Ownership] store and executor outlive it.
class Housekeeping {
 public:
  Housekeeping(Store& store, Executor& executor, const Clock& clock, Log log, RetentionSettings settings);
  void start();
  // What is due by the new settings is purged at once. [Threading] any thread.
  void change(RetentionSettings settings);

 private:
  void seal();
  void purge();
  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  const Log log_;
  RetentionSettings settings_;
  TimerId next_purge_ = TimerId::none;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);   // shared: callbacks find out that this has gone
};

}  // namespace sluis::gateway
