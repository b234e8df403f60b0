// A channel of blocking calls: its pool, its stop, what it does with exceptions. Real threads; every wait has a
// deadline.
#include "core/channel/blocking_channel.h"

#include <gtest/gtest.h>

#include <future>

namespace sluis {
namespace {

class Waiting final : public BlockingChannel {
 public:
  explicit Waiting(std::size_t threads) : BlockingChannel(threads) {}
  ~Waiting() override {
    release();
    join_deliveries();
  }
  [[nodiscard]] Identity identify(const Delivery&) const override { return {}; }
  void probe(const Account*, ProbeReport&) override {}
  [[nodiscard]] Health health() const override { return {}; }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  void await_running(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return running_ >= count; }));
  }
  std::size_t most = 0;  // read after the calls have ended
  bool throws = false;

 protected:
  Outcome deliver_blocking(const Delivery&) override {
    if (throws) throw std::runtime_error("bug");
    std::unique_lock lock(mutex_);
    most = std::max(most, ++running_);
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return released_; });
    --running_;
    return Outcome{Delivered{Receipt{"ok", {}}}, {}, {}};
  }
  void interrupt() override { release(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  std::size_t running_ = 0;
};

struct Ended {
  std::promise<Outcome> promise;
  std::future<Outcome> future = promise.get_future();
  Outcome outcome() {
    EXPECT_EQ(future.wait_for(std::chrono::seconds{20}), std::future_status::ready);
    return future.get();
  }
  [[nodiscard]] bool ready() { return future.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }
};
Attempt attempt(Ended& ended) {
  return Attempt(std::make_shared<const Delivery>(), nullptr,
                 [&ended](Outcome outcome, bool) { ended.promise.set_value(std::move(outcome)); });
}
const Retry* retry_of(const Outcome& outcome) {
  return std::get_if<Retry>(&outcome.verdict);
}

TEST(BlockingChannel, DeliversOnItsOwnThreadsAndNoMoreOfThemThanAsked) {
  Ended ended[5];
  Waiting channel(2);
  ASSERT_TRUE(channel.start());
  for (Ended& e : ended) channel.deliver(attempt(e));  // returns although both threads wait
  channel.await_running(2);
  channel.release();
  for (Ended& e : ended) EXPECT_TRUE(std::holds_alternative<Delivered>(e.outcome().verdict));
  EXPECT_EQ(channel.most, 2U);
}

TEST(BlockingChannel, StopEndsWhatWaitsWithoutDoubtAndWaitsForWhatRuns) {
  Ended running, waiting;
  Waiting channel(1);
  ASSERT_TRUE(channel.start());
  channel.deliver(attempt(running));
  channel.await_running(1);
  channel.deliver(attempt(waiting));
  std::thread stopper([&] { channel.stop(SystemClock{}.mono() + 20s); });
  const Outcome ended = waiting.outcome();
  ASSERT_NE(retry_of(ended), nullptr);
  EXPECT_FALSE(retry_of(ended)->in_doubt);
  EXPECT_FALSE(running.ready());
  channel.release();
  stopper.join();
  EXPECT_TRUE(std::holds_alternative<Delivered>(running.outcome().verdict));
}

TEST(BlockingChannel, StopGivesUpAtItsDeadlineAndLeavesTheRestInDoubt) {
  Ended running;
  Waiting channel(1);
  ASSERT_TRUE(channel.start());
  channel.deliver(attempt(running));
  channel.await_running(1);
  channel.stop(SystemClock{}.mono());
  const Outcome ended = running.outcome();
  ASSERT_NE(retry_of(ended), nullptr);
  EXPECT_TRUE(retry_of(ended)->in_doubt);
}

TEST(BlockingChannel, TakesNothingAfterItsStop) {
  Ended late;
  Waiting channel(1);
  ASSERT_TRUE(channel.start());
  channel.stop(SystemClock{}.mono());
  channel.deliver(attempt(late));
  EXPECT_NE(retry_of(late.outcome()), nullptr);
}

TEST(BlockingChannel, TakesAnExceptionAsDoubt) {
  Ended ended;
  Waiting channel(1);
  channel.throws = true;
  ASSERT_TRUE(channel.start());
  channel.deliver(attempt(ended));
  const Outcome outcome = ended.outcome();
  ASSERT_NE(retry_of(outcome), nullptr);
  EXPECT_TRUE(retry_of(outcome)->in_doubt);
  EXPECT_EQ(retry_of(outcome)->reason.code, "channel.exception");
}

}  // namespace
}  // namespace sluis
