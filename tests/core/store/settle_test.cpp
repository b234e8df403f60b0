#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreSettle, SettlesByTheIdentityReference) {
  const DeliveryId id = queue(to("out", "acme", "<1@x>"));
  attempt(id, DeliveryState::awaiting);
  const auto settled = get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  ASSERT_EQ(settled.each.size(), 1U);
  EXPECT_TRUE(settled.each[0].ok());
  EXPECT_EQ(state(id), DeliveryState::delivered);
  EXPECT_EQ(delivery(id).receipt->text, "it has come");
}

TEST_P(StoreSettle, SettlesByDeliveryNumber) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::awaiting);
  get<Settled>(Settle{{Settlement{id, Delivered{}}}, clock_.wall()});
  EXPECT_EQ(state(id), DeliveryState::delivered);
}

TEST_P(StoreSettle, SaysWhenNothingCarriesTheReference) {
  const auto settled = get<Settled>(Settle{{settlement("nobody")}, clock_.wall()});
  EXPECT_EQ(settled.each.at(0).error().code, "settle.unknown");
}

TEST_P(StoreSettle, NotesOnTheArrivingMessageThatItSettlesNothingKnown) {
  Accept accept = accepting();
  accept.settles.push_back(settlement("nobody"));
  get<AcceptDone>(accept);
  const auto timeline = reader()->timeline(accept.message.id).value();
  EXPECT_NE(timeline.back().entry.text.find("settles nothing known"), std::string::npos);
}

TEST_P(StoreSettle, LateProofDeliversWhatIsOpenOrGivenUp) {
  const auto settle_from = [this](const std::function<void(DeliveryId)>& bring) {
    const std::string ref = ids_.next().text();
    const DeliveryId id = queue(to("out", "acme", ref));
    bring(id);
    get<Settled>(Settle{{settlement(ref)}, clock_.wall()});
    return state(id);
  };
  EXPECT_EQ(settle_from([](DeliveryId) {}), DeliveryState::delivered);
  EXPECT_EQ(settle_from([this](DeliveryId id) { begin(id); }), DeliveryState::delivered);
  EXPECT_EQ(settle_from([this](DeliveryId id) { attempt(id, DeliveryState::held); }), DeliveryState::delivered);
  EXPECT_EQ(settle_from([this](DeliveryId id) { attempt(id, DeliveryState::rejected); }), DeliveryState::delivered);
  EXPECT_EQ(settle_from([this](DeliveryId id) { get<Operated>(operation<Operate::Expire>(id)); }),
            DeliveryState::delivered);
  EXPECT_EQ(settle_from([this](DeliveryId id) { get<Operated>(operation<Operate::Cancel>(id)); }),
            DeliveryState::cancelled);
}

TEST_P(StoreSettle, ADsnTurnsDeliveredIntoRejected) {
  const DeliveryId id = queue(to("out", "acme", "<1@x>"));
  attempt(id, DeliveryState::delivered);
  get<Settled>(Settle{{settlement("<1@x>", false)}, clock_.wall()});
  EXPECT_EQ(state(id), DeliveryState::rejected);
  EXPECT_EQ(delivery(id).reason, "550 5.1.1 no such box");
}

TEST_P(StoreSettle, RefusesProofForACancelledOneAndKeepsItOnTheTimeline) {
  const Accept accept = accepting({to("out", "acme", "<1@x>")});
  const DeliveryId id = get<AcceptDone>(accept).deliveries.at(0);
  get<Operated>(operation<Operate::Cancel>(id));
  EXPECT_EQ(get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()}).each.at(0).error().code, "settle.refused");
  EXPECT_EQ(events(accept.message.id).back(), "settle-refused");
}

TEST_P(StoreSettle, IsIdempotent) {
  const Accept accept = accepting({to("out", "acme", "<1@x>")});
  get<AcceptDone>(accept);
  get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  const auto before = events(accept.message.id);
  EXPECT_TRUE(get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()}).each.at(0).ok());
  EXPECT_EQ(events(accept.message.id), before);
}

TEST_P(StoreSettle, NotesADelayWithoutChangingTheState) {
  const Accept accept = accepting({to("out", "acme", "<1@x>")});
  const DeliveryId id = get<AcceptDone>(accept).deliveries.at(0);
  get<Settled>(Settle{{Settlement{reference("<1@x>"), Noted{"delayed"}}}, clock_.wall()});
  EXPECT_EQ(state(id), DeliveryState::queued);
  EXPECT_EQ(events(accept.message.id).back(), "noted");
}

TEST_P(StoreSettle, TellsTheEngineWhatWasSettledElsewhere) {
  std::vector<DeliveryId> told;
  store().on_change([&told](const StoreChanges& changes) {
    told.insert(told.end(), changes.settled_elsewhere.begin(), changes.settled_elsewhere.end());
  });
  const DeliveryId id = queue(to("out", "acme", "<1@x>"));
  begin(id);
  get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  EXPECT_EQ(told, std::vector<DeliveryId>{id});
}

TEST_P(StoreSettle, MeansTheOpenOneOfSeveralWithOneIdentity) {
  const DeliveryId first = queue(to("out", "acme", "<1@x>"));
  get<Operated>(operation<Operate::Expire>(first));
  const DeliveryId again = *get<Operated>(operation<Operate::Resend>(first)).delivery;
  get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  EXPECT_EQ(state(first), DeliveryState::expired);
  EXPECT_EQ(state(again), DeliveryState::delivered);
}

TEST_P(StoreSettle, AnAnswerSettlesInTheCommitOfItsArrival) {
  NewDelivery made = to("out", "acme", "ref 1");
  made.settled_by_answer = true;
  const DeliveryId id = queue(made);
  attempt(id, DeliveryState::awaiting);
  EXPECT_TRUE(delivery(id).settled_by_answer);
  Accept answer = accepting();
  answer.settles.push_back(settlement("ref 1", false));
  get<AcceptDone>(answer);
  EXPECT_EQ(state(id), DeliveryState::rejected);
}

}  // namespace sluis::test
