// The small values the engine counts with: pace, breaker, backoff, due clock.
#include <gtest/gtest.h>

#include "core/delivery/backoff.h"
#include "core/delivery/breaker.h"
#include "core/delivery/due_clock.h"
#include "core/delivery/incident_key.h"
#include "core/delivery/pace.h"
#include "core/delivery/strand.h"

namespace sluis {
namespace {

TEST(Pace, GivesOneTokenPerIntervalAtLowRates) {
  Pace pace;
  MonoTime now{};
  pace.rate(0.5, now);
  ASSERT_EQ(pace.ready(now), 1U);
  pace.take();
  EXPECT_EQ(pace.ready(now), 0U);
  EXPECT_EQ(pace.next(now), now + 2s);
  EXPECT_EQ(pace.ready(now + 1999ms), 0U);
  EXPECT_EQ(pace.ready(now + 2s), 1U);
}

TEST(Pace, SavesNoMoreThanATenthOfASecond) {
  Pace pace;
  pace.rate(100, MonoTime{});
  EXPECT_EQ(pace.ready(MonoTime{} + 1h), 10U);
}

TEST(Pace, WithoutARateIsUnlimited) {
  Pace pace;
  pace.take();
  EXPECT_EQ(pace.ready(MonoTime{}), std::numeric_limits<std::size_t>::max());
}

TEST(Pace, IsNoBurstWhenTheRateChanges) {
  Pace pace;
  pace.rate(1, MonoTime{});
  pace.take();
  pace.rate(50, MonoTime{});
  EXPECT_EQ(pace.ready(MonoTime{}), 0U);
}

TEST(Breaker, OpensAfterSoManyFailuresInARow) {
  Breaker breaker;
  EngineSettings settings;
  settings.breaker_failures = 3;
  EXPECT_FALSE(breaker.failed(MonoTime{}, settings));
  EXPECT_FALSE(breaker.failed(MonoTime{}, settings));
  EXPECT_TRUE(breaker.failed(MonoTime{}, settings));
  EXPECT_EQ(breaker.at(MonoTime{}), Breaker::State::open);
}

TEST(Breaker, StartsCountingAgainAfterASuccess) {
  Breaker breaker;
  EngineSettings settings;
  settings.breaker_failures = 2;
  breaker.failed(MonoTime{}, settings);
  breaker.succeeded();
  EXPECT_FALSE(breaker.failed(MonoTime{}, settings));
  EXPECT_EQ(breaker.at(MonoTime{}), Breaker::State::closed);
}

TEST(Breaker, DoublesItsPauseWithEachFailedProbeUpToTheMost) {
  Breaker breaker;
  EngineSettings settings;
  settings.breaker_failures = 1;
  settings.breaker_pause = 60s;
  settings.breaker_pause_most = 100s;
  MonoTime now{};
  breaker.failed(now, settings);
  now += 60s;
  ASSERT_EQ(breaker.at(now), Breaker::State::probing);
  breaker.failed(now, settings);
  EXPECT_EQ(breaker.until(), now + 100s);
}

TEST(Breaker, IsNotProlongedByAttemptsThatWereUnderWay) {
  Breaker breaker;
  EngineSettings settings;
  settings.breaker_failures = 1;
  settings.breaker_pause = 60s;
  breaker.failed(MonoTime{}, settings);
  breaker.failed(MonoTime{} + 30s, settings);
  EXPECT_EQ(breaker.until(), MonoTime{} + 60s);
}

TEST(Backoff, GrowsByTheFactorUpToTheMost) {
  SeededRandom random(1);
  Policy policy;
  policy.retry_first = 10s;
  policy.retry_factor = 3;
  policy.retry_most = 60s;
  policy.retry_jitter = 0;
  EXPECT_EQ(backoff(policy, 1, {}, random), 10s);
  EXPECT_EQ(backoff(policy, 2, {}, random), 30s);
  EXPECT_EQ(backoff(policy, 3, {}, random), 60s);
  EXPECT_EQ(backoff(policy, 1000, {}, random), 60s);
}

TEST(Backoff, IsNeverBeforeWhatThePeerAskedFor) {
  SeededRandom random(1);
  Policy policy;
  policy.retry_first = 10s;
  EXPECT_EQ(backoff(policy, 1, 5min, random), 5min);
}

TEST(Backoff, JitterSpreadsBothWaysAndStaysInItsBounds) {
  SeededRandom random(7);
  Policy policy;
  policy.retry_first = 100s;
  policy.retry_jitter = 0.2;
  bool below = false, above = false;
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = backoff(policy, 1, {}, random);
    ASSERT_GE(delay, 80s);
    ASSERT_LE(delay, 120s);
    below = below || delay < 95s;
    above = above || delay > 105s;
  }
  EXPECT_TRUE(below && above);
}

TEST(DueClock, GoesOnWhenTheWallStepsBack) {
  ManualClock clock;
  DueClock due(clock);
  const WallTime before = due.now();
  clock.jump(-1h);
  clock.advance(10s);
  EXPECT_EQ(due.now(), before + 10s);
  EXPECT_EQ(due.ahead(), 1h);
}

TEST(DueClock, FollowsTheWallForward) {
  ManualClock clock;
  DueClock due(clock);
  clock.jump(1h);
  EXPECT_EQ(due.now(), clock.wall());
}

TEST(IncidentKey, NamesItsDelivery) {
  EXPECT_EQ(incident_key::delivery_of(incident_key::held("a/b", DeliveryId{17})), DeliveryId{17});
  EXPECT_EQ(incident_key::delivery_of("out/breaker/12"), std::nullopt);
  EXPECT_EQ(incident_key::delivery_of("out/held/x"), std::nullopt);
}

TEST(Strands, KeepTheOrderOfOneKeyAndLetOthersPass) {
  std::deque<Task> pool;
  Strands strands([&](Task task) {
    pool.push_back(std::move(task));
    return true;
  });
  std::string order;
  ASSERT_TRUE(strands.post("a", [&] { order += "a1"; }));
  ASSERT_TRUE(strands.post("a", [&] { order += "a2"; }));
  ASSERT_TRUE(strands.post("b", [&] { order += "b1"; }));
  EXPECT_EQ(pool.size(), 2U) << "a2 must wait for a1";
  while (!pool.empty()) {
    const Task last = std::move(pool.back());  // whatever thread is quickest
    pool.pop_back();
    last();
  }
  EXPECT_EQ(order, "b1a1a2");
}

TEST(Strands, AnswerWhatWaitsWhenThePoolHasStopped) {
  std::deque<Task> pool;
  bool stopped = false;
  Strands strands([&](Task task) {
    if (stopped) return false;
    pool.push_back(std::move(task));
    return true;
  });
  int ran = 0;
  ASSERT_TRUE(strands.post("a", [&] { ++ran; }));
  ASSERT_TRUE(strands.post("a", [&] { ++ran; }));
  stopped = true;
  pool.front()();
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(strands.post("a", [&] { ++ran; }));
}

}  // namespace
}  // namespace sluis
