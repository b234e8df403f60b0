#include "core/net/event_loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <thread>
#include <vector>

namespace sluis::net {
namespace {

// A loop on its own thread under a clock that the test moves.
class ManualLoop : public ::testing::Test {
 protected:
  ~ManualLoop() override {
    loop_.stop();
    thread_.join();
  }
  // Runs on the loop, after everything that was posted before, and waits.
  template <class F>
  void on_loop(F work) {
    std::promise<void> done;
    loop_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  // Timers run before tasks in a turn, so after two turns everything that is due has run.
  void settle() {
    on_loop([] {});
    on_loop([] {});
  }
  void advance(Duration by) {
    clock_.advance(by);
    settle();
  }

  ManualClock clock_;
  Metrics metrics_;
  std::vector<std::string> logged_;
  EventLoop loop_{clock_, LoopSettings{50ms, Log(clock_, function_log_sink([this](const LogRecord& record) {
                                                   logged_.emplace_back(record.event);
                                                 })),
                                       &metrics_}};
  std::thread thread_{[this] { loop_.run(); }};
};

TEST_F(ManualLoop, RunsTimersByTimeAndThenInTheOrderTheyWereScheduled) {
  std::string order;
  const MonoTime start = clock_.mono();
  loop_.schedule(start + 20ms, [&] { order += 'c'; });
  loop_.schedule(start + 10ms, [&] { order += 'a'; });
  loop_.schedule(start + 10ms, [&] { order += 'b'; });
  loop_.schedule(start + 30ms, [&] { order += 'd'; });
  advance(9ms);
  EXPECT_EQ(order, "");
  advance(11ms);
  EXPECT_EQ(order, "abc");
  advance(10ms);
  EXPECT_EQ(order, "abcd");
}

TEST_F(ManualLoop, DoesNotRunACancelledTimer) {
  bool ran = false;
  const TimerId timer = loop_.schedule_after(10ms, [&] { ran = true; });
  EXPECT_TRUE(loop_.cancel(timer));
  EXPECT_FALSE(loop_.cancel(timer));
  advance(1h);
  EXPECT_FALSE(ran);
}

TEST_F(ManualLoop, LetsATimerCancelAnotherOfTheSameInstant) {
  bool ran = false;
  TimerId second = TimerId::none;
  on_loop([&] {
    loop_.schedule_after(10ms, [&] { loop_.cancel(second); });
    second = loop_.schedule_after(10ms, [&] { ran = true; });
  });
  advance(10ms);
  EXPECT_FALSE(ran);
}

TEST_F(ManualLoop, SaysFalseWhenCancellingATimerThatHasRun) {
  const TimerId timer = loop_.schedule_after(1ms, [] {});
  advance(1ms);
  EXPECT_FALSE(loop_.cancel(timer));
}

TEST_F(ManualLoop, KeepsTheRightTimersWhenMostAreCancelled) {
  int ran = 0;
  std::vector<TimerId> timers;
  for (int i = 0; i < 1000; ++i) timers.push_back(loop_.schedule_after(Duration{1000 - i}, [&] { ++ran; }));
  for (std::size_t i = 0; i < timers.size(); ++i)
    if (i % 10 != 0) {
      EXPECT_TRUE(loop_.cancel(timers[i]));
    }
  advance(1s);
  EXPECT_EQ(ran, 100);
}

TEST_F(ManualLoop, RunsPostsOfEachThreadInTheirOrder) {
  constexpr int threads = 4;
  constexpr int posts = 2000;
  std::vector<int> last(threads, -1);
  bool ordered = true;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t)
    posters.emplace_back([&, t] {
      for (int i = 0; i < posts; ++i)
        loop_.post([&, t, i] {
          ordered = ordered && last[static_cast<std::size_t>(t)] == i - 1 && loop_.in_loop();
          last[static_cast<std::size_t>(t)] = i;
        });
    });
  for (std::thread& poster : posters) poster.join();
  on_loop([&] {
    EXPECT_TRUE(ordered);
    EXPECT_EQ(last, std::vector<int>(threads, posts - 1));
  });
  EXPECT_FALSE(loop_.in_loop());
}

TEST_F(ManualLoop, CountsAndLogsATaskThatBlocksTooLong) {
  on_loop([&] { clock_.advance(50ms); });
  settle();
  EXPECT_EQ(loop_.stalls(), 0U);
  on_loop([&] { clock_.advance(51ms); });
  settle();
  EXPECT_EQ(loop_.stalls(), 1U);
  EXPECT_EQ(logged_, std::vector<std::string>{"net.loop.stall"});
  EXPECT_NE(metrics_.render().find("sluis_net_loop_stalls_total 1"), std::string::npos);
}

class Pipe {
 public:
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    read_ = FileDescriptor(ends[0]);
    write_ = FileDescriptor(ends[1]);
  }
  [[nodiscard]] int read_end() const { return read_.get(); }
  void ring() const { EXPECT_EQ(::write(write_.get(), "x", 1), 1); }

 private:
  FileDescriptor read_;
  FileDescriptor write_;
};

TEST_F(ManualLoop, DoesNotCallAHandlerThatWasTakenOffInTheSameTurn) {
  const Pipe one;
  const Pipe two;
  int calls = 0;
  std::promise<void> called;
  on_loop([&] {
    // Both become readable in the same turn; whichever is called first takes off the other and itself.
    const auto handler = [&](IoEvents) {
      ++calls;
      loop_.unwatch(one.read_end());
      loop_.unwatch(two.read_end());
      called.set_value();
    };
    loop_.watch(one.read_end(), IoEvents::readable, handler);
    loop_.watch(two.read_end(), IoEvents::readable, handler);
    one.ring();
    two.ring();
  });
  called.get_future().get();
  settle();
  EXPECT_EQ(calls, 1);
}

TEST_F(ManualLoop, StaysQuietWhileADescriptorIsWatchedForNothing) {
  const Pipe pipe;
  int calls = 0;
  on_loop([&] {
    loop_.watch(pipe.read_end(), IoEvents::readable, [&](IoEvents) {
      ++calls;
      loop_.modify(pipe.read_end(), IoEvents::none);
    });
    pipe.ring();
  });
  settle();
  on_loop([&] { loop_.modify(pipe.read_end(), IoEvents::readable); });
  settle();
  on_loop([&] { loop_.unwatch(pipe.read_end()); });
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, RunsWhatWasPostedBeforeStop) {
  const SystemClock clock;
  EventLoop loop(clock);
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.stop();
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(EventLoop, DestroysWhatIsLeftEvenWhenThatPostsAgain) {
  const SystemClock clock;
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watching = token;
  {
    EventLoop loop(clock);
    const std::shared_ptr<void> reposter(nullptr, [&loop, token](void*) { loop.post([token] {}); });
    loop.schedule_after(1h, [reposter] {});
    token.reset();
  }
  EXPECT_TRUE(watching.expired());
}

TEST(EventLoop, WakesFromSleepForARealTimer) {
  const SystemClock clock;
  LoopGroup loops(clock, 1);
  std::promise<MonoTime> ran;
  const MonoTime due = clock.mono() + 5ms;
  loops.at(0).schedule(due, [&] { ran.set_value(clock.mono()); });
  EXPECT_GE(ran.get_future().get(), due);
}

TEST(LoopGroup, GivesItsLoopsInTurn) {
  const SystemClock clock;
  LoopGroup loops(clock, 3);
  EventLoop* first = &loops.next();
  EventLoop* second = &loops.next();
  EXPECT_NE(first, second);
  loops.next();
  EXPECT_EQ(&loops.next(), first);
}

TEST(LoopGroup, HasALoopACoreByDefault) {
  const SystemClock clock;
  EXPECT_EQ(LoopGroup(clock).size(), std::max(1U, std::thread::hardware_concurrency()));
}

TEST(LoopGroup, StopsTwice) {
  const SystemClock clock;
  LoopGroup loops(clock, 2);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 10; ++i) loops.next().post([&] { ++ran; });
  loops.stop();
  loops.stop();
  EXPECT_EQ(ran, 10);
}

}  // namespace
}  // namespace sluis::net
