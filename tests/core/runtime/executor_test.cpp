#include "core/runtime/executor.h"

#include <gtest/gtest.h>

#include <string>

namespace sluis {
namespace {

TEST(ManualExecutor, RunsTimersInOrderOfTimeThenOfAsking) {
  ManualClock clock;
  ManualExecutor executor(clock);
  std::string order;
  executor.schedule(clock.mono() + 2s, [&] { order += "c"; });
  executor.schedule(clock.mono() + 1s, [&] { order += "a"; });
  executor.schedule(clock.mono() + 1s, [&] { order += "b"; });
  EXPECT_EQ(executor.run(), 0U);
  executor.advance(3s);
  EXPECT_EQ(order, "abc");
}

TEST(ManualExecutor, ACancelledTimerDoesNotRun) {
  ManualClock clock;
  ManualExecutor executor(clock);
  bool ran = false;
  const TimerId timer = executor.schedule(clock.mono() + 1s, [&] { ran = true; });
  EXPECT_TRUE(executor.cancel(timer));
  EXPECT_FALSE(executor.cancel(timer));
  executor.advance(2s);
  EXPECT_FALSE(ran);
}

TEST(ManualExecutor, ATimerSetByATimerRunsInTheSameAdvanceAtItsOwnTime) {
  ManualClock clock;
  ManualExecutor executor(clock);
  MonoTime seen{};
  const MonoTime start = clock.mono();
  executor.schedule(start + 1s, [&] { executor.schedule(clock.mono() + 1s, [&] { seen = clock.mono(); }); });
  executor.advance(5s);
  EXPECT_EQ(seen - start, 2s);
}

}  // namespace
}  // namespace sluis
