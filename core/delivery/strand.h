// Work in order: of one key one task after the other, of different keys side by side.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/runtime/executor.h"

namespace sluis {

// What runs a task that may block, on a thread of its own; false: it does not (stopped, full) and the task is gone.
using BlockingWork = std::function<bool(Task)>;

// What arrives by one channel for one customer is planned in the order of its arrival, or two parts of a lane could
// change places before the store sees them. [Threading] any thread. [Ownership] outlives what it was given to run.
class Strands {
 public:
  explicit Strands(BlockingWork work) : work_(std::move(work)) {}

  // False when the work is refused; the task is then not kept.
  bool post(const std::string& key, Task task) {
    {
      const std::lock_guard lock(mutex_);
      const auto [at, first] = waiting_.try_emplace(key);
      if (!first) {
        if (at->second.size() >= waiting_most) return false;
        at->second.push_back(std::move(task));
        return true;
      }
    }
    if (work_([this, key, task = std::move(task)] {
          task();
          next(key);
        }))
      return true;
    // What queued up behind in the meantime still has its turn: each is refused by itself.
    next(key);
    return false;
  }

 private:
  static constexpr std::size_t waiting_most = 10'000;

  void next(const std::string& key) {
    for (;;) {
      const auto task = std::make_shared<Task>();  // shared: a std::function is copied
      {
        const std::lock_guard lock(mutex_);
        const auto at = waiting_.find(key);
        if (at->second.empty()) {
          waiting_.erase(at);
          return;
        }
        *task = std::move(at->second.front());
        at->second.pop_front();
      }
      // Back through the pool, so that one busy key does not keep a thread from the others. When the pool has stopped
      // the task runs here: its answer is owed.
      if (work_([this, key, task] {
            (*task)();
            next(key);
          }))
        return;
      (*task)();
    }
  }

  BlockingWork work_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::deque<Task>> waiting_;
};

}  // namespace sluis
