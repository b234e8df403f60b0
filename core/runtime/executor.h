// Where work runs: a queue of functions on one thread, and timers on it. An event loop is one (core/net); tests use
// ManualExecutor, which runs everything on the test's own thread under a ManualClock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"

namespace sluis {

using Task = std::function<void()>;
enum class TimerId : std::uint64_t { none = 0 };

// [Threading] post, schedule and cancel: any thread. Tasks run one after the other on the executor's own thread.
class SLUIS_CORE_API Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(Task task) = 0;
  // Runs once, not before `at`. A task must not block.
  virtual TimerId schedule(MonoTime at, Task task) = 0;
  // False when it has run, is running or was cancelled. From the executor's own thread: after cancel() it will not run.
  virtual bool cancel(TimerId timer) = 0;
};

// [Threading] post from any thread; run() on the test's thread.
class SLUIS_CORE_API ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(ManualClock& clock) : clock_(clock) {}
  void post(Task task) override;
  TimerId schedule(MonoTime at, Task task) override;
  bool cancel(TimerId timer) override;

  // Runs everything that is due now, until nothing is; returns how many tasks ran.
  std::size_t run();
  // Moves the clock from timer to timer up to `by` from now, running what falls due on the way.
  std::size_t advance(Duration by);

 private:
  ManualClock& clock_;
  std::mutex mutex_;
  std::deque<Task> tasks_;
  std::map<std::pair<MonoTime, std::uint64_t>, Task> timers_;
  std::uint64_t next_timer_ = 1;
};

}  // namespace sluis
