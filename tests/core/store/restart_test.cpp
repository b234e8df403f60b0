#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreRestart, KeepsWhatWasAnswered) {
  const Accept accept = accepting({to("out", "acme", "<1@x>")}, "the bytes");
  const DeliveryId id = get<AcceptDone>(accept).deliveries.at(0);
  harness_->kill_and_reopen();
  EXPECT_EQ(text_of(stored(accept.message.id).message.parts.at(0).content), "the bytes");
  EXPECT_EQ(claim(1), std::vector<DeliveryId>{id});
  EXPECT_TRUE(findings().empty());
}

TEST_P(StoreRestart, ForgetsWhatWasNotAnswered) {
  const Accept accept = accepting({to("out")});
  bool answered = false;
  store().submit(accept, [&answered](const CommandResult&) { answered = true; });
  harness_->kill_and_reopen();
  EXPECT_FALSE(answered);
  EXPECT_FALSE(reader()->message(accept.message.id).value().has_value());
}

TEST_P(StoreRestart, FindsSendingInDoubt) {
  const DeliveryId id = queue();
  begin(id);
  harness_->kill_and_reopen();
  EXPECT_EQ(store().recover([](const std::string&) { return false; }).value(), 1U);
  EXPECT_EQ(state(id), DeliveryState::queued);
  const Begun again = begin(id);
  EXPECT_TRUE(again.in_doubt);
  EXPECT_EQ(again.attempt, 2);
}

TEST_P(StoreRestart, HoldsSendingWhereThePolicySaysSo) {
  const DeliveryId id = queue();
  begin(id);
  harness_->kill_and_reopen();
  EXPECT_EQ(store().recover([](const std::string& policy) { return policy == "default"; }).value(), 1U);
  EXPECT_EQ(state(id), DeliveryState::held);
  EXPECT_TRUE(delivery(id).delivery.in_doubt);
}

TEST_P(StoreRestart, GivesNewFencingTokens) {
  const DeliveryId id = queue();
  const Begun before = begin(id);
  finish(id, DeliveryState::queued);
  harness_->close_and_reopen();
  EXPECT_GT(begin(id).fencing_token, before.fencing_token);
}

// Or every mailbox would stay unread for as long as a lease lasts after a crash.
TEST_P(StoreRestart, DoesNotWaitForTheLeasesOfWhoIsGone) {
  const Leased before = get<Leased>(Lease{"poller", "broker/1", clock_.wall(), clock_.wall() + std::chrono::minutes{1}});
  harness_->kill_and_reopen();
  ASSERT_TRUE(store().recover([](const std::string&) { return false; }).ok());
  const Leased after = get<Leased>(Lease{"poller", "broker/2", clock_.wall(), clock_.wall() + std::chrono::minutes{1}});
  EXPECT_TRUE(after.held);
  EXPECT_GT(after.fencing_token, before.fencing_token);
}

TEST_P(StoreRestart, NeverReusesADeliverysNumber) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::delivered);
  clock_.advance(std::chrono::hours{24 * 365});
  while (get<Purged>(Purge{clock_.wall(), clock_.wall(), clock_.wall(), clock_.wall(), 100}).more) {}
  harness_->close_and_reopen();
  EXPECT_GT(number(queue()), number(id));
}

// Kill after kill: everything that was answered is there, whatever else was on its way.
TEST_P(StoreRestart, SurvivesBeingKilledAgainAndAgain) {
  SeededRandom random(11);
  SCOPED_TRACE("seed 11");
  std::vector<MessageId> answered;
  std::vector<DeliveryId> open;
  MessageFilter all;
  all.limit = 1000;
  for (int round = 0; round < 15; ++round) {
    for (std::uint64_t i = random.below(6); i-- > 0;) {
      const Accept accept = accepting({to("out")}, "bytes of " + std::to_string(answered.size()));
      open.push_back(get<AcceptDone>(accept).deliveries.at(0));
      answered.push_back(accept.message.id);
    }
    if (!open.empty()) push(Begin{open[random.below(open.size())], clock_.wall()});
    for (int lost = 0; lost < 3; ++lost) store().submit(accepting({to("out")}), [](const CommandResult&) {});
    harness_->kill_and_reopen();
    ASSERT_TRUE(store().recover([](const std::string&) { return false; }).ok());
    ASSERT_EQ(reader()->messages(all).value().size(), answered.size()) << "round " << round;
  }
  for (std::size_t i = 0; i < answered.size(); ++i)
    EXPECT_EQ(text_of(stored(answered[i]).message.parts.at(0).content), "bytes of " + std::to_string(i));
  EXPECT_TRUE(findings().empty());
}

}  // namespace sluis::test
