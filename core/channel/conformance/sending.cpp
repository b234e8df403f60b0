// What a channel that sends owes: an outcome for everything the peer may do, each attempt ended once, the same
// identity.
#include <algorithm>
#include <future>

#include "core/channel/conformance/bench.h"

namespace sluis::conformance {

namespace {

const Retry* retry_of(const Outcome& outcome) {
  return std::get_if<Retry>(&outcome.verdict);
}

void expect_taken(const Subject& subject, const Outcome& outcome) {
  if (subject.hands_over) {
    EXPECT_TRUE(std::holds_alternative<HandedOver>(outcome.verdict)) << describe(outcome);
  } else {
    EXPECT_TRUE(std::holds_alternative<Delivered>(outcome.verdict)) << describe(outcome);
  }
}

void expect_retry(const Outcome& outcome, Retry::Scope scope) {
  const Retry* const retry = retry_of(outcome);
  ASSERT_NE(retry, nullptr) << describe(outcome);
  EXPECT_EQ(retry->scope, scope) << describe(outcome);
  EXPECT_FALSE(retry->in_doubt) << "the peer has said no: there is no doubt: " << describe(outcome);
  EXPECT_FALSE(retry->reason.code.empty() || retry->reason.what.empty()) << "a reason has a code and words";
}

void delivers_what_the_peer_takes(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  const Outcome outcome = bench.deliver(bench.delivery("parcel-1"));
  expect_taken(subject, outcome);
  if (const auto* delivered = std::get_if<Delivered>(&outcome.verdict)) {
    EXPECT_FALSE(delivered->receipt.text.empty()) << "the peer's words are the proof";
  }
  EXPECT_EQ(bodies(bench.rig->taken()), std::vector<std::string>{"parcel-1"});
}

void a_final_no_is_rejected(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::refuse_for_good);
  bench.start();
  const Outcome outcome = bench.deliver(bench.delivery("parcel-1"));
  const auto* rejected = std::get_if<Rejected>(&outcome.verdict);
  ASSERT_NE(rejected, nullptr) << describe(outcome);
  EXPECT_FALSE(rejected->code.empty() || rejected->reason.empty()) << "the customer is told the peer's code and words";
  EXPECT_TRUE(bench.rig->taken().empty());
}

void a_temporary_no_is_a_retry_of_the_message(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::refuse_for_now);
  bench.start();
  const auto delivery = bench.delivery("parcel-1");
  expect_retry(bench.deliver(delivery), Retry::Scope::message);
  bench.rig->behave(Demand::take);
  expect_taken(subject, bench.deliver(delivery));
}

void a_no_to_the_account_pauses_the_account(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::refuse_account);
  bench.start();
  const auto delivery = bench.delivery("parcel-1");
  expect_retry(bench.deliver(delivery), Retry::Scope::account);
  EXPECT_TRUE(bench.rig->taken().empty());
  bench.rig->behave(Demand::take);
  expect_taken(subject, bench.deliver(delivery));
}

void a_peer_that_is_away_pauses_the_channel(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::refuse_everyone);
  bench.start();
  expect_retry(bench.deliver(bench.delivery("parcel-1")), Retry::Scope::channel);
}

void what_only_a_human_mends_is_held(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::need_a_human);
  bench.start();
  const Outcome outcome = bench.deliver(bench.delivery("parcel-1"));
  const auto* held = std::get_if<Held>(&outcome.verdict);
  ASSERT_NE(held, nullptr) << describe(outcome);
  EXPECT_FALSE(held->reason.empty()) << "the human is told what to decide";
}

void an_answer_that_is_lost_is_in_doubt(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::lose_the_answer);
  bench.start();
  const Outcome outcome = bench.deliver(bench.delivery("parcel-1"));
  const Retry* const retry = retry_of(outcome);
  ASSERT_NE(retry, nullptr) << describe(outcome);
  EXPECT_TRUE(retry->in_doubt) << "the peer may have it: " << describe(outcome);
}

void goes_out_again_under_the_same_identity(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::lose_the_answer);
  bench.start();
  const auto delivery = bench.delivery("parcel-1");
  static_cast<void>(bench.deliver(delivery));
  // The process may have been started anew in between.
  bench.crash();
  bench.rig->behave(Demand::take);
  bench.start();
  expect_taken(subject, bench.deliver(delivery));
  const auto taken = bench.rig->taken();
  ASSERT_FALSE(taken.empty());
  for (const Copy& copy : taken) {
    EXPECT_EQ(copy.identity, taken.front().identity) << "by this the peer knows that it has it already";
    EXPECT_EQ(copy.body, taken.front().body);
  }
}

void identity_is_the_same_on_every_call(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  const auto first = bench.rig->delivery("acme", "parcel-1");
  const auto second = bench.rig->delivery("acme", "parcel-2");
  first->destination.channel = second->destination.channel = bench.rig->config().name;
  const Identity one = bench.channel().identify(*first);
  for (int i = 0; i < 3; ++i) {
    const Identity again = bench.channel().identify(*first);
    EXPECT_EQ(again.value, one.value);
    EXPECT_EQ(again.references, one.references);
  }
  EXPECT_TRUE(one.value.empty() || bench.channel().identify(*second).value != one.value)
      << "two messages have two identities";
  // Asked again after a restart, and beside another channel object, it is the same.
  const auto other = bench.make();
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->identify(*first).value, one.value);
  EXPECT_TRUE(bench.rig->taken().empty()) << "identify() is a pure function";
}

void every_one_of_many_attempts_ends_once(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  bench.add_account("bolt");
  std::vector<EndsPtr> all;
  std::vector<std::string> expected;
  for (int i = 0; i < 30; ++i) {
    const std::string body = "parcel-" + std::to_string(i);
    expected.push_back(body);
    all.push_back(bench.begin(bench.delivery(body, i % 3 == 0 ? "bolt" : "acme")));
  }
  ASSERT_TRUE(eventually(
      [&] { return std::all_of(all.begin(), all.end(), [](const auto& ends) { return ends->count() > 0; }); }));
  bench.stop();
  for (const auto& ends : all) {
    EXPECT_EQ(ends->count(), 1);
    EXPECT_FALSE(ends->dropped());
    expect_taken(subject, ends->first());
  }
  auto taken = bodies(bench.rig->taken());
  std::sort(taken.begin(), taken.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(taken, expected) << "each once";
}

void a_cancelled_attempt_ends_once_and_sends_nothing(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  const EndsPtr ends = bench.begin(bench.delivery("parcel-1"), true);
  ASSERT_TRUE(eventually([&] { return ends->count() > 0; })) << "the attempt did not end";
  bench.stop();
  EXPECT_EQ(ends->count(), 1);
  EXPECT_FALSE(ends->dropped());
  ASSERT_NE(retry_of(ends->first()), nullptr) << "cancelled before the first byte: " << describe(ends->first());
  EXPECT_FALSE(retry_of(ends->first())->in_doubt);
  EXPECT_TRUE(bench.rig->taken().empty());
}

void a_customer_without_account_is_no_loss(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  const Outcome outcome = bench.deliver(bench.delivery("parcel-1", "nobody"));
  EXPECT_TRUE(retry_of(outcome) != nullptr || std::holds_alternative<Held>(outcome.verdict)) << describe(outcome);
  EXPECT_TRUE(bench.rig->taken().empty()) << "it went out under somebody else's account";
}

void delivers_for_an_account_that_a_reload_added(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  expect_taken(subject, bench.deliver(bench.delivery("parcel-1")));
  bench.add_account("bolt");
  expect_taken(subject, bench.deliver(bench.delivery("parcel-2", "bolt")));
}

void deliver_returns_while_the_peer_hangs(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::hang);
  bench.start();
  // deliver() is called as the engine calls it: on a loop, which must go on turning.
  net::LoopSettings settings;
  settings.stall_threshold = 400ms;
  net::LoopGroup engine(bench.clock, 1, settings);
  const auto done = std::make_shared<std::promise<void>>();
  std::vector<std::shared_ptr<Delivery>> deliveries;
  for (int i = 0; i < 10; ++i) deliveries.push_back(bench.delivery("parcel-" + std::to_string(i)));
  std::vector<EndsPtr> all;
  engine.at(0).post([&, done] {
    for (const auto& delivery : deliveries) all.push_back(bench.begin(delivery));
    done->set_value();
  });
  done->get_future().wait();
  EXPECT_TRUE(eventually([&] { return bench.rig->hanging() > 0; })) << "the peer never saw a delivery";
  bench.turn();
  EXPECT_EQ(engine.at(0).stalls(), 0U) << "deliver() waited for something: it is called on an event loop";
  bench.stop(100ms);
  engine.stop();
}

void stop_ends_everything_at_its_deadline(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::hang);
  bench.start();
  std::vector<EndsPtr> all;
  for (int i = 0; i < 5; ++i) all.push_back(bench.begin(bench.delivery("parcel-" + std::to_string(i))));
  ASSERT_TRUE(eventually([&] { return bench.rig->hanging() > 0; })) << "the peer never saw a delivery";
  const MonoTime began = bench.clock.mono();
  bench.stop(200ms);
  EXPECT_LT(bench.clock.mono() - began, 2s) << "stop() took much longer than its deadline";
  for (const auto& ends : all) {
    EXPECT_EQ(ends->count(), 1) << "after stop() has returned no attempt is out";
    EXPECT_FALSE(ends->dropped());
    EXPECT_NE(retry_of(ends->first()), nullptr) << describe(ends->first());
  }
}

void an_attempt_that_comes_after_stop_ends(const Subject& subject) {
  Bench bench(subject);
  bench.rig->behave(Demand::take);
  bench.start();
  const auto delivery = bench.delivery("parcel-1");
  bench.stop();
  const Outcome outcome = bench.deliver(delivery);
  ASSERT_NE(retry_of(outcome), nullptr) << describe(outcome);
  EXPECT_FALSE(retry_of(outcome)->in_doubt);
  EXPECT_TRUE(bench.rig->taken().empty());
}

}  // namespace

std::vector<Case> sending_cases() {
  return {
      {"DeliversWhatThePeerTakes", can<Demand::take>, delivers_what_the_peer_takes},
      {"AFinalNoIsRejected", can<Demand::refuse_for_good>, a_final_no_is_rejected},
      {"ATemporaryNoIsARetryOfTheMessage", can<Demand::refuse_for_now, Demand::take>,
       a_temporary_no_is_a_retry_of_the_message},
      {"ANoToTheAccountPausesTheAccount", can<Demand::refuse_account, Demand::take>,
       a_no_to_the_account_pauses_the_account},
      {"APeerThatIsAwayPausesTheChannel", can<Demand::refuse_everyone>, a_peer_that_is_away_pauses_the_channel},
      {"WhatOnlyAHumanMendsIsHeld", can<Demand::need_a_human>, what_only_a_human_mends_is_held},
      {"AnAnswerThatIsLostIsInDoubt", can<Demand::lose_the_answer>, an_answer_that_is_lost_is_in_doubt},
      {"GoesOutAgainUnderTheSameIdentity", can<Demand::lose_the_answer, Demand::take>,
       goes_out_again_under_the_same_identity},
      {"IdentityIsTheSameOnEveryCall", can<Demand::take>, identity_is_the_same_on_every_call},
      {"EveryOneOfManyAttemptsEndsOnce", can<Demand::take>, every_one_of_many_attempts_ends_once},
      {"ACancelledAttemptEndsOnceAndSendsNothing", can<Demand::take>, a_cancelled_attempt_ends_once_and_sends_nothing},
      {"ACustomerWithoutAccountIsNoLoss", can<Demand::take>, a_customer_without_account_is_no_loss},
      {"DeliversForAnAccountThatAReloadAdded", can<Demand::take>, delivers_for_an_account_that_a_reload_added},
      {"DeliverReturnsWhileThePeerHangs", can<Demand::hang>, deliver_returns_while_the_peer_hangs},
      {"StopEndsEverythingAtItsDeadline", can<Demand::hang>, stop_ends_everything_at_its_deadline},
      {"AnAttemptThatComesAfterStopEnds", can<Demand::take>, an_attempt_that_comes_after_stop_ends},
  };
}

}  // namespace sluis::conformance
