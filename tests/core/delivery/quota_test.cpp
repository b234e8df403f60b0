#include "core/delivery/quota.h"

#include <gtest/gtest.h>

namespace sluis {

namespace {

class Quotas : public testing::Test {
 protected:
  Quotas() { generation.quota = {10, 1000, 2}; }
  bool taken(const std::string& customer = "acme", std::uint64_t octets = 0) {
    refused = quotas.take(customer, octets, generation, clock.mono());
    return !refused;
  }
  void own_quota(const std::string& id, Quota quota) {
    auto customer = std::make_shared<Customer>();
    customer->id = id;
    customer->quota = quota;
    generation.customers[id] = customer;
  }

  ManualClock clock;
  Generation generation;
  IntakeQuotas quotas;
  std::optional<Refusal> refused;
};

TEST_F(Quotas, GiveAnHoursMessagesAtOnceAndThenOneInTurn) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(taken()) << i;
  ASSERT_FALSE(taken());
  EXPECT_EQ(refused->error.code, "intake.quota");
  EXPECT_TRUE(refused->temporary);
  EXPECT_EQ(refused->error.what, "customer acme has handed in its 10 messages an hour; the next is taken in 6m");
  ASSERT_EQ(refused->retry_after, Duration{6min});
  clock.advance(6min - 1s);
  EXPECT_FALSE(taken());
  clock.advance(1s);
  EXPECT_TRUE(taken());
  EXPECT_FALSE(taken());
}

TEST_F(Quotas, AreEachCustomersOwn) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(taken());
  EXPECT_FALSE(taken());
  EXPECT_TRUE(taken("beta"));
}

TEST_F(Quotas, ACustomersOwnNumberCounts) {
  own_quota("acme", {1, {}, {}});
  EXPECT_TRUE(taken());
  EXPECT_FALSE(taken());
}

TEST_F(Quotas, NoneMeansNoLimit) {
  own_quota("acme", {0, 0, 0});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(taken("acme", 1000));
  EXPECT_TRUE(quotas.enter("acme", generation));
}

// A message larger than an hour's octets would else never pass.
TEST_F(Quotas, TakeOneLargeMessageAndLetTheNextWaitForIt) {
  EXPECT_TRUE(taken("acme", 2000));
  ASSERT_FALSE(taken("acme", 1));
  EXPECT_GE(*refused->retry_after, Duration{1h});
  clock.advance(*refused->retry_after);
  EXPECT_TRUE(taken("acme", 1));
}

TEST_F(Quotas, ARefusalCostsNothing) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(taken());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(taken());
  clock.advance(6min);
  EXPECT_TRUE(taken());
}

TEST_F(Quotas, AWaitIsNeverEndless) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(taken());
  clock.advance(24h * 365);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(taken()) << i;
  EXPECT_FALSE(taken());
}

TEST_F(Quotas, ConnectionsGiveTheirPlacesBack) {
  auto first = quotas.enter("acme", generation);
  auto second = quotas.enter("acme", generation);
  ASSERT_TRUE(first && second);
  const auto third = quotas.enter("acme", generation);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, "intake.quota");
  EXPECT_TRUE(quotas.enter("beta", generation));
  *first = nullptr;
  EXPECT_TRUE(quotas.enter("acme", generation));
}

}  // namespace

}  // namespace sluis
