// Claims: what leaves when, in what order, and how many at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/delivery/incident_key.h"
#include "tests/core/delivery/world.h"

namespace sluis::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Engine : public testing::Test {
 protected:
  World world;
  FakeChannel& out = world.channel("out");
};

TEST_F(Engine, DeliversWhatIsAcceptedAndTellsTheTimeline) {
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  const MessageId id = world.accepted(World::submission("acme", "a", {{"to", "out"}}));
  const MessageRecord record = world.message(id);
  ASSERT_EQ(record.deliveries.size(), 1U);
  EXPECT_EQ(record.deliveries[0].state, DeliveryState::delivered);
  EXPECT_EQ(record.deliveries[0].receipt.value_or(Receipt{}).text, "250 ok");
  EXPECT_THAT(world.events(id), ElementsAre("accepted", "routed", "attempt", "delivered"));
}

TEST_F(Engine, ClaimsByDueTimeEarliestFirst) {
  world.config.channels["out"].concurrency = 1;
  world.policy("default").retry_first = 60s;
  world.start();
  world.queued(World::submission("acme", "first", {{"to", "out"}}));
  out.finish(retry(Retry::Scope::message, 10min));
  world.settle();
  world.queued(World::submission("acme", "second", {{"to", "out"}}));
  out.finish(retry(Retry::Scope::message, 5min));
  world.advance(5min);
  ASSERT_EQ(out.open.size(), 1U);
  out.finish(delivered());
  world.advance(6min);
  EXPECT_THAT(out.names(), ElementsAre("first", "second", "second", "first"));
}

TEST_F(Engine, NeverHasMoreAttemptsAtOnceThanTheChannelAllows) {
  world.config.channels["out"].concurrency = 3;
  world.config.channels["out"].account_concurrency = 100;
  world.start();
  for (int i = 0; i < 10; ++i) world.queued(World::submission("acme", std::to_string(i), {{"to", "out"}}));
  EXPECT_EQ(out.open.size(), 3U);
  out.finish(delivered());
  world.settle();
  EXPECT_EQ(out.open.size(), 3U);
  EXPECT_EQ(out.seen.size(), 4U);
}

TEST_F(Engine, NeverHasMoreAttemptsOfOneCustomerThanItsAccountAllows) {
  world.config.channels["out"].concurrency = 10;
  world.config.channels["out"].account_concurrency = 2;
  world.start();
  for (int i = 0; i < 5; ++i) world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(out.open.size(), 2U);
  world.queued(World::submission("beta", "b", {{"to", "out"}}));
  EXPECT_EQ(out.open.size(), 3U);
}

TEST_F(Engine, KeepsThePaceOfTheChannel) {
  world.config.channels["out"].per_second = 2;
  world.config.channels["out"].account_concurrency = 100;
  world.step = 100ms;
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  for (int i = 0; i < 20; ++i) world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(out.seen.size(), 1U);
  world.advance(5s);
  EXPECT_EQ(out.seen.size(), 11U);
  for (std::size_t i = 1; i < out.seen.size(); ++i) EXPECT_GE(out.seen[i].at - out.seen[i - 1].at, 499ms);
}

TEST_F(Engine, DoesNotLetOneCustomersFloodStarveAnother) {
  world.config.channels["out"].concurrency = 1;
  world.start();
  for (int i = 0; i < 50; ++i) world.queued(World::submission("acme", "flood", {{"to", "out"}}));
  for (int i = 0; i < 3; ++i) world.queued(World::submission("beta", "single", {{"to", "out"}}));
  for (int i = 0; i < 8; ++i) {
    ASSERT_FALSE(out.open.empty());
    out.finish(delivered());
    world.settle();
  }
  const auto names = out.names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "single"), 3) << "three of the first nine";
}

TEST_F(Engine, LeavesAChannelAloneThatIsDownAndGoesOnWhenItIsUp) {
  world.directory.down.insert("out");
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(1min);
  EXPECT_TRUE(out.seen.empty());
  world.directory.down.clear();
  world.advance(1s);
  EXPECT_EQ(out.seen.size(), 1U);
}

TEST_F(Engine, LeavesACustomerAloneForWhomTheChannelIsPaused) {
  world.directory.paused["out"] = {{"acme", ""}};
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.queued(World::submission("beta", "b", {{"to", "out"}}));
  EXPECT_THAT(out.names(), ElementsAre("b"));
  world.directory.paused.clear();
  world.advance(1s);
  EXPECT_THAT(out.names(), ElementsAre("b", "a"));
}

TEST_F(Engine, LeavesAPausedFlowAloneAndSendsTheRestOfItsQueue) {
  world.directory.paused["out"] = {{"acme", "customs/*"}};
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  for (const char* name : {"1", "2", "3"})
    world.queued(World::submission("acme", name, {{"to", "out"}, {"flow", "customs/export"}}));
  world.queued(World::submission("acme", "4", {{"to", "out"}, {"flow", "vessels/log"}}));
  world.queued(World::submission("beta", "5", {{"to", "out"}, {"flow", "customs/export"}}));
  EXPECT_THAT(out.names(), ElementsAre("4", "5"));
  world.directory.paused.clear();
  world.advance(1s);
  EXPECT_THAT(out.names(), ElementsAre("4", "5", "1", "2", "3"));
}

TEST_F(Engine, SendsNothingToAChannelAtRestAndOpensNoIncident) {
  world.directory.at_rest.insert("out");
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(1h);
  EXPECT_TRUE(out.seen.empty());
  EXPECT_THAT(world.open_incidents(), IsEmpty());
  world.directory.at_rest.clear();
  world.advance(1s);
  EXPECT_EQ(out.seen.size(), 1U);
}

TEST_F(Engine, KeepsALaneInOrderWhateverItsHeadDoes) {
  world.policy("default").retry_first = 60s;
  world.start();
  for (const char* name : {"1", "2", "3"})
    world.queued(World::submission("acme", name, {{"to", "out"}, {"lane", "x"}}));
  ASSERT_EQ(out.open.size(), 1U);
  out.finish(retry());
  world.advance(59s);
  EXPECT_TRUE(out.open.empty()) << "the second must wait for the first's retry";
  world.advance(1s);
  out.finish(delivered());
  world.settle();
  out.finish(rejected());
  world.settle();
  out.finish(delivered());
  world.settle();
  EXPECT_THAT(out.names(), ElementsAre("1", "1", "2", "3"));
}

TEST_F(Engine, GivesEachCustomerItsOwnLaneOfOneName) {
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}, {"lane", "x"}}));
  world.queued(World::submission("beta", "b", {{"to", "out"}, {"lane", "x"}}));
  EXPECT_THAT(out.names(), ElementsAre("a", "b"));
}

TEST_F(Engine, KeepsALaneClosedAfterARefusalUntilAnOperatorLetsItGoOn) {
  world.policy("strict").after_refusal = Policy::AfterRefusal::hold;
  world.start();
  const DeliveryId first =
      world.queued(World::submission("acme", "1", {{"to", "out"}, {"lane", "x"}, {"policy", "strict"}}));
  const DeliveryId second =
      world.queued(World::submission("acme", "2", {{"to", "out"}, {"lane", "x"}, {"policy", "strict"}}));
  out.finish(rejected());
  world.advance(1min);
  EXPECT_EQ(world.state(second), DeliveryState::blocked);
  EXPECT_TRUE(world.incident_open(incident_key::lane("out", first)));
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.go_on(first, "operator root", "seen", done); }));
  EXPECT_EQ(world.state(second), DeliveryState::sending);
  EXPECT_FALSE(world.incident_open(incident_key::lane("out", first)));
}

TEST_F(Engine, KeepsWhatIsBehindAGateUntilAnOperatorOpensIt) {
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}, {"gates", "operator"}}));
  world.advance(1h);
  EXPECT_EQ(world.state(id), DeliveryState::blocked);
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.open_gate(id, "operator root", "go", done); }));
  EXPECT_EQ(world.state(id), DeliveryState::sending);
}

TEST_F(Engine, RetriesWithAnExponentialBackoff) {
  Policy& policy = world.policy("default");
  policy.retry_first = 60s;
  policy.retry_factor = 2;
  policy.retry_most = 200s;
  out.answer = [](const Delivery&) { return retry(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(20min);
  std::vector<std::int64_t> waits;
  for (std::size_t i = 1; i < 5; ++i) waits.push_back((out.seen.at(i).at - out.seen.at(i - 1).at).count() / 1'000'000);
  EXPECT_THAT(waits, ElementsAre(60, 120, 200, 200));
}

TEST_F(Engine, SpreadsRetriesByTheJitterOfThePolicy) {
  world.config.channels["out"].concurrency = 50;
  world.config.channels["out"].account_concurrency = 50;
  world.policy("jittery").retry_jitter = 0.5;
  world.policy("jittery").retry_first = 100s;
  world.policy("jittery").retry_factor = 1;
  out.answer = [](const Delivery& d) { return d.attempt == 1 ? retry() : delivered(); };
  world.start();
  for (int i = 0; i < 30; ++i) world.queued(World::submission("acme", "a", {{"to", "out"}, {"policy", "jittery"}}));
  const MonoTime began = world.clock.mono();
  world.advance(3min);
  std::set<std::int64_t> seconds;
  for (const auto& seen : out.seen)
    if (seen.attempt == 2) {
      const auto waited = (seen.at - began).count() / 1'000'000;
      EXPECT_GE(waited, 49);
      EXPECT_LE(waited, 151);
      seconds.insert(waited);
    }
  EXPECT_GT(seconds.size(), 10U);
}

TEST_F(Engine, HoldsWhenTheAttemptsOfThePolicyAreUsedUp) {
  world.policy("default").attempts_most = 3;
  world.policy("default").retry_first = 1s;
  out.answer = [](const Delivery&) { return retry(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(1min);
  EXPECT_EQ(out.seen.size(), 3U);
  EXPECT_EQ(world.state(id), DeliveryState::held);
  EXPECT_TRUE(world.incident_open(incident_key::held("out", id)));
}

TEST_F(Engine, CountsAnAttemptThatAnAdapterDroppedAndRetriesItInDoubt) {
  world.policy("default").retry_first = 1s;
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  out.open.clear();
  world.settle();
  EXPECT_EQ(world.state(id), DeliveryState::queued);
  world.advance(1s);
  ASSERT_EQ(out.seen.size(), 2U);
  EXPECT_TRUE(out.seen[1].in_doubt);
  EXPECT_NE(world.metrics.render().find("sluis_attempts_dropped_total{channel=\"out\"} 1"), std::string::npos);
}

TEST_F(Engine, TakesAnExceptionOfAnAdapterAsADroppedAttempt) {
  out.answer = [](const Delivery&) -> std::optional<Outcome> { throw std::runtime_error("bug"); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(world.state(id), DeliveryState::queued);
  EXPECT_TRUE(world.delivery(id).delivery.in_doubt);
}

TEST_F(Engine, KeepsDoubtAfterALaterAttemptThatClearlyFailed) {
  world.policy("default").retry_first = 1s;
  out.answer = [](const Delivery& d) { return retry(Retry::Scope::message, {}, d.attempt == 1); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(4s);
  ASSERT_GE(out.seen.size(), 3U);
  EXPECT_TRUE(out.seen[2].in_doubt);
}

TEST_F(Engine, HoldsAnAttemptInDoubtWhenThePolicySaysSo) {
  world.policy("once").in_doubt = Policy::InDoubt::hold;
  out.answer = [](const Delivery&) { return retry(Retry::Scope::message, {}, true); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}, {"policy", "once"}}));
  EXPECT_EQ(world.state(id), DeliveryState::held);
}

TEST_F(Engine, SaysTheSameIdentityOnEveryAttempt) {
  world.policy("default").retry_first = 1s;
  out.answer = [](const Delivery&) { return retry(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(10s);
  ASSERT_GE(out.seen.size(), 3U);
  for (const auto& seen : out.seen) EXPECT_EQ(seen.identity, out.seen[0].identity);
}

class EngineBreaker : public Engine {
 protected:
  EngineBreaker() {
    world.config.engine.breaker_failures = 3;
    world.config.engine.breaker_pause = 60s;
    world.config.engine.breaker_pause_most = 240s;
    world.config.channels["out"].concurrency = 1;
    world.policy("default").retry_first = 1s;
    world.policy("default").retry_most = 1s;
  }
  void give_account(const std::string& customer) {
    auto account = std::make_shared<Account>();
    account->channel = "out";
    account->customer = customer;
    world.config.accounts[{"out", customer}] = account;
  }
};

TEST_F(EngineBreaker, StopsAnAccountAfterItsFailuresAndLeavesOthersAlone) {
  give_account("acme");
  give_account("beta");
  out.answer = [](const Delivery& d) { return d.customer == "acme" ? retry(Retry::Scope::account) : delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}, {"account", "acme"}}));
  world.advance(59s);
  EXPECT_EQ(out.seen.size(), 3U) << "nothing is tried while the breaker is open";
  EXPECT_TRUE(world.incident_open(incident_key::breaker("out", "acme")));
  world.queued(World::submission("beta", "b", {{"to", "out"}, {"account", "beta"}}));
  EXPECT_EQ(out.names().back(), "b");
}

TEST_F(EngineBreaker, TriesOneAfterThePauseAndClosesWhenItWorks) {
  give_account("acme");
  bool works = false;
  out.answer = [&](const Delivery&) { return works ? delivered() : retry(Retry::Scope::account); };
  world.start();
  for (int i = 0; i < 5; ++i) world.queued(World::submission("acme", "a", {{"to", "out"}, {"account", "acme"}}));
  world.advance(30s);
  ASSERT_EQ(out.seen.size(), 3U);
  works = true;
  world.advance(31s);
  EXPECT_EQ(out.seen.size(), 8U);
  EXPECT_FALSE(world.incident_open(incident_key::breaker("out", "acme")));
}

TEST_F(EngineBreaker, PausesLongerAfterEachFailedProbe) {
  out.answer = [](const Delivery&) { return retry(Retry::Scope::channel); };
  world.start();
  for (int i = 0; i < 5; ++i) world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(15min);
  ASSERT_GE(out.seen.size(), 6U);
  std::vector<std::int64_t> pauses;
  for (std::size_t i = 3; i < 6; ++i) pauses.push_back((out.seen[i].at - out.seen[i - 1].at).count() / 1'000'000);
  EXPECT_THAT(pauses, ElementsAre(60, 120, 240));
}

TEST_F(EngineBreaker, StopsEveryCustomerOfTheIntermediarysOwnAccount) {
  give_account("beta");
  out.answer = [](const Delivery& d) {
    return d.destination.account.empty() ? retry(Retry::Scope::account) : delivered();
  };
  world.start();
  world.queued(World::submission("acme", "own", {{"to", "out"}}));
  world.advance(30s);
  ASSERT_EQ(out.seen.size(), 3U);
  world.queued(World::submission("acme", "own", {{"to", "out"}}));
  EXPECT_EQ(out.seen.size(), 3U);
  world.queued(World::submission("beta", "b", {{"to", "out"}, {"account", "beta"}}));
  EXPECT_EQ(out.seen.size(), 4U);
}

TEST_F(EngineBreaker, IsNotMovedByARefusalOfOneMessage) {
  out.answer = [](const Delivery&) { return retry(Retry::Scope::message); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(20s);
  EXPECT_GT(out.seen.size(), 10U);
}

TEST_F(Engine, FindsWhatWasBeingSentInDoubtAfterARestart) {
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_EQ(world.state(id), DeliveryState::sending);
  world.crash();
  world.start();
  ASSERT_EQ(out.seen.size(), 2U);
  EXPECT_TRUE(out.seen[1].in_doubt);
  EXPECT_EQ(out.seen[1].attempt, 2);
  EXPECT_EQ(out.seen[1].identity, out.seen[0].identity);
}

TEST_F(Engine, HoldsWhatWasBeingSentAfterARestartWhenThePolicySaysSo) {
  world.policy("once").in_doubt = Policy::InDoubt::hold;
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}, {"policy", "once"}}));
  world.crash();
  world.start();
  EXPECT_EQ(world.state(id), DeliveryState::held);
  EXPECT_EQ(out.seen.size(), 1U);
  EXPECT_TRUE(world.incident_open(incident_key::held("out", id)));
}

TEST_F(Engine, DoesNotStallWhenTheWallClockStepsBack) {
  world.policy("default").retry_first = 60s;
  out.answer = [](const Delivery& d) { return d.attempt == 1 ? retry() : delivered(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.clock.jump(-10h);
  world.advance(61s);
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
}

TEST_F(Engine, DoesNotStallOverARestartAfterTheWallClockSteppedBack) {
  world.policy("default").retry_first = 60s;
  out.answer = [](const Delivery& d) { return d.attempt == 1 ? retry() : delivered(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.clock.jump(-10h);
  world.advance(5s);
  world.crash();
  world.start();
  world.advance(61s);
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
}

TEST_F(Engine, StaysWithinConcurrencyWhenTheWallClockStepsForward) {
  world.policy("default").retry_first = 30min;
  world.config.channels["out"].concurrency = 2;
  world.start();
  for (int i = 0; i < 10; ++i) {
    world.queued(World::submission("acme", std::to_string(i), {{"to", "out"}}));
    out.finish(retry());
    world.settle();
  }
  world.clock.jump(1h);
  world.advance(1s);
  EXPECT_EQ(out.open.size(), 2U);
  EXPECT_EQ(out.seen.size(), 12U);
}

// Ten years at once: what waits for a time is due, in the numbers that the limits allow, and the loop does not spin.
// Deadlines are the wall clock's (DESIGN §3.4), so they would be over; here there is none.
TEST_F(Engine, NeitherStormsNorStallsWhenTheWallClockStepsTenYears) {
  world.config.channels["out"].concurrency = 2;
  world.config.channels["out"].per_second = 10;
  world.policy("default").retry_first = 30min;
  world.policy("default").expire_after = 24h * 36520;
  world.start();
  for (int i = 0; i < 50; ++i) world.queued(World::submission("acme", std::to_string(i), {{"to", "out"}}));
  const std::size_t before = out.seen.size();
  world.clock.jump(24h * 3652);
  world.advance(1s);
  EXPECT_LE(out.seen.size() - before, 10U + 2U);
  out.answer = [](const Delivery&) { return delivered(); };
  while (!out.open.empty()) out.finish(delivered());
  world.advance(60s);
  EXPECT_EQ(out.seen.size(), 50U) << "the queue goes on at its pace";
}

TEST_F(Engine, ClaimsNothingMoreWhenItStopsAndWaitsForWhatRuns) {
  world.config.channels["out"].concurrency = 1;
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  const DeliveryId second = world.queued(World::submission("acme", "b", {{"to", "out"}}));
  bool stopped = false;
  world.engine->stop(world.clock.mono() + 30s, [&] { stopped = true; });
  world.settle();
  EXPECT_FALSE(stopped);
  EXPECT_TRUE(out.open.front().cancelled()) << "the attempt is told";
  out.finish(delivered());
  world.settle();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(world.state(second), DeliveryState::queued);
}

TEST_F(Engine, GivesUpWaitingAtTheDeadlineOfStop) {
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  bool stopped = false;
  world.engine->stop(world.clock.mono() + 30s, [&] { stopped = true; });
  world.advance(29s);
  EXPECT_FALSE(stopped);
  world.advance(1s);
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace sluis::test
