#include <map>
#include <set>

#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreClaim, GivesDueDeliveriesOnceUntilTheyAreGivenBack) {
  const DeliveryId id = queue();
  EXPECT_EQ(claim(10), std::vector<DeliveryId>{id});
  EXPECT_TRUE(claim(10).empty());
  store().unclaim({id});
  EXPECT_EQ(claim(10), std::vector<DeliveryId>{id});
}

TEST_P(StoreClaim, GivesTheMessageWithTheDelivery) {
  const Accept accept = accepting({to("out")}, "bytes");
  get<AcceptDone>(accept);
  Holds holds;
  holds.channels.push_back({"out", 1, 0, {}});
  const auto claims = store().claim(holds, clock_.wall()).value();
  ASSERT_EQ(claims.size(), 1U);
  ASSERT_NE(claims[0].record.delivery.message, nullptr);
  EXPECT_EQ(claims[0].record.delivery.message->id, accept.message.id);
}

TEST_P(StoreClaim, GivesNothingBeforeItsTime) {
  NewDelivery later = to("out");
  later.due_at = clock_.wall() + std::chrono::seconds{1};
  const DeliveryId id = queue(later);
  EXPECT_TRUE(claim(10).empty());
  clock_.advance(std::chrono::seconds{1});
  EXPECT_EQ(claim(10), std::vector<DeliveryId>{id});
}

TEST_P(StoreClaim, GivesNothingForChannelsThatAreNotNamedOrHaveNoRoom) {
  queue(to("other"));
  queue();
  EXPECT_TRUE(claim(0).empty());
  EXPECT_EQ(claim(10).size(), 1U);
}

TEST_P(StoreClaim, LeavesClosedCustomersAlone) {
  queue(to("out", "acme"));
  const DeliveryId bravo = queue(to("out", "bravo"));
  EXPECT_EQ(claim(10, 0, {"acme"}), std::vector<DeliveryId>{bravo});
}

TEST_P(StoreClaim, LeavesClosedFlowsAlone) {
  const auto flow = [&](const char* name, const char* customer = "acme") {
    Accept accept = accepting({to("out", customer)});
    accept.message.attributes.set(attribute::flow, name);
    return get<AcceptDone>(accept).deliveries.at(0);
  };
  const DeliveryId exports = flow("customs/export");
  const DeliveryId log = flow("vessels/log");
  const DeliveryId imports = flow("customs/import");
  const DeliveryId of_bravo = flow("customs/export", "bravo");
  const auto claimed = [&](std::vector<Holds::Room::Flow> closed) {
    Holds holds;
    holds.channels.push_back({"out", 10, 0, {}, std::move(closed)});
    std::set<DeliveryId> out;
    for (const Claim& claim : store().claim(holds, clock_.wall()).value()) out.insert(claim.record.delivery.id);
    store().unclaim({out.begin(), out.end()});
    return out;
  };
  EXPECT_EQ(claimed({{"acme", "customs/*"}}), (std::set{log, of_bravo}));
  EXPECT_EQ(claimed({{"", "customs/*"}}), (std::set{log}));
  EXPECT_EQ(claimed({{"", "customs/export"}}), (std::set{log, imports}));
  EXPECT_EQ(claimed({{"bravo", "customs/export"}}), (std::set{exports, log, imports}));
}

TEST_P(StoreClaim, DealsInTurnThoughOneCustomerHasALongQueue) {
  for (int i = 0; i < 50; ++i) queue(to("out", "acme"));
  const DeliveryId bravo = queue(to("out", "bravo"));
  const DeliveryId charlie = queue(to("out", "charlie"));
  const auto first = claim(4);
  const std::set<DeliveryId> got(first.begin(), first.end());
  EXPECT_EQ(first.size(), 4U);
  EXPECT_TRUE(got.contains(bravo));
  EXPECT_TRUE(got.contains(charlie));
}

TEST_P(StoreClaim, ServesEveryCustomerInTurnWithOnePlace) {
  for (const char* customer : {"acme", "bravo", "charlie"})
    for (int i = 0; i < 3; ++i) queue(to("out", customer));
  std::map<std::string, int> served;
  for (int i = 0; i < 6; ++i)
    for (const DeliveryId id : claim(1)) ++served[delivery(id).delivery.customer];
  EXPECT_EQ(served, (std::map<std::string, int>{{"acme", 2}, {"bravo", 2}, {"charlie", 2}}));
}

TEST_P(StoreClaim, KeepsToTheLimitOfOneCustomer) {
  for (int i = 0; i < 5; ++i) queue();
  EXPECT_EQ(claim(10, 2).size(), 2U);
  EXPECT_EQ(claim(10, 2).size(), 2U);
  EXPECT_EQ(claim(10, 2).size(), 1U);
}

TEST_P(StoreClaim, ServesTheIntermediarysOwnDeliveriesToo) {
  const DeliveryId own = queue(to("out", ""));
  const DeliveryId acme = queue(to("out", "acme"));
  const auto got = claim(10);
  EXPECT_EQ(std::set<DeliveryId>(got.begin(), got.end()), (std::set<DeliveryId>{own, acme}));
}

TEST_P(StoreClaim, GivesTheOldestOfACustomerFirst) {
  NewDelivery late = to("out");
  late.due_at = clock_.wall() - std::chrono::minutes{1};
  queue();
  const DeliveryId older = queue(late);
  EXPECT_EQ(claim(1), std::vector<DeliveryId>{older});
}

TEST_P(StoreClaim, ForgetsClaimsWhenTheAttemptEnds) {
  const DeliveryId id = queue();
  claim(1);
  attempt(id, DeliveryState::queued);
  clock_.advance(std::chrono::hours{1});
  EXPECT_EQ(claim(1), std::vector<DeliveryId>{id});
}

TEST_P(StoreClaim, LeavesClaimedDeliveriesOutOfTheNextDueTime) {
  NewDelivery later = to("out", "bravo");
  later.due_at = clock_.wall() + std::chrono::hours{1};
  queue();
  queue(later);
  EXPECT_EQ(reader()->next_due("out").value(), clock_.wall());
  claim(1);
  EXPECT_EQ(reader()->next_due("out").value(), clock_.wall() + std::chrono::hours{1});
}

TEST_P(StoreClaim, TellsWhichChannelsHaveWork) {
  std::set<std::string> told;
  store().on_change([&told](const StoreChanges& changes) {
    told.insert(changes.channels_with_work.begin(), changes.channels_with_work.end());
  });
  queue(to("one"));
  queue(to("two"));
  EXPECT_EQ(told, (std::set<std::string>{"one", "two"}));
}

}  // namespace sluis::test
