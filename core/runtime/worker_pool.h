// A bounded pool of threads for work that blocks: files, name look-ups, simple adapters. One a channel, so that a dead
// peer exhausts only its own (DESIGN §3.2).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "core/runtime/executor.h"
#include "core/runtime/export.h"

namespace sluis {

// [Threading] any thread. [Ownership] tasks are destroyed on a pool thread after they ran, or in stop() when they never do.
class SLUIS_CORE_API WorkerPool {
 public:
  // At most `queue_most` tasks wait; more are refused.
  explicit WorkerPool(std::size_t threads, std::size_t queue_most = 100'000);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when stopped or full: the task is dropped, and the caller must say what happens instead.
  [[nodiscard]] bool post(Task task);
  // Takes no more, drops what waits, joins what runs. Idempotent; not from a pool thread.
  void stop();

 private:
  void run();

  const std::size_t queue_most_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> tasks_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluis
