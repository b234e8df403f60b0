// Deadlines: expiry, escalation as deliveries, silence, reports.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/delivery/escalation.h"
#include "core/delivery/incident_key.h"
#include "tests/core/delivery/world.h"

namespace sluis::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Deadline : public testing::Test {
 protected:
  Deadline() { world.step = 1min; }
  World world;
  FakeChannel& out = world.channel("out");
  FakeChannel& alarm = world.channel("alarm");
  FakeChannel& ftp = world.channel("ftp");
};

TEST_F(Deadline, ExpiresWhatIsNotSettledInTime) {
  world.policy("default").expire_after = 1h;
  out.answer = [](const Delivery&) { return retry(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(59min);
  EXPECT_EQ(world.state(id), DeliveryState::queued);
  world.advance(2min);
  EXPECT_EQ(world.state(id), DeliveryState::expired);
}

TEST_F(Deadline, ExpiresWhatIsBeingSentOnlyWhenTheAttemptHasEnded) {
  world.policy("default").expire_after = 1h;
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(2h);
  EXPECT_EQ(world.state(id), DeliveryState::sending);
  out.finish(retry());
  world.settle();
  EXPECT_EQ(world.state(id), DeliveryState::expired);
  EXPECT_EQ(out.seen.size(), 1U);
}

TEST_F(Deadline, LateProofTurnsExpiredIntoDelivered) {
  world.policy("default").expire_after = 1h;
  out.answer = [](const Delivery&) { return handed_over(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(2h);
  ASSERT_EQ(world.state(id), DeliveryState::expired);
  world.settle_from_elsewhere({{id, Delivered{Receipt{"late", {}}}}});
  EXPECT_EQ(world.state(id), DeliveryState::delivered);
}

TEST_F(Deadline, IsNotMovedByAWallClockThatSteppedBackInTheMeantime) {
  world.policy("default").expire_after = 1h;
  out.answer = [](const Delivery&) { return retry(); };
  world.start();
  const DeliveryId id = world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.clock.jump(-30min);
  world.advance(80min);
  EXPECT_EQ(world.state(id), DeliveryState::queued) << "the wall says fifty minutes";
  world.advance(15min);
  EXPECT_EQ(world.state(id), DeliveryState::expired);
}

class Escalation : public Deadline {
 protected:
  Escalation() {
    Policy& policy = world.policy("urgent");
    policy.escalate = {
        {30min, "alarm", "duty@example", "{message} of {customer} waits since {since}: {reason} {other}", false},
        {1h, "ftp", "", "deposit", true}};
    policy.retry_most = 24h;
    policy.retry_first = 24h;
    out.answer = [](const Delivery&) { return retry(); };
  }
  DeliveryId submit() {
    return world.queued(World::submission("acme", "cargo.xml", {{"to", "out"}, {"policy", "urgent"}}));
  }
};

TEST_F(Escalation, LeavesAsADeliveryAtItsDeadlineAndOnce) {
  world.start();
  const DeliveryId id = submit();
  world.advance(29min);
  EXPECT_TRUE(alarm.seen.empty());
  world.advance(2min);
  ASSERT_EQ(alarm.seen.size(), 1U);
  const DeliveryRecord notice = world.delivery(alarm.seen[0].delivery);
  EXPECT_EQ(notice.delivery.destination.address, "duty@example");
  EXPECT_EQ(notice.lane, "escalation/" + std::to_string(number(id)));
  EXPECT_EQ(notice.delivery.message->attributes.get("kind"), "notice");
  EXPECT_EQ(notice.delivery.message->in_reply_to, world.delivery(id).message);
  world.advance(20min);
  EXPECT_EQ(alarm.seen.size(), 1U);
}

TEST_F(Escalation, FillsItsTemplateAndLeavesUnknownBracesAlone) {
  world.start();
  const DeliveryId id = submit();
  world.advance(31min);
  const DeliveryRecord notice = world.delivery(alarm.seen.at(0).delivery);
  const std::string text = world.content(*notice.delivery.message->payload());
  EXPECT_THAT(text, HasSubstr(world.delivery(id).message.text() +
                              " of acme waits since 2026-01-01T00:00:00.000Z: test.later: not now {other}"));
}

TEST_F(Escalation, DepositsTheOriginalsPartsWhenTheStepSaysSo) {
  world.start();
  submit();
  world.advance(61min);
  ASSERT_TRUE(ftp.seen.empty()) << "the lane waits for the first notice";
  alarm.finish(delivered());
  world.settle();
  ASSERT_EQ(ftp.seen.size(), 1U);
  const DeliveryRecord deposit = world.delivery(ftp.seen[0].delivery);
  ASSERT_THAT(deposit.delivery.message->parts, SizeIs(2));
  EXPECT_EQ(deposit.delivery.message->parts[1].file_name, "cargo.xml");
  EXPECT_EQ(world.content(deposit.delivery.message->parts[1]), "content of cargo.xml");
}

TEST_F(Escalation, DoesNotComeWhenTheDeliveryIsSettled) {
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  submit();
  world.advance(3h);
  EXPECT_TRUE(alarm.seen.empty());
  EXPECT_TRUE(ftp.seen.empty());
}

TEST_F(Escalation, StopsTheOriginalAfterItsLastStepWhenThePolicySaysSo) {
  world.policy("urgent").escalation_stops_original = true;
  alarm.answer = ftp.answer = [](const Delivery&) { return delivered(); };
  world.start();
  const DeliveryId id = submit();
  world.advance(59min);
  EXPECT_EQ(world.state(id), DeliveryState::queued);
  world.advance(2min);
  EXPECT_EQ(world.state(id), DeliveryState::cancelled);
  EXPECT_EQ(ftp.seen.size(), 1U);
}

TEST_F(Escalation, LetsTheOriginalGoOnOtherwise) {
  alarm.answer = ftp.answer = [](const Delivery&) { return delivered(); };
  world.start();
  const DeliveryId id = submit();
  world.advance(25h);
  EXPECT_EQ(out.seen.size(), 2U);
  EXPECT_EQ(world.state(id), DeliveryState::queued);
}

TEST_F(Escalation, ComesOnceAlsoOverACrash) {
  world.start();
  submit();
  world.advance(31min);
  ASSERT_EQ(alarm.seen.size(), 1U);
  alarm.finish(delivered());
  world.settle();
  world.crash();
  world.start();
  world.advance(10min);
  EXPECT_EQ(alarm.seen.size(), 1U);
}

TEST_F(Escalation, IsTriedAgainUntilItsChannelIsThere) {
  world.policy("urgent").escalate[0].to = "pager";
  world.start();
  submit();
  world.advance(31min);
  EXPECT_TRUE(world.incident_open("pager/escalation"));
  FakeChannel& pager = world.channel("pager");
  world.apply();
  world.advance(2min);
  EXPECT_EQ(pager.seen.size(), 1U);
}

class Silence : public Deadline {
 protected:
  Silence() {
    world.policy("talk").reply_within = 2h;
    out.answer = [](const Delivery&) { return delivered(); };
  }
  DeliveryId submit(Attributes more = {}) {
    Attributes attributes{{"to", "out"}, {"policy", "talk"}, {"ref", "R1"}};
    for (const auto& [name, value] : more) attributes.set(name, value);
    return world.queued(World::submission("acme", "a", attributes));
  }
};

TEST_F(Silence, OpensAnIncident) {
  world.start();
  const DeliveryId id = submit();
  world.advance(119min);
  EXPECT_FALSE(world.incident_open(incident_key::reply("out", id)));
  world.advance(2min);
  EXPECT_TRUE(world.incident_open(incident_key::reply("out", id)));
}

// The answer may be there, and nobody has looked.
TEST_F(Silence, OpensNoIncidentWhileTheChannelIsAtRest) {
  world.start();
  const DeliveryId id = submit();
  world.directory.at_rest.insert("out");
  world.advance(5h);
  EXPECT_FALSE(world.incident_open(incident_key::reply("out", id)));
  world.directory.at_rest.clear();
  world.advance(2min);
  EXPECT_TRUE(world.incident_open(incident_key::reply("out", id)));
}

TEST_F(Silence, IsBrokenByAnAnswer) {
  world.start();
  const DeliveryId id = submit();
  world.accepted(World::from_authority("out", "answer", {{"to", "ftp"}, {"echo", "R1"}}));
  world.advance(3h);
  EXPECT_FALSE(world.incident_open(incident_key::reply("out", id)));
}

TEST_F(Silence, IncidentIsClosedByALateAnswer) {
  world.start();
  const DeliveryId id = submit();
  world.advance(3h);
  ASSERT_TRUE(world.incident_open(incident_key::reply("out", id)));
  world.accepted(World::from_authority("out", "answer", {{"to", "ftp"}, {"echo", "R1"}}));
  EXPECT_FALSE(world.incident_open(incident_key::reply("out", id)));
}

TEST_F(Silence, IsNotBrokenByTheGatewaysOwnReport) {
  world.customer("acme", {"ftp"});
  world.start();
  const DeliveryId id = submit();
  ASSERT_EQ(ftp.seen.size(), 1U) << "the report";
  world.advance(3h);
  EXPECT_TRUE(world.incident_open(incident_key::reply("out", id)));
}

TEST_F(Silence, TakesTheRoutesTimeOverThePolicys) {
  world.start();
  const DeliveryId id = submit({{"reply-within", "10m"}});
  world.advance(11min);
  EXPECT_TRUE(world.incident_open(incident_key::reply("out", id)));
}

class Report : public Deadline {
 protected:
  Report() { world.customer("acme", {"ftp"}); }
  nlohmann::json only_report() {
    EXPECT_EQ(ftp.seen.size(), 1U);
    if (ftp.seen.empty()) return {};
    const DeliveryRecord record = world.delivery(ftp.seen[0].delivery);
    return nlohmann::json::parse(world.content(*record.delivery.message->payload()));
  }
};

TEST_F(Report, TellsTheCustomerOfTheEnd) {
  out.answer = [](const Delivery&) { return delivered("250 queued as X1"); };
  world.start();
  const DeliveryId id =
      world.queued(World::submission("acme", "cargo.xml", {{"to", "out"}, {"flow", "a/b"}, {"reference", "PO-7"}}));
  const auto report = only_report();
  EXPECT_EQ(report.at("message"), world.delivery(id).message.text());
  EXPECT_EQ(report.at("delivery"), number(id));
  EXPECT_EQ(report.at("customer"), "acme");
  EXPECT_EQ(report.at("flow"), "a/b");
  EXPECT_EQ(report.at("reference"), "PO-7");
  EXPECT_EQ(report.at("file"), "cargo.xml");
  EXPECT_EQ(report.at("state"), "delivered");
  EXPECT_EQ(report.at("receipt"), "250 queued as X1");
  EXPECT_EQ(report.at("attempts"), 1);
  EXPECT_EQ(report.at("destination"), "out");
  EXPECT_EQ(report.at("at"), "2026-01-01T00:00:00.000Z");
  const Part part = *world.delivery(ftp.seen[0].delivery).delivery.message->payload();
  EXPECT_EQ(part.file_name, fmt::format("{}.{}.delivered.json", world.delivery(id).message.text(), number(id)));
  EXPECT_EQ(part.media_type, "application/json");
}

TEST_F(Report, GivesTheReasonOfARefusal) {
  out.answer = [](const Delivery&) { return rejected("550", "no such\xff user"); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_THAT(only_report().at("reason").get<std::string>(), HasSubstr("550: no such"));
}

TEST_F(Report, IsOnlyMadeForStatesThatThePolicyNames) {
  world.policy("quiet").report = {DeliveryState::rejected};
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}, {"policy", "quiet"}}));
  world.advance(1h);
  EXPECT_TRUE(ftp.seen.empty());
}

TEST_F(Report, BegetsNoReport) {
  out.answer = ftp.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(1h);
  EXPECT_EQ(ftp.seen.size(), 1U);
}

TEST_F(Report, ComesOnceAlsoOverACrash) {
  out.answer = ftp.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.crash();
  world.start();
  world.advance(1h);
  EXPECT_EQ(ftp.seen.size(), 1U);
}

TEST_F(Report, GoesToNoChannelOfAnotherEnvironment) {
  world.channel("ftp", Environment::production);
  out.answer = [](const Delivery&) { return delivered(); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  world.advance(1h);
  EXPECT_TRUE(ftp.seen.empty());
}

TEST_F(Report, OfAHeldDeliveryIsMadeToo) {
  out.answer = [](const Delivery&) { return held("ask"); };
  world.start();
  world.queued(World::submission("acme", "a", {{"to", "out"}}));
  EXPECT_EQ(only_report().at("state"), "held");
}

}  // namespace
}  // namespace sluis::test
