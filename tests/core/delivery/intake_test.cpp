// The intake: from an arrival to what is stored, held or refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/delivery/incident_key.h"
#include "tests/core/delivery/world.h"

namespace sluis::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class IntakeOf : public testing::Test {
 protected:
  Refusal refused(Arrival arrival) {
    IntakeResult result = world.accept(std::move(arrival));
    EXPECT_TRUE(std::holds_alternative<Refusal>(result));
    return std::holds_alternative<Refusal>(result) ? std::get<Refusal>(result) : Refusal{};
  }

  World world;
  FakeChannel& in = world.channel("in");
  FakeChannel& out = world.channel("out");
  FakeChannel& tax = world.channel("tax");
};

class IntakeOfSubmissions : public IntakeOf {};

TEST_F(IntakeOfSubmissions, AnswersOnlyAfterTheCommit) {
  world.start();
  const auto door = world.intake->door("in");
  bool answered = false;
  door->accept(World::submission("acme", "a", {{"to", "out"}}), [&](const IntakeResult&) { answered = true; });
  world.executor.run();
  EXPECT_FALSE(answered);
  world.settle();
  EXPECT_TRUE(answered);
}

TEST_F(IntakeOfSubmissions, MakesTheIdentityBeforeTheFirstByteLeaves) {
  world.directory.down.insert("out");
  world.start();
  const MessageId id = world.accepted(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(world.message(id).deliveries.at(0).delivery.identity.value, "out:" + id.text());
}

TEST_F(IntakeOfSubmissions, RefusesAtTheDoorWhatHasNoRoute) {
  world.start();
  const Refusal refusal = refused(World::submission("acme", "a", {}));
  EXPECT_EQ(refusal.error.code, "intake.unrouted");
  EXPECT_EQ(refusal.error.what, "no route matches");
  EXPECT_FALSE(refusal.temporary);
}

TEST_F(IntakeOfSubmissions, GivesADuplicateTheFirstOnesIdAndSaysWhetherTheBytesDiffer) {
  world.start();
  Arrival first = World::submission("acme", "a", {{"to", "out"}});
  first.key = DedupeKey{"k"};
  first.responses.push_back({"ack", "<ack/>"});
  const MessageId id = world.accepted(first);
  Arrival again = World::submission("acme", "b", {{"to", "out"}});
  again.key = DedupeKey{"k"};
  const IntakeResult result = world.accept(std::move(again));
  ASSERT_TRUE(std::holds_alternative<Accepted>(result));
  const Accepted& accepted = std::get<Accepted>(result);
  EXPECT_EQ(accepted.id, id);
  EXPECT_TRUE(accepted.duplicate);
  EXPECT_FALSE(accepted.same_bytes);
  ASSERT_THAT(accepted.responses, SizeIs(1));
  EXPECT_EQ(accepted.responses[0].bytes, "<ack/>");
}

TEST_F(IntakeOfSubmissions, HoldsTheSameBytesOfTheSameCustomerWhenTheFlowSaysSo) {
  world.routing->rules_now.duplicate_content = DuplicateRule::hold;
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  const DeliveryId again = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(world.state(again), DeliveryState::held);
  EXPECT_EQ(world.state(world.queued(World::submission("beta", "a", {{"to", "out"}}))), DeliveryState::sending)
      << "another customer's";
}

TEST_F(IntakeOfSubmissions, RefusesTheSameReferenceOfTheSameCustomerWhenTheFlowSaysSo) {
  world.routing->rules_now.duplicate_reference = DuplicateRule::refuse;
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}, {"ref", "R1"}}));
  const Refusal refusal = refused(World::submission("acme", "b", {{"to", "out"}, {"ref", "R1"}}));
  EXPECT_EQ(refusal.error.code, "intake.duplicate");
  EXPECT_FALSE(refusal.temporary);
}

TEST_F(IntakeOfSubmissions, DoNotTakeAReferenceThatTheyEchoForTheirOwn) {
  world.routing->rules_now.duplicate_reference = DuplicateRule::refuse;
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}, {"ref", "MRN1"}, {"echo", "MRN1"}}));
  world.queued(World::submission("acme", "b", {{"to", "out"}, {"ref", "MRN1"}, {"echo", "MRN1"}}));
  EXPECT_EQ(out.seen.size(), 2U);
}

TEST_F(IntakeOfSubmissions, AreHeldWhenTheirRouteLeavesTheirEnvironment) {
  world.channel("live", Environment::production);
  world.start();
  const MessageId id = world.accepted(World::submission("acme", "a", {{"to", "live"}}));
  EXPECT_THAT(world.message(id).held, StartsWith("environments never mix"));
  EXPECT_THAT(world.message(id).deliveries, IsEmpty());
  const auto released =
      world.operate([&](DeliveryEngine& e, auto done) { e.route_held(id, "operator root", "", done); });
  EXPECT_FALSE(released) << "no operator can make them mix either";
}

TEST_F(IntakeOfSubmissions, CannotCallThemselvesSomethingElse) {
  world.start();
  const MessageId id = world.accepted(
      World::submission("acme", "a", {{"to", "out"}, {"kind", "answer"}, {"customer", "beta"}, {"from", "tax"}}));
  const Message message = world.message(id).message;
  EXPECT_EQ(message.attributes.get("kind"), "submission");
  EXPECT_EQ(message.attributes.get("customer"), "acme");
  EXPECT_EQ(message.attributes.get("from"), "in");
  EXPECT_EQ(message.attributes.get("environment"), "test");
}

TEST_F(IntakeOfSubmissions, ComeAgainLaterWhenTheDiskIsFull) {
  world.start();
  std::optional<IntakeResult> result;
  world.store->close();
  world.intake->door("in")->accept(World::submission("acme", "a", {{"to", "out"}}),
                                   [&](IntakeResult r) { result = std::move(r); });
  world.settle();
  ASSERT_TRUE(result && std::holds_alternative<Refusal>(*result));
  EXPECT_EQ(std::get<Refusal>(*result).error.code, "store.down");
  EXPECT_TRUE(std::get<Refusal>(*result).temporary);
}

TEST_F(IntakeOfSubmissions, ComeAgainLaterWhenNoThreadTakesThem) {
  world.start();
  MessageIntake busy(
      *world.store, [](const Task&) { return false; }, world.clock, world.random, world.generations, world.directory,
      world.log, world.metrics);
  std::optional<IntakeResult> result;
  busy.door("in")->accept(World::submission("acme", "a", {{"to", "out"}}),
                          [&](IntakeResult r) { result = std::move(r); });
  ASSERT_TRUE(result && std::holds_alternative<Refusal>(*result));
  EXPECT_EQ(std::get<Refusal>(*result).error.code, "intake.busy");
  EXPECT_TRUE(std::get<Refusal>(*result).temporary);
}

class IntakeFromAuthorities : public IntakeOf {
 protected:
  static Arrival answer(Attributes attributes) {
    attributes.set_if_absent("to", "out");
    attributes.set("to-customer", "yes");
    return World::from_authority("tax", "answer", std::move(attributes));
  }
  MessageId submit(const std::string& customer, const std::string& ref, Attributes more = {}) {
    Attributes attributes{{"to", "tax"}, {"ref", ref}, {"authority", "douane"}};
    for (const auto& [name, value] : more) attributes.set(name, value);
    return world.accepted(World::submission(customer, "s", std::move(attributes)));
  }
};

TEST_F(IntakeFromAuthorities, HoldsWhatHasNoRouteAndOpensAnIncident) {
  world.start();
  const MessageId id = world.accepted(World::from_authority("tax", "a", {{"flow", "x/y"}}));
  EXPECT_EQ(world.message(id).held, "no route matches");
  EXPECT_TRUE(world.incident_open(incident_key::unrouted("tax", "x/y")));
}

TEST_F(IntakeFromAuthorities, HoldsPoisonRawAndOpensAnIncident) {
  world.start();
  Arrival poison = World::from_authority("tax", "a", {{"to", "out"}});
  poison.quarantine = "not a MIME message";
  const MessageId id = world.accepted(std::move(poison));
  EXPECT_EQ(world.message(id).held, "quarantine: not a MIME message");
  EXPECT_TRUE(world.incident_open(incident_key::quarantine("tax", id)));
  EXPECT_EQ(world.content(world.message(id).message.parts.at(0)), "content of a");
}

TEST_F(IntakeFromAuthorities, CorrelatesAnAnswerByTheReferenceItEchoes) {
  world.start();
  const MessageId original = submit("acme", "R1");
  const Message message = world.message(world.accepted(answer({{"echo", "R1"}}))).message;
  EXPECT_EQ(message.in_reply_to, original);
  EXPECT_EQ(message.customer, "acme");
  EXPECT_EQ(message.attributes.get("kind"), "answer");
  EXPECT_EQ(message.attributes.get("authority"), "douane");
}

TEST_F(IntakeFromAuthorities, AnAnswerIsOfTheFlowThatItAnswersUnlessItsContentSaysAnother) {
  world.start();
  submit("acme", "R1", {{"flow", "douane/uitvoer"}});
  EXPECT_EQ(world.message(world.accepted(answer({{"echo", "R1"}}))).message.attributes.get("flow"), "douane/uitvoer");
  EXPECT_EQ(world.message(world.accepted(answer({{"echo", "R1"}, {"flow", "douane/vervoer"}}))).message.attributes.get("flow"), "douane/vervoer");
}

TEST_F(IntakeFromAuthorities, CorrelatesByAReferenceOfTheDeliveryGivenBack) {
  world.start();
  const MessageId original = submit("acme", "R1");
  Arrival arrival = answer({});
  arrival.references.push_back({"id", "tax", "tax:" + original.text()});
  EXPECT_EQ(world.message(world.accepted(std::move(arrival))).message.in_reply_to, original);
}

TEST_F(IntakeFromAuthorities, CorrelatesByAReferenceThatWasLearned) {
  tax.answer = [](const Delivery&) {
    Outcome outcome = delivered();
    outcome.learned.push_back({"ref", "", "STORAGE-9"});
    return outcome;
  };
  world.start();
  const MessageId original = submit("acme", "R1");
  EXPECT_EQ(world.message(world.accepted(answer({{"echo", "STORAGE-9"}}))).message.in_reply_to, original);
}

TEST_F(IntakeFromAuthorities, CorrelatesAnAnswerThatOvertakesItsOwnSubmission) {
  world.start();
  const MessageId original = submit("acme", "R1");  // still being sent
  ASSERT_EQ(tax.open.size(), 1U);
  EXPECT_EQ(world.message(world.accepted(answer({{"echo", "R1"}}))).message.in_reply_to, original);
}

TEST_F(IntakeFromAuthorities, TakesTheBestReferenceThatLeadsAnywhere) {
  world.start();
  const MessageId first = submit("acme", "R1");
  submit("beta", "R2");
  EXPECT_EQ(world.message(world.accepted(answer({{"echo", "UNKNOWN,R1,R2"}}))).message.in_reply_to, first);
}

TEST_F(IntakeFromAuthorities, TakesTheNewestUseOfAReference) {
  world.start();
  submit("acme", "R1");
  world.advance(1s);
  const MessageId second = submit("acme", "R1");
  EXPECT_EQ(world.message(world.accepted(answer({{"echo", "R1"}}))).message.in_reply_to, second);
}

TEST_F(IntakeFromAuthorities, NeverGuessesBetweenTwoCustomers) {
  world.start();
  submit("acme", "R1");
  submit("beta", "R1");
  const MessageRecord record = world.message(world.accepted(answer({{"echo", "R1"}})));
  EXPECT_THAT(record.held, StartsWith("conflict: "));
  EXPECT_EQ(record.message.customer, "");
  EXPECT_EQ(record.message.in_reply_to, std::nullopt);
  EXPECT_TRUE(world.incident_open(incident_key::conflict("tax", record.message.id)));
}

TEST_F(IntakeFromAuthorities, NeedsNoGuessWhenTheAccountSaysWhose) {
  world.start();
  submit("acme", "R1");
  const MessageId own = submit("beta", "R1");
  Arrival arrival = answer({{"echo", "R1"}});
  arrival.from.customer = "beta";
  EXPECT_EQ(world.message(world.accepted(std::move(arrival))).message.in_reply_to, own);
}

TEST_F(IntakeFromAuthorities, DoesNotCorrelateAcrossEnvironments) {
  world.channel("live", Environment::production);
  world.start();
  submit("acme", "R1");
  Arrival arrival = World::from_authority("live", "answer", {{"to", "live"}, {"echo", "R1"}});
  EXPECT_EQ(world.message(world.accepted(std::move(arrival))).message.in_reply_to, std::nullopt);
}

TEST_F(IntakeFromAuthorities, FindsTheCustomerByAnIdentifierInTheContent) {
  world.customer("acme", {}, {{"edi", "8712345678906"}});
  world.start();
  const MessageId id = world.accepted(answer({{"demux.edi", "8712345678906"}}));
  EXPECT_EQ(world.message(id).message.customer, "acme");
}

TEST_F(IntakeFromAuthorities, FindsNoCustomerByAnIdentifierThatTwoHave) {
  world.customer("acme", {}, {{"edi", "1"}});
  world.customer("beta", {}, {{"edi", "1"}});
  world.start();
  EXPECT_EQ(world.message(world.accepted(answer({{"demux.edi", "1"}}))).message.customer, "");
}

TEST_F(IntakeFromAuthorities, HoldsWhatIsAddressedToOneCustomerAndAnswersAnother) {
  world.customer("beta", {}, {{"edi", "1"}});
  world.policy("answered").settled_by = Policy::SettledBy::answer;
  world.start();
  const MessageId original = submit("acme", "R1", {{"policy", "answered"}});
  const MessageId id = world.accepted(answer({{"echo", "R1"}, {"demux.edi", "1"}, {"answer", "accepted"}}));
  EXPECT_THAT(world.message(id).held, StartsWith("conflict: edi 1 is customer beta"));
  EXPECT_EQ(world.message(original).deliveries.at(0).state, DeliveryState::sending) << "it settles nothing";
}

TEST_F(IntakeFromAuthorities, HoldsWhatTheRecogniserCallsAConflict) {
  world.start();
  EXPECT_EQ(world.message(world.accepted(answer({{"recognise-conflict", "two senders"}}))).held,
            "conflict: two senders");
}

TEST_F(IntakeFromAuthorities, HoldsWhatTheTableCallsAConflict) {
  world.start();
  EXPECT_EQ(world.message(world.accepted(answer({{"route-conflict", "address and content"}}))).held,
            "conflict: address and content");
}

class Gates : public IntakeFromAuthorities {
 protected:
  MessageId follow_up(const std::string& gates) {
    return world.accepted(World::submission("acme", "follow-up", {{"to", "out"}, {"echo", "R1"}, {"gates", gates}}));
  }
  DeliveryState state_of(const MessageId& id) { return world.message(id).deliveries.at(0).state; }
};

TEST_F(Gates, AnAcceptingAnswerOpensThoseThatWaitForOne) {
  world.start();
  submit("acme", "R1");
  const MessageId waiting = follow_up("answer");
  ASSERT_EQ(state_of(waiting), DeliveryState::blocked);
  world.accepted(World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R1"}, {"answer", "refused"}}));
  EXPECT_EQ(state_of(waiting), DeliveryState::blocked);
  world.accepted(World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R1"}, {"answer", "accepted"}}));
  EXPECT_EQ(state_of(waiting), DeliveryState::sending);
}

TEST_F(Gates, AnAnswerThatCarriesTheAttributeOpensThoseThatWaitForIt) {
  world.start();
  submit("acme", "R1");
  const MessageId waiting = follow_up("attribute:mrn");
  world.accepted(World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R1"}}));
  ASSERT_EQ(state_of(waiting), DeliveryState::blocked);
  world.accepted(World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R1"}, {"mrn", "26NL1"}}));
  EXPECT_EQ(state_of(waiting), DeliveryState::sending);
}

TEST_F(Gates, AreOpenWhenTheAnswerCameFirst) {
  world.start();
  submit("acme", "R1");
  world.accepted(
      World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R1"}, {"mrn", "26NL1"}, {"answer", "accepted"}}));
  EXPECT_EQ(state_of(follow_up("attribute:mrn,answer")), DeliveryState::sending);
}

TEST_F(Gates, AllMustBeOpen) {
  world.start();
  submit("acme", "R1");
  const MessageId waiting = follow_up("answer,operator");
  world.accepted(World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R1"}, {"answer", "accepted"}}));
  EXPECT_EQ(state_of(waiting), DeliveryState::blocked);
}

TEST_F(Gates, WaitForTheMessagesOwnAnswerWhenItRefersToNone) {
  world.start();
  const MessageId id =
      world.accepted(World::submission("acme", "s", {{"to", "out"}, {"ref", "R9"}, {"gates", "attribute:mrn"}}));
  ASSERT_EQ(state_of(id), DeliveryState::blocked);
  world.accepted(World::from_authority("tax", "a", {{"to", "in"}, {"echo", "R9"}, {"mrn", "26NL1"}}));
  EXPECT_EQ(state_of(id), DeliveryState::sending);
}

TEST_F(IntakeFromAuthorities, KeepsASynchronousReplyThatHasNoRoute) {
  tax.answer = [](const Delivery&) {
    Outcome outcome = delivered();
    outcome.replies.push_back(World::from_authority("tax", "reply", {}));
    return outcome;
  };
  world.start();
  const MessageId original = submit("acme", "R1");
  auto reader = world.store->read(5s);
  ASSERT_TRUE(reader);
  const auto replies = (*reader)->replies(original);
  ASSERT_TRUE(replies);
  ASSERT_THAT(*replies, SizeIs(1));
  EXPECT_EQ(world.message((*replies)[0]).held, "no route matches");
}

TEST_F(IntakeFromAuthorities, SettlesWhatTheArrivalSaysItSettles) {
  tax.answer = [](const Delivery&) { return handed_over(); };
  world.start();
  const MessageId original = submit("acme", "R1");
  Arrival receipt = answer({});
  receipt.settles.push_back({Reference{"id", "tax", "tax:" + original.text()}, Delivered{Receipt{"ack", {}}}});
  world.accepted(std::move(receipt));
  EXPECT_EQ(world.message(original).deliveries.at(0).state, DeliveryState::delivered);
}

}  // namespace
}  // namespace sluis::test
