// The loops that drive every socket and timer (DESIGN §3.2): one thread each, and nothing on them blocks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/net/file_descriptor.h"
#include "core/runtime/clock.h"
#include "core/runtime/executor.h"
#include "core/runtime/export.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"

namespace sluis::net {

// What a descriptor is watched for, and what happened. A hang-up or an error is told as both: reading or writing shows
// it.
enum class IoEvents : unsigned { none = 0, readable = 1, writable = 2, both = 3 };
constexpr IoEvents operator|(IoEvents a, IoEvents b) {
  return IoEvents(unsigned(a) | unsigned(b));
}
constexpr bool has(IoEvents set, IoEvents one) {
  return (unsigned(set) & unsigned(one)) != 0;
}
using IoHandler = std::function<void(IoEvents)>;

struct LoopSettings {
  Duration stall_threshold = 50ms;  // a task or handler that runs longer is counted, and logged as "net.loop.stall"
  Log log = {};
  Metrics* metrics = nullptr;  // optional; must outlive the loop
};

// An Executor over epoll, an eventfd and a heap of timers.
// [Ownership] holds posted tasks, timers and watch handlers until they ran or were taken off; what is left when the
// loop is destroyed is destroyed unrun, on the destroying thread. Watched descriptors stay the caller's. [Threading]
// post, schedule, cancel, stop and in_loop: any thread. watch, modify, unwatch: on the loop, or before run(). [Errors]
// cannot start without epoll and eventfd descriptors: the constructor throws std::system_error. The Clock is read only;
// how long epoll may wait follows from it. Whoever moves a ManualClock posts something to wake the loop.
// [Preconditions] must outlive every Connection, Listener and connect attempt on it.
class SLUIS_CORE_API EventLoop final : public Executor {
 public:
  explicit EventLoop(const Clock& clock, LoopSettings settings = {});
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs on the calling thread until stop(); tasks posted before stop() still run. Once.
  void run();
  void stop();

  void post(Task task) override;
  // Timers of the same instant run in the order in which they were scheduled.
  TimerId schedule(MonoTime at, Task task) override;
  TimerId schedule_after(Duration after, Task task) { return schedule(clock_.mono() + after, std::move(task)); }
  bool cancel(TimerId timer) override;

  // The handler is called with what happened as long as it lasts (level-triggered). One watch a descriptor.
  void watch(int fd, IoEvents events, IoHandler handler);
  // With IoEvents::none the descriptor is not looked at, hang-ups included.
  void modify(int fd, IoEvents events);
  // After it the handler is not called again, also not for an event that has already been fetched.
  void unwatch(int fd);

  [[nodiscard]] bool in_loop() const { return thread_.load(std::memory_order_acquire) == std::this_thread::get_id(); }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] std::uint64_t stalls() const { return stalls_.load(std::memory_order_relaxed); }

 private:
  struct Watch;
  struct Timer {
    MonoTime at;
    std::uint64_t id;
    bool operator>(const Timer& other) const { return at != other.at ? at > other.at : id > other.id; }
  };

  void wake();
  int wait_milliseconds();
  void run_tasks();
  void run_timers();
  void compact_timers();
  template <class F>
  void timed(std::string_view kind, F&& work);

  const Clock& clock_;
  const LoopSettings settings_;
  Metrics::Counter* stall_counter_ = nullptr;
  std::atomic<std::uint64_t> stalls_{0};
  FileDescriptor epoll_;
  FileDescriptor wakeup_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;  // guards what follows up to next_timer_
  std::vector<Task> tasks_;
  bool woken_ = false;       // the eventfd has been written and not yet read
  std::vector<Timer> heap_;  // cancelled timers stay in until they surface or are half of it
  std::unordered_map<std::uint64_t, Task> timers_;
  std::uint64_t next_timer_ = 1;

  std::vector<std::shared_ptr<Watch>>
      watches_;  // by descriptor; shared: a handler may take off its own watch while it runs
  std::uint32_t next_generation_ = 1;
};

// N loops, each on its own thread, with all signals blocked on it: they belong to the main thread.
// [Threading] any thread; stop() not from one of the loops.
class SLUIS_CORE_API LoopGroup {
 public:
  // count 0: one loop a core.
  explicit LoopGroup(const Clock& clock, std::size_t count = 0, const LoopSettings& settings = {});
  ~LoopGroup();
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  EventLoop& next();  // round robin
  [[nodiscard]] EventLoop& at(std::size_t index) { return *loops_.at(index); }
  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  // Stops all loops and joins their threads. Idempotent. The loops themselves live until the group goes, so that what
  // still refers to them can be taken down in between.
  void stop();

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace sluis::net
