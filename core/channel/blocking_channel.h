// A channel whose delivery is one blocking call: the wrapper that keeps a simple adapter simple (DESIGN §3.1).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/channel/channel.h"

namespace sluis {

// deliver() queues and returns; a pool of this channel's own threads calls deliver_blocking(), so that a dead peer
// exhausts no other channel. The queue is as long as the engine lets attempts be in flight.
// [Lifetime] a subclass that overrides start() calls start_deliveries() in it, one that overrides stop() calls
// stop_deliveries() there, and every subclass calls join_deliveries() in its destructor: a call that did not end by the
// deadline still runs in the subclass's members. [Threading] deliver(): any thread. deliver_blocking(): the pool's threads, several
// at once. [Errors] an exception that leaves deliver_blocking() ends the attempt as Retry in doubt,
// "channel.exception".
class SLUIS_CORE_API BlockingChannel : public Channel {
 public:
  explicit BlockingChannel(std::size_t threads);
  ~BlockingChannel() override;
  BlockingChannel(const BlockingChannel&) = delete;
  BlockingChannel& operator=(const BlockingChannel&) = delete;

  void deliver(Attempt attempt) final;
  Status start() override;
  void stop(MonoTime deadline) override;

 protected:
  // One try. Every wait in it is bounded: nobody can end it from outside.
  virtual Outcome deliver_blocking(const Delivery& delivery) = 0;
  // From another thread, when the deadline of stop() has passed with calls still running: close sockets, so that they
  // end.
  virtual void interrupt() {}
  // True from stop() on: a call that has not sent its first byte ends with Retry.
  [[nodiscard]] bool stopping() const;

  void start_deliveries();
  // What waits ends as Retry, not in doubt; what runs is waited for until the deadline, then ends as Retry in doubt.
  void stop_deliveries(MonoTime deadline);
  // Waits for the threads themselves; stops first, at once, when nobody has.
  void join_deliveries();

 private:
  struct Shared;
  void run();

  const std::size_t threads_most_;
  std::shared_ptr<Shared> shared_;  // shared with the threads: an attempt is finished by whoever takes it out first
  std::vector<std::thread> threads_;
};

}  // namespace sluis
