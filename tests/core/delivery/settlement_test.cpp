// Settlement from elsewhere: before, during and after the attempt; monotonic; awaiting proofs and answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/delivery/incident_key.h"
#include "tests/core/delivery/world.h"

namespace sluis::test {
namespace {

using testing::Contains;

class SettlementFromElsewhere : public testing::Test {
 protected:
  // The reference that FakeChannel's identity carries.
  Settlement by_reference(DeliveryId id, std::variant<Delivered, Rejected, Noted> verdict) {
    const std::string value = world.delivery(id).delivery.identity.value;
    return {Reference{"id", "out", value}, std::move(verdict)};
  }
  static Delivered proof() { return Delivered{Receipt{"acknowledged", {}}}; }

  World world;
  FakeChannel& out = world.channel("out");
};

TEST_F(SettlementFromElsewhere, BeforeTheAttemptMakesItUnnecessary) {
  world.directory.down.insert("out");
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_TRUE(world.settle_from_elsewhere({by_reference(id, proof())}).each.at(0));
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
  world.directory.down.clear();
  world.advance(1min);
  EXPECT_TRUE(out.seen.empty());
}

TEST_F(SettlementFromElsewhere, DuringTheAttemptStandsWhateverTheAttemptSays) {
  world.start();
  const MessageId message = world.accepted(World::submission("acme", "a", {{"to", "out"}}));
  const DeliveryId id = world.message(message).deliveries.at(0).delivery.id;
  world.settle_from_elsewhere({by_reference(id, proof())});
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
  EXPECT_TRUE(out.open.front().cancelled());
  out.finish(retry());
  world.advance(1h);
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
  EXPECT_EQ(out.seen.size(), 1U);
  EXPECT_THAT(world.events(message), Contains("attempt-ended")) << "the attempt adds to the timeline";
}

TEST_F(SettlementFromElsewhere, DuringTheAttemptLeavesNoIncidentOfItsEnd) {
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.settle_from_elsewhere({by_reference(id, proof())});
  out.finish(held());
  world.settle();
  EXPECT_FALSE(world.incident_open(incident_key::held("out", id)));
}

TEST_F(SettlementFromElsewhere, AfterTheAttemptSettlesWhatAwaitsItsProof) {
  out.answer = [](const Delivery&) { return handed_over(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_EQ(world.state(id), DeliveryState::awaiting);
  world.settle_from_elsewhere({by_reference(id, proof())});
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
}

TEST_F(SettlementFromElsewhere, AfterTheAttemptEndsTheRetriesOfWhatIsQueuedAgain) {
  world.policy("default").retry_first = 1min;
  out.answer = [](const Delivery&) { return retry(Retry::Scope::message, {}, true); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.settle_from_elsewhere({by_reference(id, proof())});
  world.advance(10min);
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
  EXPECT_EQ(out.seen.size(), 1U);
}

TEST_F(SettlementFromElsewhere, TurnsDeliveredIntoRejectedAndNothingBack) {
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.settle_from_elsewhere({by_reference(id, Rejected{"5.1.1", "no such user"})});
  EXPECT_EQ(world.state(id), DeliveryState::rejected);
}

TEST_F(SettlementFromElsewhere, TwiceIsOnce) {
  out.answer = [](const Delivery&) { return handed_over(); };
  world.start();
  const MessageId message = world.accepted(World::submission("acme", "a", {{"to", "out"}}));
  const DeliveryId id = world.message(message).deliveries.at(0).delivery.id;
  world.settle_from_elsewhere({by_reference(id, proof())});
  const auto events = world.events(message);
  EXPECT_TRUE(world.settle_from_elsewhere({by_reference(id, proof())}).each.at(0));
  EXPECT_EQ(world.events(message), events);
}

TEST_F(SettlementFromElsewhere, ClosesTheIncidentOfWhatWasHeld) {
  out.answer = [](const Delivery&) { return held(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  ASSERT_TRUE(world.incident_open(incident_key::held("out", id)));
  world.settle_from_elsewhere({by_reference(id, proof())});
  EXPECT_FALSE(world.incident_open(incident_key::held("out", id)));
}

class Proof : public SettlementFromElsewhere {};

TEST_F(Proof, OverdueOpensAnIncidentAndLeavesTheDeliveryAwaiting) {
  out.answer = [this](const Delivery&) { return handed_over(world.clock.wall() + 10min); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(9min);
  EXPECT_FALSE(world.incident_open(incident_key::proof("out", id)));
  world.advance(2min);
  EXPECT_TRUE(world.incident_open(incident_key::proof("out", id)));
  EXPECT_EQ(world.state(id), DeliveryState::awaiting);
  world.settle_from_elsewhere({by_reference(id, proof())});
  EXPECT_FALSE(world.incident_open(incident_key::proof("out", id))) << "late proof closes it";
}

TEST_F(Proof, OverdueSendsAgainInDoubtWhenTheChannelSaidSo) {
  out.answer = [this](const Delivery&) { return handed_over(world.clock.wall() + 10min, HandedOver::Then::retry); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(11min);
  ASSERT_EQ(out.seen.size(), 2U);
  EXPECT_TRUE(out.seen[1].in_doubt);
  EXPECT_EQ(out.seen[1].identity, out.seen[0].identity);
}

TEST_F(Proof, TakesThePolicysTimeWhenTheChannelGaveNone) {
  world.policy("default").proof_within = 5min;
  out.answer = [](const Delivery&) { return handed_over(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(6min);
  EXPECT_TRUE(world.incident_open(incident_key::proof("out", id)));
}

TEST_F(Proof, IsAskedForByTheWallClockAlsoAfterAStepForward) {
  out.answer = [this](const Delivery&) { return handed_over(world.clock.wall() + 10h); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.clock.jump(11h);
  world.advance(1s);
  EXPECT_TRUE(world.incident_open(incident_key::proof("out", id)));
}

class SettledByAnswer : public SettlementFromElsewhere {
 protected:
  SettledByAnswer() {
    world.channel("tax");
    Policy& policy = world.policy("answered");
    policy.settled_by = Policy::SettledBy::answer;
    policy.after_refusal = Policy::AfterRefusal::hold;
    world.directory.channels["tax"]->answer = [](const Delivery&) { return delivered(); };
  }
  DeliveryId submit(const std::string& name, const std::string& ref) {
    return world.queued(
        World::submission("acme", name, {{"to", "tax"}, {"policy", "answered"}, {"ref", ref}, {"lane", "x"}}));
  }
  MessageId answer(const std::string& ref, const std::string& word) {
    return world.accepted(World::from_authority(
        "tax", "answer", {{"to", "out"}, {"to-customer", "yes"}, {"echo", ref}, {"answer", word}}));
  }
};

TEST_F(SettledByAnswer, AwaitsItAfterTheReceipt) {
  world.start();
  EXPECT_EQ(world.state(submit("a", "R1")), DeliveryState::awaiting);
}

TEST_F(SettledByAnswer, IsDeliveredByAnAcceptanceAndItsLaneGoesOn) {
  world.start();
  const DeliveryId first = submit("a", "R1");
  const DeliveryId second = submit("b", "R2");
  EXPECT_EQ(world.state(second), DeliveryState::blocked);
  answer("R1", "accepted");
  EXPECT_EQ(world.state(first), DeliveryState::delivered);
  EXPECT_EQ(world.state(second), DeliveryState::awaiting);
}

TEST_F(SettledByAnswer, IsRejectedByARefusalAndItsLaneStaysClosed) {
  world.start();
  const DeliveryId first = submit("a", "R1");
  const DeliveryId second = submit("b", "R2");
  answer("R1", "refused");
  EXPECT_EQ(world.state(first), DeliveryState::rejected);
  EXPECT_EQ(world.state(second), DeliveryState::blocked);
}

TEST_F(SettledByAnswer, AnAnswerThatSaysNeitherIsOnlyNoted) {
  world.start();
  const DeliveryId first = submit("a", "R1");
  answer("R1", "");
  EXPECT_EQ(world.state(first), DeliveryState::awaiting);
}

TEST_F(SettledByAnswer, SilenceOpensAnIncidentWhenTheProofIsDue) {
  world.policy("answered").proof_within = 2h;
  world.start();
  const DeliveryId first = submit("a", "R1");
  world.advance(3h);
  EXPECT_TRUE(world.incident_open(incident_key::proof("tax", first)));
}

TEST_F(SettledByAnswer, ASynchronousAnswerSettlesInTheSameCommit) {
  world.directory.channels["tax"]->answer = [](const Delivery&) {
    Outcome outcome = delivered();
    Arrival reply =
        World::from_authority("tax", "reply", {{"to", "out"}, {"to-customer", "yes"}, {"answer", "accepted"}});
    outcome.replies.push_back(std::move(reply));
    return outcome;
  };
  world.start();
  const DeliveryId first = submit("a", "R1");
  EXPECT_EQ(world.state(first), DeliveryState::delivered);
  const auto replies = world.messages_to("out");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].in_reply_to, world.delivery(first).message);
  EXPECT_EQ(replies[0].customer, "acme");
}

}  // namespace
}  // namespace sluis::test
