#include "tests/core/store/store_test.h"

namespace sluis::test {

namespace {

NewDelivery in_lane(NewDelivery made, bool first = false) {
  made.lane = "vessel 7";
  made.lane_closes_on_refusal = true;
  made.lane_first = first;
  return made;
}

}  // namespace

TEST_P(StoreLane, OnlyTheHeadIsDue) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  const DeliveryId third = queue(in_lane(to("out")));
  EXPECT_EQ(claim(10), std::vector<DeliveryId>{first});
  EXPECT_EQ(state(second), DeliveryState::blocked);
  EXPECT_EQ(delivery(second).behind, first);
  EXPECT_EQ(delivery(third).behind, second);
}

TEST_P(StoreLane, MovesOnWhenTheHeadSettles) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  const DeliveryId third = queue(in_lane(to("out")));
  attempt(first, DeliveryState::delivered);
  EXPECT_EQ(state(second), DeliveryState::queued);
  EXPECT_EQ(state(third), DeliveryState::blocked);
}

TEST_P(StoreLane, KeepsOrderWhileTheHeadRetriesWaitsOrIsHeld) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::queued);
  EXPECT_EQ(state(second), DeliveryState::blocked);
  attempt(first, DeliveryState::awaiting);
  EXPECT_EQ(state(second), DeliveryState::blocked);
  get<Operated>(operation(first, Operate::Requeue{clock_.wall()}));
  attempt(first, DeliveryState::held);
  EXPECT_EQ(state(second), DeliveryState::blocked);
}

TEST_P(StoreLane, CancelledAndExpiredHeadsLetTheNextGo) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  const DeliveryId third = queue(in_lane(to("out")));
  get<Operated>(operation<Operate::Cancel>(first));
  EXPECT_EQ(state(second), DeliveryState::queued);
  get<Operated>(operation<Operate::Expire>(second));
  EXPECT_EQ(state(third), DeliveryState::queued);
}

TEST_P(StoreLane, RelinksWhenOneInTheMiddleIsCancelled) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  const DeliveryId third = queue(in_lane(to("out")));
  get<Operated>(operation<Operate::Cancel>(second));
  EXPECT_EQ(delivery(third).behind, first);
  attempt(first, DeliveryState::delivered);
  EXPECT_EQ(state(third), DeliveryState::queued);
}

TEST_P(StoreLane, GivesTheTailBackWhenTheLastOneIsCancelled) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  get<Operated>(operation<Operate::Cancel>(second));
  EXPECT_EQ(delivery(queue(in_lane(to("out")))).behind, first);
}

TEST_P(StoreLane, StartsAnewWhenAllAreSettled) {
  attempt(queue(in_lane(to("out"))), DeliveryState::delivered);
  EXPECT_EQ(state(queue(in_lane(to("out")))), DeliveryState::queued);
}

TEST_P(StoreLane, ARefusedHeadClosesTheLane) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  EXPECT_TRUE(delivery(first).lane_closed);
  EXPECT_EQ(state(second), DeliveryState::blocked);
  EXPECT_EQ(state(queue(in_lane(to("out")))), DeliveryState::blocked);
}

TEST_P(StoreLane, ARefusedAnswerClosesTheLaneToo) {
  NewDelivery made = in_lane(to("out", "acme", "ref 1"));
  made.settled_by_answer = true;
  const DeliveryId first = queue(made);
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::awaiting);
  Accept answer = accepting();
  answer.settles.push_back(settlement("ref 1", false));
  get<AcceptDone>(answer);
  EXPECT_TRUE(delivery(first).lane_closed);
  EXPECT_EQ(state(second), DeliveryState::blocked);
}

TEST_P(StoreLane, ARefusedHeadLetsTheNextGoWhereThePolicySaysSo) {
  NewDelivery made = in_lane(to("out"));
  made.lane_closes_on_refusal = false;
  const DeliveryId first = queue(made);
  const DeliveryId second = queue(made);
  attempt(first, DeliveryState::rejected);
  EXPECT_EQ(state(second), DeliveryState::queued);
}

TEST_P(StoreLane, GoOnOpensAClosedLane) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  get<Operated>(operation<Operate::GoOn>(first));
  EXPECT_FALSE(delivery(first).lane_closed);
  EXPECT_EQ(state(second), DeliveryState::queued);
  EXPECT_TRUE(get<Operated>(operation<Operate::GoOn>(first)).already);
}

TEST_P(StoreLane, ADeliveredReplacementOpensAClosedLane) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  const DeliveryId replacement = queue(in_lane(to("out"), true));
  EXPECT_EQ(state(replacement), DeliveryState::queued);
  EXPECT_EQ(delivery(second).behind, replacement);
  attempt(replacement, DeliveryState::delivered);
  EXPECT_EQ(state(second), DeliveryState::queued);
  EXPECT_FALSE(delivery(first).lane_closed);
}

TEST_P(StoreLane, AResendOfTheRefusedOneIsItsReplacement) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  const DeliveryId again = *get<Operated>(operation<Operate::Resend>(first)).delivery;
  EXPECT_EQ(state(again), DeliveryState::queued);
  attempt(again, DeliveryState::delivered);
  EXPECT_EQ(state(second), DeliveryState::queued);
}

TEST_P(StoreLane, AReplacementThatIsGivenUpLeavesTheLaneClosed) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  const DeliveryId replacement = queue(in_lane(to("out"), true));
  get<Operated>(operation<Operate::Cancel>(replacement));
  EXPECT_EQ(state(second), DeliveryState::blocked);
  EXPECT_TRUE(delivery(first).lane_closed);
  get<Operated>(operation<Operate::GoOn>(first));
  EXPECT_EQ(state(second), DeliveryState::queued);
}

TEST_P(StoreLane, ARefusedReplacementKeepsTheLaneClosedInItsTurn) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  const DeliveryId replacement = queue(in_lane(to("out"), true));
  attempt(replacement, DeliveryState::rejected);
  EXPECT_FALSE(delivery(first).lane_closed);
  EXPECT_TRUE(delivery(replacement).lane_closed);
  get<Operated>(operation<Operate::GoOn>(replacement));
  EXPECT_EQ(state(second), DeliveryState::queued);
}

TEST_P(StoreLane, LateProofOfTheRefusedOneOpensTheLane) {
  const DeliveryId first = queue(in_lane(to("out", "acme", "<1@x>")));
  const DeliveryId second = queue(in_lane(to("out")));
  attempt(first, DeliveryState::rejected);
  get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  EXPECT_EQ(state(second), DeliveryState::queued);
}

TEST_P(StoreLane, AReplacementGoesBehindTheOneThatIsWithThePeerAndBeforeAllOthers) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  begin(first);
  const DeliveryId replacement = queue(in_lane(to("out"), true));
  EXPECT_EQ(delivery(replacement).behind, first);
  EXPECT_EQ(delivery(second).behind, replacement);
  finish(first, DeliveryState::rejected);
  EXPECT_EQ(state(replacement), DeliveryState::queued);
  EXPECT_EQ(state(second), DeliveryState::blocked);
}

TEST_P(StoreLane, AReplacementStepsInFrontOfAQueuedHead) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId replacement = queue(in_lane(to("out"), true));
  EXPECT_EQ(state(first), DeliveryState::blocked);
  EXPECT_EQ(claim(10), std::vector<DeliveryId>{replacement});
}

TEST_P(StoreLane, WaitsForLaneAndGates) {
  const DeliveryId first = queue(in_lane(to("out")));
  NewDelivery gated = in_lane(to("out"));
  gated.gates = {{Gate::OpenedBy::attribute, MessageId{}, "mrn"}};
  const DeliveryId second = queue(gated);
  attempt(first, DeliveryState::delivered);
  EXPECT_EQ(state(second), DeliveryState::blocked);
  get<Operated>(operation<Operate::OpenGate>(second));
  EXPECT_EQ(state(second), DeliveryState::queued);
}

TEST_P(StoreLane, AReleasedOneTakesItsPlaceAgain) {
  const DeliveryId first = queue(in_lane(to("out")));
  const DeliveryId second = queue(in_lane(to("out")));
  get<Operated>(operation<Operate::Hold>(second));
  get<Operated>(operation<Operate::Release>(second));
  EXPECT_EQ(state(second), DeliveryState::blocked);
  attempt(first, DeliveryState::delivered);
  EXPECT_EQ(state(second), DeliveryState::queued);
}

// Random pushes over one lane: at most one of it may leave at any time, and whoever is first can.
TEST_P(StoreLane, NeverHasTwoThatMayLeave) {
  SeededRandom random(7);
  SCOPED_TRACE("seed 7");
  std::vector<DeliveryId> all;
  for (int step = 0; step < 300; ++step) {
    const DeliveryId one = all.empty() ? DeliveryId{} : all[random.below(all.size())];
    switch (random.below(8)) {
      case 0:
      case 1: all.push_back(queue(in_lane(to("out"), random.below(4) == 0))); break;
      case 2: push(operation<Operate::Cancel>(one, {false, true})); break;
      case 3: push(operation<Operate::Hold>(one)); break;
      case 4: push(operation<Operate::Release>(one)); break;
      case 5: push(operation<Operate::GoOn>(one)); break;
      default: {
        constexpr DeliveryState ends[] = {DeliveryState::delivered, DeliveryState::queued, DeliveryState::rejected,
                                          DeliveryState::awaiting};
        const auto begun = run(Begin{one, clock_.wall()});
        if (begun.ok()) finish(one, ends[random.below(4)], std::get<Begun>(begun.value()).attempt);
      }
    }
    std::size_t may_leave = 0, blocked = 0, others = 0;
    const auto rows = [&] {
      std::vector<DeliveryRecord> records;
      auto read = reader();
      for (const DeliveryId id : all) records.push_back(*read->delivery(id).value());
      return records;
    }();
    for (const DeliveryRecord& row : rows) {
      if (row.state == DeliveryState::queued || row.state == DeliveryState::awaiting)
        ++may_leave;
      else if (row.state == DeliveryState::blocked)
        ++blocked;
      else if (row.state == DeliveryState::held || row.lane_closed)
        ++others;
    }
    ASSERT_LE(may_leave, 1U) << "step " << step;
    ASSERT_TRUE(blocked == 0 || may_leave + others > 0) << "step " << step << ": nobody is first";
  }
}

}  // namespace sluis::test
