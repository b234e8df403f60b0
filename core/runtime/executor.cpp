#include "core/runtime/executor.h"

#include <algorithm>

namespace sluis {

void ManualExecutor::post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
}

TimerId ManualExecutor::schedule(MonoTime at, Task task) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_timer_++;
  timers_.emplace(std::pair{at, id}, std::move(task));
  return TimerId{id};
}

bool ManualExecutor::cancel(TimerId timer) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(timers_, [&](const auto& entry) { return TimerId{entry.first.second} == timer; }) > 0;
}

std::size_t ManualExecutor::run() {
  std::size_t ran = 0;
  for (;;) {
    Task task;
    {
      const std::lock_guard lock(mutex_);
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      } else if (!timers_.empty() && timers_.begin()->first.first <= clock_.mono()) {
        task = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
      } else {
        return ran;
      }
    }
    task();
    ++ran;
  }
}

std::size_t ManualExecutor::advance(Duration by) {
  const MonoTime end = clock_.mono() + by;
  std::size_t ran = run();
  for (;;) {
    MonoTime next = end;
    {
      const std::lock_guard lock(mutex_);
      if (!timers_.empty()) next = std::min(next, timers_.begin()->first.first);
    }
    if (next > clock_.mono()) clock_.advance(next - clock_.mono());
    ran += run();
    if (next >= end) return ran;
  }
}

}  // namespace sluis
