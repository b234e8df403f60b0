#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreOperate, ReleasesAHeldDeliveryDueNow) {
  NewDelivery made = to("out");
  made.hold = "look first";
  const DeliveryId id = queue(made);
  EXPECT_EQ(delivery(id).reason, "look first");
  clock_.advance(std::chrono::hours{1});
  get<Operated>(operation<Operate::Release>(id));
  EXPECT_EQ(claim(1), std::vector<DeliveryId>{id});
  EXPECT_EQ(delivery(id).due_at, clock_.wall());
}

TEST_P(StoreOperate, RefusesToReleaseWhatIsNotHeld) {
  EXPECT_EQ(refusal(operation<Operate::Release>(queue())), "delivery.state");
}

TEST_P(StoreOperate, CancelsWhatIsOpenAndOnlyOnce) {
  const DeliveryId id = queue();
  get<Operated>(operation<Operate::Cancel>(id));
  EXPECT_EQ(state(id), DeliveryState::cancelled);
  EXPECT_TRUE(get<Operated>(operation<Operate::Cancel>(id)).already);
}

TEST_P(StoreOperate, DoesNotCancelWhatIsWithThePeerInDoubtOrDone) {
  const DeliveryId id = queue();
  begin(id);
  EXPECT_EQ(refusal(operation<Operate::Cancel>(id)), "delivery.sending");
  Finish doubtful;
  doubtful.delivery = id;
  doubtful.attempt = 1;
  doubtful.in_doubt = true;
  get<Finished>(doubtful);
  EXPECT_EQ(refusal(operation<Operate::Cancel>(id)), "delivery.in-doubt");
  get<Operated>(operation<Operate::Cancel>(id, {false, true}));
  const DeliveryId done = queue();
  attempt(done, DeliveryState::delivered);
  EXPECT_EQ(refusal(operation<Operate::Cancel>(done)), "delivery.state");
}

TEST_P(StoreOperate, SaysWhoDidItAndWhy) {
  const Accept accept = accepting({to("out")});
  Operate hold = operation<Operate::Hold>(get<AcceptDone>(accept).deliveries.at(0));
  hold.reason = "the broker rang";
  get<Operated>(hold);
  const auto timeline = reader()->timeline(accept.message.id).value();
  EXPECT_EQ(timeline.back().entry.event, "held");
  EXPECT_EQ(timeline.back().entry.text, "the broker rang");
  EXPECT_EQ(timeline.back().entry.details.get("by"), "operator root");
}

TEST_P(StoreOperate, ResendsAFinalDeliveryWithItsIdentity) {
  NewDelivery made = to("out", "acme", "<1@x>");
  made.wakeups.push_back({clock_.wall() + std::chrono::hours{1}, WakeupKind::expire, 0});
  const DeliveryId id = queue(made);
  EXPECT_EQ(refusal(operation<Operate::Resend>(id)), "delivery.open");
  attempt(id, DeliveryState::rejected);
  clock_.advance(std::chrono::hours{5});
  const DeliveryId again = *get<Operated>(operation<Operate::Resend>(id)).delivery;
  EXPECT_NE(again, id);
  EXPECT_EQ(delivery(again).delivery.identity.value, "<1@x>");
  EXPECT_EQ(delivery(again).resend_of, id);
  EXPECT_EQ(delivery(id).resent_as, again);
  EXPECT_EQ(reader()->next_wakeup().value(), clock_.wall() + std::chrono::hours{1});
}

TEST_P(StoreOperate, ResendPressedTwiceIsOne) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::delivered);
  const auto first = get<Operated>(operation<Operate::Resend>(id));
  const auto second = get<Operated>(operation<Operate::Resend>(id));
  EXPECT_FALSE(first.already);
  EXPECT_TRUE(second.already);
  EXPECT_EQ(first.delivery, second.delivery);
  attempt(*first.delivery, DeliveryState::delivered);
  EXPECT_FALSE(get<Operated>(operation<Operate::Resend>(id)).already);
}

TEST_P(StoreOperate, ResendsAsNewWithAnotherIdentity) {
  const DeliveryId id = queue(to("out", "acme", "<1@x>"));
  attempt(id, DeliveryState::delivered);
  const auto done = get<Operated>(operation<Operate::Resend>(id, {Identity{"<2@x>", {reference("<2@x>")}}}));
  EXPECT_EQ(delivery(*done.delivery).delivery.identity.value, "<2@x>");
  EXPECT_EQ(reader()->find(reference("<2@x>")).value().at(0).delivery, done.delivery);
}

TEST_P(StoreOperate, ExpiresWhatIsNotSettledButNotWhatIsSending) {
  const DeliveryId id = queue();
  begin(id);
  EXPECT_EQ(refusal(operation<Operate::Expire>(id)), "delivery.sending");
  finish(id, DeliveryState::awaiting);
  get<Operated>(operation<Operate::Expire>(id));
  EXPECT_EQ(state(id), DeliveryState::expired);
}

TEST_P(StoreOperate, KeepsTheTimerOfARefusedOperation) {
  NewDelivery made = to("out");
  made.wakeups.push_back({clock_.wall(), WakeupKind::expire, 0});
  const DeliveryId id = queue(made);
  begin(id);
  Operate expire = operation<Operate::Expire>(id);
  expire.consumes = WakeupKey{id, WakeupKind::expire, 0};
  EXPECT_EQ(refusal(expire), "delivery.sending");
  finish(id, DeliveryState::queued);
  EXPECT_EQ(refusal(expire), "");
  EXPECT_EQ(refusal(expire), "wakeup.gone");
}

TEST_P(StoreOperate, QueuesAgainInDoubtWhenTheProofIsOverdue) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::awaiting);
  get<Operated>(operation(id, Operate::Requeue{clock_.wall() + std::chrono::minutes{5}}));
  EXPECT_EQ(state(id), DeliveryState::queued);
  EXPECT_TRUE(delivery(id).delivery.in_doubt);
  EXPECT_EQ(delivery(id).due_at, clock_.wall() + std::chrono::minutes{5});
}

TEST_P(StoreOperate, RoutesAHeldMessageAtLast) {
  Accept accept = accepting();
  accept.message.customer.clear();
  accept.held = "no route matched";
  get<AcceptDone>(accept);
  Operate route;
  route.what = Operate::RouteHeld{{to("out")}, "acme"};
  route.message = accept.message.id;
  route.at = clock_.wall();
  EXPECT_EQ(get<Operated>(route).created.size(), 1U);
  const MessageRecord record = stored(accept.message.id);
  EXPECT_EQ(record.held, "");
  EXPECT_EQ(record.message.customer, "acme");
  EXPECT_EQ(record.deliveries.size(), 1U);
  EXPECT_EQ(refusal(route), "message.state");
  EXPECT_TRUE(findings().empty());
}

TEST_P(StoreOperate, NotesOnce) {
  const Accept accept = accepting({to("out")});
  Operate note = operation<Operate::Note>(get<AcceptDone>(accept).deliveries.at(0), {true});
  note.reason = "escalation step 1";
  get<Operated>(note);
  EXPECT_TRUE(get<Operated>(note).already);
  EXPECT_EQ(events(accept.message.id), (std::vector<std::string>{"accepted", "note"}));
}

TEST_P(StoreOperate, ConsumesATimerAndOpensIncidents) {
  NewDelivery made = to("out");
  made.wakeups.push_back({clock_.wall(), WakeupKind::reply, 0});
  const DeliveryId id = queue(made);
  Operate consume = operation<Operate::Consume>(id);
  consume.consumes = WakeupKey{id, WakeupKind::reply, 0};
  consume.incidents.push_back(
      {IncidentAction::open, "out/silent", Severity::critical, "no reply", "out", "acme", std::nullopt, clock_.wall()});
  get<Operated>(consume);
  EXPECT_FALSE(reader()->next_wakeup().value().has_value());
  EXPECT_EQ(reader()->incidents(true, 10).value().size(), 1U);
}

}  // namespace sluis::test
