#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreUpkeep, WritesAndRemovesChannelState) {
  get<std::monostate>(PutState{"mail", {{"uidl/1", "a"}, {"uidl/2", "b"}, {"other", "c"}}});
  get<std::monostate>(PutState{"mail", {{"uidl/1", std::nullopt}}});
  get<std::monostate>(PutState{"other", {{"uidl/3", "d"}}});
  EXPECT_EQ(reader()->states("mail", "uidl/").value(),
            (std::vector<std::pair<std::string, std::string>>{{"uidl/2", "b"}}));
}

TEST_P(StoreUpkeep, LatchesIncidentsByKey) {
  const IncidentChange open{IncidentAction::open, "mail/login", Severity::critical, "refused", "mail", "acme",
                            std::nullopt,         clock_.wall()};
  get<std::monostate>(open);
  IncidentChange again = open;
  again.text = "refused again";
  get<std::monostate>(again);
  auto incidents = reader()->incidents(true, 10).value();
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(incidents[0].count, 2);
  EXPECT_EQ(incidents[0].last.text, "refused again");
  EXPECT_EQ(incidents[0].last.customer, "acme");
  IncidentChange close = open;
  close.action = IncidentAction::close;
  get<std::monostate>(close);
  EXPECT_TRUE(reader()->incidents(true, 10).value().empty());
  get<std::monostate>(open);
  EXPECT_EQ(reader()->incidents(false, 10).value().size(), 2U);
}

TEST_P(StoreUpkeep, GivesALeaseToOneHolderAtATime) {
  const auto lease = [this](const char* holder, std::chrono::seconds length) {
    return get<Leased>(Lease{"poller", holder, clock_.wall(), clock_.wall() + length});
  };
  const Leased first = lease("a", 10s);
  EXPECT_TRUE(first.held);
  EXPECT_FALSE(lease("b", 10s).held);
  EXPECT_EQ(lease("b", 10s).holder, "a");
  EXPECT_EQ(lease("a", 10s).fencing_token, first.fencing_token) << "a renewal keeps the token";
  clock_.advance(11s);
  const Leased second = lease("b", 10s);
  EXPECT_TRUE(second.held);
  EXPECT_GT(second.fencing_token, first.fencing_token);
  EXPECT_FALSE(lease("b", 0s).held);
  EXPECT_GT(lease("a", 10s).fencing_token, second.fencing_token);
}

TEST_P(StoreUpkeep, SealsOnlyWhatChanged) {
  queue();
  EXPECT_TRUE(get<Sealed>(Seal{clock_.wall()}).line.starts_with("seal 1 "));
  EXPECT_EQ(get<Sealed>(Seal{clock_.wall()}).line, "");
  queue();
  EXPECT_TRUE(get<Sealed>(Seal{clock_.wall()}).line.starts_with("seal 2 "));
  EXPECT_TRUE(findings().empty());
}

TEST_P(StoreUpkeep, FindsSealsOfTheLogThatTheDatabaseDoesNotHave) {
  queue();
  const std::string line = get<Sealed>(Seal{clock_.wall()}).line;
  EXPECT_TRUE(findings({line}).empty());
  std::string later = line;
  later.replace(5, 1, "2");
  EXPECT_EQ(findings({line, later}).size(), 1U);
  std::string other = line;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_EQ(findings({other}).size(), 1U);
}

}  // namespace sluis::test
