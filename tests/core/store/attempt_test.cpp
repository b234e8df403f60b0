#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreAttempt, BeginsAndEndsWithTwoTimelineEntries) {
  const Accept accept = accepting({to("out")});
  const DeliveryId id = get<AcceptDone>(accept).deliveries.at(0);
  const Begun begun = begin(id);
  EXPECT_EQ(begun.attempt, 1);
  EXPECT_FALSE(begun.in_doubt);
  EXPECT_EQ(state(id), DeliveryState::sending);
  const Finished finished = finish(id, DeliveryState::delivered);
  EXPECT_TRUE(finished.applied);
  EXPECT_EQ(finished.state, DeliveryState::delivered);
  EXPECT_EQ(events(accept.message.id), (std::vector<std::string>{"accepted", "attempt", "delivered"}));
}

TEST_P(StoreAttempt, RefusesToBeginWhatIsNotQueued) {
  const DeliveryId id = queue();
  begin(id);
  EXPECT_EQ(refusal(Begin{id, clock_.wall()}), "delivery.state");
  EXPECT_EQ(refusal(Begin{DeliveryId{999}, clock_.wall()}), "delivery.unknown");
}

TEST_P(StoreAttempt, QueuesARetryForItsTime) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::queued);
  EXPECT_EQ(state(id), DeliveryState::queued);
  EXPECT_TRUE(claim(10).empty());
  EXPECT_EQ(reader()->next_due("out").value(), clock_.wall() + std::chrono::minutes{1});
  clock_.advance(std::chrono::minutes{1});
  EXPECT_EQ(claim(10), std::vector<DeliveryId>{id});
  EXPECT_EQ(begin(id).attempt, 2);
}

TEST_P(StoreAttempt, StaysInDoubtOnceItWas) {
  const DeliveryId id = queue();
  begin(id);
  Finish doubtful;
  doubtful.delivery = id;
  doubtful.attempt = 1;
  doubtful.next = DeliveryState::queued;
  doubtful.in_doubt = true;
  get<Finished>(doubtful);
  EXPECT_TRUE(begin(id).in_doubt);
  finish(id, DeliveryState::queued, 2);
  EXPECT_TRUE(delivery(id).delivery.in_doubt);
}

TEST_P(StoreAttempt, OnlyAddsToTheTimelineWhenSettledMeanwhile) {
  Accept accept = accepting({to("out", "acme", "<1@x>")});
  const DeliveryId id = get<AcceptDone>(accept).deliveries.at(0);
  begin(id);
  get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  Finish late;
  late.delivery = id;
  late.attempt = 1;
  late.next = DeliveryState::queued;
  late.learned.push_back(reference("peer 7"));
  Accept reply = accepting({}, "a reply");
  late.replies.push_back(reply);
  late.wakeups.push_back({clock_.wall(), WakeupKind::proof, 0});
  const auto finished = get<Finished>(late);
  EXPECT_FALSE(finished.applied);
  EXPECT_EQ(finished.state, DeliveryState::delivered);
  EXPECT_EQ(events(accept.message.id).back(), "attempt-ended");
  EXPECT_TRUE(reader()->message(reply.message.id).value().has_value());
  EXPECT_EQ(reader()->find(reference("peer 7")).value().size(), 1U);
  EXPECT_FALSE(reader()->next_wakeup().value().has_value());
}

TEST_P(StoreAttempt, IgnoresTheEndOfAnEarlierAttempt) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::queued);
  begin(id);
  EXPECT_FALSE(finish(id, DeliveryState::delivered, 1).applied);
  EXPECT_EQ(state(id), DeliveryState::sending);
}

TEST_P(StoreAttempt, StoresRepliesAndLearnedKeysInTheSameCommit) {
  const DeliveryId id = queue();
  begin(id);
  Finish done;
  done.delivery = id;
  done.attempt = 1;
  done.next = DeliveryState::awaiting;
  done.receipt = Receipt{"accepted for processing", {{"peer", "p.example"}}};
  done.learned.push_back(reference("storage 9"));
  Accept reply = accepting({to("drop")}, "answer");
  reply.settles.push_back(settlement("storage 9"));
  done.replies.push_back(reply);
  EXPECT_EQ(get<Finished>(done).state, DeliveryState::delivered);
  EXPECT_EQ(stored(reply.message.id).deliveries.size(), 1U);
}

TEST_P(StoreAttempt, EndsThoughAReplyIsRefused) {
  Accept known = accepting();
  known.business.push_back({"k", DuplicateRule::refuse});
  get<AcceptDone>(known);
  const Accept accept = accepting({to("out")});
  const DeliveryId id = get<AcceptDone>(accept).deliveries.at(0);
  begin(id);
  Finish done;
  done.delivery = id;
  done.attempt = 1;
  done.next = DeliveryState::delivered;
  Accept reply = accepting({}, "again");
  reply.business.push_back({"k", DuplicateRule::refuse});
  done.replies.push_back(reply);
  EXPECT_TRUE(get<Finished>(done).applied);
  EXPECT_EQ(events(accept.message.id).back(), "reply-refused");
}

TEST_P(StoreAttempt, KeepsTheReceipt) {
  const DeliveryId id = queue();
  begin(id);
  Finish done;
  done.delivery = id;
  done.attempt = 1;
  done.next = DeliveryState::delivered;
  done.receipt = Receipt{"2.0.0 Ok: queued as 4X", {{"tls", "1.3"}}};
  get<Finished>(done);
  ASSERT_TRUE(delivery(id).receipt.has_value());
  EXPECT_EQ(delivery(id).receipt->text, "2.0.0 Ok: queued as 4X");
  EXPECT_EQ(delivery(id).receipt->details.get("tls"), "1.3");
}

TEST_P(StoreAttempt, OwesAReportForFinalStatesAndHeld) {
  for (const DeliveryState end : {DeliveryState::delivered, DeliveryState::rejected, DeliveryState::held}) {
    NewDelivery made = to("out");
    made.report = true;
    const DeliveryId id = queue(made);
    attempt(id, end);
    const auto due = reader()->wakeups(clock_.wall(), 10).value();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].key, (WakeupKey{id, WakeupKind::report, static_cast<int>(end)}));
    Operate consume = operation<Operate::Consume>(id);
    consume.consumes = due[0].key;
    get<Operated>(consume);
  }
}

TEST_P(StoreAttempt, TakesTheTimersOfASettledDeliveryAway) {
  NewDelivery made = to("out");
  made.wakeups = {{clock_.wall(), WakeupKind::expire, 0}, {clock_.wall(), WakeupKind::escalate, 1}};
  const DeliveryId id = queue(made);
  EXPECT_EQ(reader()->wakeups(clock_.wall(), 10).value().size(), 2U);
  attempt(id, DeliveryState::delivered);
  EXPECT_TRUE(reader()->wakeups(clock_.wall(), 10).value().empty());
}

TEST_P(StoreAttempt, KeepsTheWaitForAReplyUntilTheAnswer) {
  const Accept question = accepting({to("out")});
  const DeliveryId id = get<AcceptDone>(question).deliveries.at(0);
  begin(id);
  Finish done;
  done.delivery = id;
  done.attempt = 1;
  done.next = DeliveryState::delivered;
  done.wakeups.push_back({clock_.wall() + std::chrono::hours{2}, WakeupKind::reply, 0});
  get<Finished>(done);
  EXPECT_EQ(reader()->next_wakeup().value(), clock_.wall() + std::chrono::hours{2});
  Accept answer = accepting();
  answer.message.in_reply_to = question.message.id;
  get<AcceptDone>(answer);
  EXPECT_FALSE(reader()->next_wakeup().value().has_value());
}

}  // namespace sluis::test
