#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreAccept, KeepsTheMessageItsPartsAndItsDeliveries) {
  Accept accept = accepting({to("out", "acme", "<1@x>")}, "the bytes");
  accept.message.attributes.set("mail.from", "a@b.example");
  const auto done = get<AcceptDone>(accept);
  ASSERT_EQ(done.deliveries.size(), 1U);
  const MessageRecord record = stored(accept.message.id);
  EXPECT_EQ(record.message.from, "drop");
  EXPECT_EQ(record.message.customer, "acme");
  EXPECT_EQ(record.message.attributes, accept.message.attributes);
  EXPECT_EQ(record.message.received_at, accept.message.received_at);
  ASSERT_EQ(record.message.parts.size(), 1U);
  EXPECT_EQ(record.message.parts[0].file_name, "a.txt");
  EXPECT_EQ(text_of(record.message.parts[0].content), "the bytes");
  const DeliveryRecord made = delivery(done.deliveries[0]);
  EXPECT_EQ(made.state, DeliveryState::queued);
  EXPECT_EQ(made.delivery.destination, (Destination{"out", "acme", "box@mail.example"}));
  EXPECT_EQ(made.delivery.identity.value, "<1@x>");
  EXPECT_EQ(made.delivery.options.get("subject"), "one");
  EXPECT_EQ(made.delivery.policy, "default");
}

TEST_P(StoreAccept, AnswersADuplicateWithTheFirstOne) {
  Accept first = accepting({}, "same");
  first.dedupe = DedupeKey{"uidl 7"};
  first.responses.push_back({"ack", "<Acknowledgment/>"});
  get<AcceptDone>(first);
  Accept again = accepting({to("out")}, "same");
  again.dedupe = first.dedupe;
  const auto done = get<AcceptDone>(again);
  EXPECT_TRUE(done.accepted.duplicate);
  EXPECT_TRUE(done.accepted.same_bytes);
  EXPECT_EQ(done.accepted.id, first.message.id);
  ASSERT_EQ(done.accepted.responses.size(), 1U);
  EXPECT_EQ(done.accepted.responses[0].bytes, "<Acknowledgment/>");
}

TEST_P(StoreAccept, WritesNothingForADuplicate) {
  Accept first = accepting();
  first.dedupe = DedupeKey{"uidl 7"};
  get<AcceptDone>(first);
  const DeliveryId open = queue(to("out", "acme", "<1@x>"));
  Accept again = accepting({to("out")});
  again.dedupe = first.dedupe;
  again.state.push_back({"cursor", "9"});
  again.settles.push_back(settlement("<1@x>"));
  get<AcceptDone>(again);
  EXPECT_FALSE(reader()->message(again.message.id).value().has_value());
  EXPECT_FALSE(reader()->state("drop", "cursor").value().has_value());
  EXPECT_EQ(state(open), DeliveryState::queued);
}

TEST_P(StoreAccept, SaysWhenADuplicatesBytesDiffer) {
  Accept first = accepting({}, "one");
  first.dedupe = DedupeKey{"k"};
  get<AcceptDone>(first);
  Accept again = accepting({}, "two");
  again.dedupe = first.dedupe;
  EXPECT_FALSE(get<AcceptDone>(again).accepted.same_bytes);
}

TEST_P(StoreAccept, ScopesDedupeKeysByChannel) {
  Accept first = accepting();
  first.dedupe = DedupeKey{"k"};
  get<AcceptDone>(first);
  Accept other = accepting();
  other.message.from = "mail";
  other.dedupe = DedupeKey{"k"};
  EXPECT_FALSE(get<AcceptDone>(other).accepted.duplicate);
}

TEST_P(StoreAccept, FindsADedupeKeyOfWeeksAgo) {
  Accept first = accepting();
  first.dedupe = DedupeKey{"k"};
  get<AcceptDone>(first);
  clock_.advance(std::chrono::hours{24 * 40});
  Accept again = accepting();
  again.dedupe = DedupeKey{"k"};
  EXPECT_TRUE(get<AcceptDone>(again).accepted.duplicate);
}

TEST_P(StoreAccept, TreatsABusinessDuplicateAsItsRuleSays) {
  Accept first = accepting();
  first.business.push_back({"unb 1", DuplicateRule::refuse});
  get<AcceptDone>(first);
  Accept refused = accepting({to("out")});
  refused.business.push_back({"unb 1", DuplicateRule::refuse});
  EXPECT_EQ(refusal(refused), "intake.duplicate");
  EXPECT_FALSE(reader()->message(refused.message.id).value().has_value());
  Accept held = accepting({to("out")});
  held.business.push_back({"unb 1", DuplicateRule::hold});
  EXPECT_EQ(state(get<AcceptDone>(held).deliveries.at(0)), DeliveryState::held);
  Accept accepted = accepting({to("out")});
  accepted.business.push_back({"unb 1", DuplicateRule::accept});
  EXPECT_EQ(state(get<AcceptDone>(accepted).deliveries.at(0)), DeliveryState::queued);
}

TEST_P(StoreAccept, TellsOfWhatIsHeldFromTheStartUntilItIsReleased) {
  Accept first = accepting();
  first.business.push_back({"unb 1", DuplicateRule::hold});
  get<AcceptDone>(first);
  Accept again = accepting({to("out")});
  again.business.push_back({"unb 1", DuplicateRule::hold});
  const DeliveryId held = get<AcceptDone>(again).deliveries.at(0);
  const auto open = reader()->incidents(true, 10).value();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open.at(0).last.key, "out/held/" + std::to_string(number(held)));
  EXPECT_EQ(open.at(0).last.message, again.message.id);
  get<Operated>(operation<Operate::Release>(held));
  EXPECT_TRUE(reader()->incidents(true, 10).value().empty());
}

TEST_P(StoreAccept, ScopesBusinessKeysByCustomer) {
  Accept first = accepting();
  first.business.push_back({"unb 1", DuplicateRule::refuse});
  get<AcceptDone>(first);
  Accept other = accepting();
  other.message.customer = "bravo";
  other.business.push_back({"unb 1", DuplicateRule::refuse});
  EXPECT_EQ(refusal(other), "");
}

TEST_P(StoreAccept, RefusedCommandsNeverFailTheOthersOfTheirBatch) {
  Accept key = accepting();
  key.business.push_back({"k", DuplicateRule::refuse});
  get<AcceptDone>(key);
  std::vector<std::string> codes(3);
  std::vector<MessageId> ids;
  for (std::size_t i = 0; i < 3; ++i) {
    Accept accept = accepting({to("out")}, i == 1 ? "refused bytes" : "kept bytes");
    ids.push_back(accept.message.id);
    if (i == 1) accept.business.push_back({"k", DuplicateRule::refuse});
    store().submit(std::move(accept),
                   [&codes, i](const CommandResult& result) { codes[i] = result.ok() ? "ok" : result.error().code; });
  }
  harness_->pump();
  EXPECT_EQ(codes, (std::vector<std::string>{"ok", "intake.duplicate", "ok"}));
  EXPECT_EQ(text_of(stored(ids[2]).message.parts[0].content), "kept bytes");
  EXPECT_FALSE(reader()->message(ids[1]).value().has_value());
}

TEST_P(StoreAccept, HoldsAMessageThatWaitsForAHuman) {
  Accept accept = accepting();
  accept.held = "no route matched";
  accept.incidents.push_back({IncidentAction::open, "intake/unrouted", Severity::warning, "no route matched", "drop",
                              "acme", accept.message.id, clock_.wall()});
  get<AcceptDone>(accept);
  EXPECT_EQ(stored(accept.message.id).held, "no route matched");
  MessageFilter filter;
  filter.held_messages = true;
  EXPECT_EQ(reader()->messages(filter).value().size(), 1U);
  EXPECT_EQ(reader()->incidents(true, 10).value().size(), 1U);
}

TEST_P(StoreAccept, RefusesBelowTheLowWaterMarkAndGoesOnWhenThereIsRoom) {
  harness_->set_free_space(1);
  EXPECT_EQ(refusal(accepting()), "store.full");
  EXPECT_NE(store().trouble(), "");
  harness_->set_free_space(1ULL << 40U);
  EXPECT_EQ(refusal(accepting()), "");
  EXPECT_EQ(store().trouble(), "");
}

TEST_P(StoreAccept, LetsAttemptsGoOnBelowTheLowWaterMark) {
  const DeliveryId id = queue();
  harness_->set_free_space(1);
  EXPECT_EQ(attempt(id, DeliveryState::delivered).state, DeliveryState::delivered);
}

TEST_P(StoreAccept, KeepsCursorsInTheSameCommit) {
  Accept accept = accepting();
  accept.state = {{"uidl", "7"}, {"gone", std::nullopt}};
  get<AcceptDone>(accept);
  EXPECT_EQ(reader()->state("drop", "uidl").value(), "7");
}

TEST_P(StoreAccept, PutsAnAnswerOnTheTimelineOfWhatItAnswers) {
  const Accept question = accepting();
  get<AcceptDone>(question);
  Accept answer = accepting();
  answer.message.in_reply_to = question.message.id;
  get<AcceptDone>(answer);
  EXPECT_EQ(events(question.message.id).back(), "answered");
  EXPECT_EQ(reader()->replies(question.message.id).value(), std::vector<MessageId>{answer.message.id});
  EXPECT_EQ(stored(answer.message.id).message.in_reply_to, question.message.id);
}

TEST_P(StoreAccept, StreamsLargeContentsThroughTheSpool) {
  std::string large(300'000, 'x');
  large[200'000] = 'y';
  auto writer = store().write();
  for (std::size_t at = 0; at < large.size(); at += 50'000)
    ASSERT_TRUE(writer->write(std::string_view(large).substr(at, 50'000)).ok());
  Accept accept = accepting();
  accept.message.parts[0].content = writer->finish().value();
  EXPECT_EQ(accept.message.parts[0].content.sha256, sha256(large));
  get<AcceptDone>(accept);
  harness_->kill_and_reopen();
  EXPECT_EQ(text_of(stored(accept.message.id).message.parts[0].content), large);
}

TEST_P(StoreAccept, GivesSmallStreamedContentsInMemory) {
  auto writer = store().write();
  ASSERT_TRUE(writer->write("small").ok());
  const Content content = writer->finish().value();
  ASSERT_NE(content.bytes, nullptr);
  EXPECT_EQ(*content.bytes, "small");
}

TEST_P(StoreAccept, DeletesLargeContentsThatNoMessageNames) {
  auto writer = store().write();
  ASSERT_TRUE(writer->write(std::string(100'000, 'x')).ok());
  const Content content = writer->finish().value();
  harness_->close_and_reopen();
  EXPECT_EQ(text_of(content), "error content.gone");
}

TEST_P(StoreAccept, CopiesBytesOfAnotherMessageThatItCarries) {
  const Accept original = accepting({}, "the original");
  get<AcceptDone>(original);
  clock_.advance(std::chrono::hours{48});
  Accept notice = accepting();
  notice.message.parts[0].content = stored(original.message.id).message.parts[0].content;
  notice.message.parts[0].content.bytes.reset();
  get<AcceptDone>(notice);
  get<Purged>(Purge{clock_.wall(), clock_.wall() - std::chrono::hours{24}, WallTime{}, WallTime{}, 100});
  EXPECT_EQ(text_of(stored(notice.message.id).message.parts[0].content), "the original");
}

TEST_P(StoreAccept, ConsumesAWakeupOnce) {
  NewDelivery made = to("out");
  made.wakeups.push_back({clock_.wall(), WakeupKind::escalate, 1});
  const DeliveryId id = queue(made);
  Accept notice = accepting();
  notice.consumes = WakeupKey{id, WakeupKind::escalate, 1};
  get<AcceptDone>(notice);
  Accept again = accepting();
  again.consumes = notice.consumes;
  EXPECT_EQ(refusal(again), "wakeup.gone");
  EXPECT_FALSE(reader()->message(again.message.id).value().has_value());
}

}  // namespace sluis::test
