// What a channel that receives owes: nothing is lost between the peer and the intake, and nothing is taken for new
// twice.
#include <algorithm>

#include "core/channel/conformance/bench.h"

namespace sluis::conformance {

namespace {

// Once every message is committed and gone from the peer.
void expect_taken_over(Bench& bench, std::size_t messages) {
  EXPECT_TRUE(eventually([&] { return bench.committed().size() >= messages; }))
      << bench.committed().size() << " were handed in: " << bench.visible();
  EXPECT_TRUE(eventually([&] { return bench.rig->offered("acme") == 0; }))
      << "the peer still has what the intake has made durable";
  EXPECT_EQ(bench.committed().size(), messages) << "each message is one";
}

void hands_in_what_the_peer_has(const Subject& subject) {
  Bench bench(subject);
  bench.rig->offer("acme", "letter-1");
  bench.start();
  expect_taken_over(bench, 1);
  const auto arrivals = bench.committed();
  ASSERT_FALSE(arrivals.empty());
  const Arrival& arrival = arrivals.front();
  EXPECT_TRUE(carries(arrival, "letter-1", bench.context().content())) << "no part has the bytes";
  EXPECT_TRUE(arrival.key.has_value()) << "without a key a crash makes two messages of one";
  EXPECT_EQ(arrival.from.channel, bench.rig->config().name);
  EXPECT_EQ(arrival.from.customer, "acme");
}

void two_messages_of_the_same_bytes_are_two(const Subject& subject) {
  Bench bench(subject);
  bench.rig->offer("acme", "letter");
  bench.rig->offer("acme", "letter");
  bench.start();
  expect_taken_over(bench, 2);
}

void keeps_the_peers_copy_until_the_intake_has_answered(const Subject& subject) {
  Bench bench(subject);
  bench.context().hold = true;
  bench.rig->offer("acme", "letter-1");
  bench.start();
  ASSERT_TRUE(eventually([&] { return !bench.context().arrivals().empty(); }));
  EXPECT_TRUE(stays([&] { return bench.rig->offered("acme") == 1; })) << "nobody has said that it is durable";
  bench.context().release_arrivals();
  EXPECT_TRUE(eventually([&] { return bench.rig->offered("acme") == 0; }));
}

void keeps_the_peers_copy_when_the_intake_refuses_for_now(const Subject& subject) {
  Bench bench(subject);
  bench.context().intake(tests::IntakeMode::refuse_for_now);
  bench.rig->offer("acme", "letter-1");
  bench.start();
  ASSERT_TRUE(eventually([&] { return !bench.context().arrivals().empty(); }));
  EXPECT_TRUE(stays([&] { return bench.rig->offered("acme") == 1; })) << "the store is full: this was the only copy";
  bench.context().intake(tests::IntakeMode::accept);
  expect_taken_over(bench, 1);
}

void a_crash_before_the_commit_loses_nothing(const Subject& subject) {
  Bench bench(subject);
  bench.context().intake(tests::IntakeMode::lose);
  bench.rig->offer("acme", "letter-1");
  bench.start();
  ASSERT_TRUE(eventually([&] { return !bench.context().arrivals().empty(); }));
  bench.crash();
  ASSERT_EQ(bench.rig->offered("acme"), 1U) << "nothing was durable: this was the only copy";
  bench.start();
  expect_taken_over(bench, 1);
}

void a_crash_after_the_commit_doubles_nothing(const Subject& subject) {
  Bench bench(subject);
  bench.context().intake(tests::IntakeMode::commit_in_silence);
  bench.rig->offer("acme", "letter-1");
  bench.start();
  ASSERT_TRUE(eventually([&] { return bench.committed().size() == 1; }));
  bench.crash();
  bench.start();
  expect_taken_over(bench, 1);
}

void picks_up_for_an_account_that_a_reload_added(const Subject& subject) {
  Bench bench(subject);
  bench.start();
  bench.add_account("bolt");
  bench.rig->offer("bolt", "letter-1");
  EXPECT_TRUE(eventually([&] { return bench.rig->offered("bolt") == 0; }));
  ASSERT_EQ(bench.committed().size(), 1U);
  EXPECT_EQ(bench.committed().front().from.customer, "bolt");
}

void leaves_an_account_that_a_reload_removed_alone(const Subject& subject) {
  Bench bench(subject);
  bench.start();
  bench.add_account("bolt");
  // Both are served before one goes, so that what is under way is not what is looked at.
  bench.rig->offer("acme", "letter-1");
  bench.rig->offer("bolt", "letter-2");
  ASSERT_TRUE(eventually([&] { return bench.rig->offered("acme") + bench.rig->offered("bolt") == 0; }));
  bench.remove_account("acme");
  bench.turn();
  EXPECT_TRUE(stays([] { return true; }));  // a visit that was under way ends
  bench.rig->offer("acme", "letter-3");
  bench.rig->offer("bolt", "letter-4");
  EXPECT_TRUE(eventually([&] { return bench.rig->offered("bolt") == 0; })) << "the other account is served on";
  EXPECT_TRUE(stays([&] { return bench.rig->offered("acme") == 1; })) << "its mailbox is no longer ours";
}

}  // namespace

std::vector<Case> receiving_cases() {
  const auto receives = [](const Subject& subject) { return subject.receives; };
  return {
      {"HandsInWhatThePeerHas", receives, hands_in_what_the_peer_has},
      {"TwoMessagesOfTheSameBytesAreTwo", receives, two_messages_of_the_same_bytes_are_two},
      {"KeepsThePeersCopyUntilTheIntakeHasAnswered", receives, keeps_the_peers_copy_until_the_intake_has_answered},
      {"KeepsThePeersCopyWhenTheIntakeRefusesForNow", receives, keeps_the_peers_copy_when_the_intake_refuses_for_now},
      {"ACrashBeforeTheCommitLosesNothing", receives, a_crash_before_the_commit_loses_nothing},
      {"ACrashAfterTheCommitDoublesNothing", receives, a_crash_after_the_commit_doubles_nothing},
      {"PicksUpForAnAccountThatAReloadAdded", receives, picks_up_for_an_account_that_a_reload_added},
      {"LeavesAnAccountThatAReloadRemovedAlone", receives, leaves_an_account_that_a_reload_removed_alone},
  };
}

}  // namespace sluis::conformance
