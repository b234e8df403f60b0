// Operators: hold, release, cancel, resend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/delivery/incident_key.h"
#include "tests/core/delivery/world.h"

namespace sluis::test {
namespace {

using testing::Contains;

class Operator : public testing::Test {
 protected:
  Result<Operated> release(DeliveryId id) {
    return world.operate([&](DeliveryEngine& e, auto done) { e.release(id, "operator root", "seen", done); });
  }
  Result<Operated> cancel(DeliveryId id, DeliveryEngine::CancelHow how = {}) {
    return world.operate([&](DeliveryEngine& e, auto done) { e.cancel(id, how, "operator root", "", done); });
  }
  Result<Operated> resend(DeliveryId id, bool as_new = false) {
    return world.operate([&](DeliveryEngine& e, auto done) { e.resend(id, as_new, "operator root", "", done); });
  }

  World world;
  FakeChannel& out = world.channel("out");
};

TEST_F(Operator, ReleasesWhatAnAttemptHeld) {
  out.answer = [](const Delivery& d) { return d.attempt == 1 ? held("ask the customer") : delivered(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(world.state(id), DeliveryState::held);
  EXPECT_EQ(world.delivery(id).reason, "ask the customer");
  EXPECT_TRUE(world.incident_open(incident_key::held("out", id)));
  world.advance(24h);
  EXPECT_EQ(out.seen.size(), 1U) << "nothing is sent until a human acts";
  ASSERT_TRUE(release(id));
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
  EXPECT_FALSE(world.incident_open(incident_key::held("out", id)));
}

TEST_F(Operator, HoldsWhatIsQueued) {
  world.directory.down.insert("out");
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.hold(id, "operator root", "wait", done); }));
  world.directory.down.clear();
  world.advance(1min);
  EXPECT_EQ(world.state(id), DeliveryState::held);
  EXPECT_TRUE(out.seen.empty());
}

TEST_F(Operator, CancelsWhatIsQueued) {
  world.directory.down.insert("out");
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_TRUE(cancel(id));
  world.directory.down.clear();
  world.advance(1min);
  EXPECT_EQ(world.state(id), DeliveryState::cancelled);
  EXPECT_TRUE(out.seen.empty());
}

TEST_F(Operator, CancelsAsHandledElsewhereAndTheTimelineSaysSo) {
  world.directory.down.insert("out");
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_TRUE(cancel(id, {.handled_elsewhere = true}));
  EXPECT_EQ(world.delivery(id).reason, "handled elsewhere");
}

TEST_F(Operator, CannotCancelWhatIsInDoubtUnlessAskedTo) {
  out.answer = [](const Delivery&) { return retry(Retry::Scope::message, {}, true); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  const auto refused = cancel(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "delivery.in-doubt");
  ASSERT_TRUE(cancel(id, {.even_in_doubt = true}));
  EXPECT_EQ(world.state(id), DeliveryState::cancelled);
}

TEST_F(Operator, CancelsWhatIsBeingSentWhenTheAttemptEndsUntaken) {
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  std::optional<Result<Operated>> answer;
  world.engine->cancel(id, {}, "operator root", "", [&](Result<Operated> r) { answer = std::move(r); });
  world.settle();
  EXPECT_FALSE(answer);
  EXPECT_TRUE(out.open.front().cancelled());
  out.finish(retry());
  world.settle();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(world.state(id), DeliveryState::cancelled);
  world.advance(1h);
  EXPECT_EQ(out.seen.size(), 1U);
}

TEST_F(Operator, IsToldWhenACancelCameTooLate) {
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  std::optional<Result<Operated>> answer;
  world.engine->cancel(id, {}, "operator root", "", [&](Result<Operated> r) { answer = std::move(r); });
  world.settle();
  out.finish(delivered());
  world.settle();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(*answer);
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
}

TEST_F(Operator, ResendsAsANewDeliveryOfTheSameMessageWithTheSameIdentity) {
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  const DeliveryId first = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  const auto resent = resend(first);
  ASSERT_TRUE(resent);
  ASSERT_EQ(resent->created.size(), 1U);
  ASSERT_EQ(out.seen.size(), 2U);
  EXPECT_EQ(out.seen[1].identity, out.seen[0].identity);
  EXPECT_EQ(out.seen[1].attempt, 1);
  EXPECT_EQ(world.delivery(resent->created[0]).message, world.delivery(first).message);
  EXPECT_EQ(world.delivery(first).resent_as, resent->created[0]);
}

TEST_F(Operator, ResendsAsNewWithAnotherIdentity) {
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  const DeliveryId first = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_TRUE(resend(first, true));
  ASSERT_EQ(out.seen.size(), 2U);
  EXPECT_NE(out.seen[1].identity, out.seen[0].identity);
}

TEST_F(Operator, TwoThatPressResendAtOnceCauseOne) {
  int attempts = 0;
  out.answer = [&](const Delivery&) -> std::optional<Outcome> {
    if (++attempts == 1) return delivered();
    return std::nullopt;  // the resend stays open
  };
  world.start();
  const DeliveryId first = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  std::vector<Operated> answers;
  for (const char* who : {"operator ann", "operator bob"})
    world.engine->resend(first, false, who, "", [&](Result<Operated> r) {
      ASSERT_TRUE(r);
      answers.push_back(*r);
    });
  world.settle();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].delivery, answers[1].delivery);
  EXPECT_FALSE(answers[0].already);
  EXPECT_TRUE(answers[1].already);
  EXPECT_EQ(out.seen.size(), 2U);
}

TEST_F(Operator, CannotResendWhatIsStillOnItsWay) {
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  const auto refused = resend(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "delivery.open");
}

TEST_F(Operator, RoutesAHeldMessageWithTheTableOfNow) {
  out.answer = [](const Delivery&) { return delivered(); };
  world.routing->unrouted_flow = "x/y";
  world.start();
  const MessageId id = world.accepted(World::from_authority("in", "a", {{"to", "out"}, {"flow", "x/y"}}));
  ASSERT_EQ(world.message(id).held, "no route matches");
  ASSERT_TRUE(world.incident_open(incident_key::unrouted("in", "x/y")));
  const auto still = world.operate([&](DeliveryEngine& e, auto done) { e.route_held(id, "operator root", "", done); });
  ASSERT_FALSE(still);
  EXPECT_EQ(still.error().code, "intake.unrouted");

  world.routing->unrouted_flow.clear();
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.route_held(id, "operator root", "", done); }));
  EXPECT_EQ(world.message(id).held, "");
  EXPECT_EQ(out.seen.size(), 1U);
  EXPECT_FALSE(world.incident_open(incident_key::unrouted("in", "x/y")));
}

TEST_F(Operator, KeepsTheUnroutedIncidentUntilTheLastOfItsFlowHasLeft) {
  world.routing->unrouted_flow = "x/y";
  world.start();
  const MessageId first = world.accepted(World::from_authority("in", "a", {{"to", "out"}, {"flow", "x/y"}}));
  const MessageId second = world.accepted(World::from_authority("in", "b", {{"to", "out"}, {"flow", "x/y"}}));
  world.routing->unrouted_flow.clear();
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.route_held(first, "operator root", "", done); }));
  EXPECT_TRUE(world.incident_open(incident_key::unrouted("in", "x/y")));
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.route_held(second, "operator root", "", done); }));
  EXPECT_FALSE(world.incident_open(incident_key::unrouted("in", "x/y")));
}

TEST_F(Operator, CancelsAHeldMessage) {
  world.start();
  const MessageId id = world.accepted(World::from_authority("in", "a", {}));
  ASSERT_NE(world.message(id).held, "");
  ASSERT_TRUE(world.operate([&](DeliveryEngine& e, auto done) { e.cancel_held(id, "operator root", "noise", done); }));
  EXPECT_EQ(world.message(id).held, "");
  EXPECT_THAT(world.events(id), Contains("cancelled"));
}

}  // namespace
}  // namespace sluis::test
