// Mailboxes that cannot be read: back-off, incidents, LOGIN-DELAY, accounts that change, secrets.
#include <set>

#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

class DigipoortMailboxTrouble : public DigipoortTest {
 protected:
  void serve() {
    server_ = std::make_unique<MailboxServer>(loops_, server_tls(), true);
    server_->password(canary);
    retrieve_from(server_->port(), "implicit");
  }
  std::unique_ptr<MailboxServer> server_;
};

TEST_F(DigipoortMailboxTrouble, TellsARefusedLoginAtOnceAndClosesTheIncidentWhenItWorks) {
  serve();
  server_->password("een ander");
  start();
  ASSERT_TRUE(eventually([&] { return context_.open_incidents().contains("mailbox/acme"); }));
  EXPECT_EQ(channel_->health().state, Health::State::degraded);
  server_->password(canary);
  EXPECT_TRUE(eventually([&] { return context_.open_incidents().empty(); }));
  EXPECT_TRUE(eventually([&] { return channel_->health().state == Health::State::up; }));
}

TEST_F(DigipoortMailboxTrouble, ClosesAnIncidentFromBeforeARestart) {
  serve();
  context_.open("mailbox/acme", Severity::warning, "the mailbox cannot be read", "acme");
  start();
  EXPECT_TRUE(eventually([&] { return context_.open_incidents().empty(); }));
}

TEST_F(DigipoortMailboxTrouble, OpensAnIncidentAfterThreeFailuresAndWaitsLongerEachTime) {
  std::vector<MonoTime> visits;
  LinePeer peer(loops_, {"+OK\r\n"}, [&](const std::string&, int) {
    visits.push_back(clock_.mono());
    return LinePeer::Says{"", true};
  });
  retrieve_from(peer.port(), "none");
  config_.settings.set("retrieve.jitter", std::int64_t{0});
  start();
  ASSERT_TRUE(eventually([&] { return peer.sessions() >= 5; }));
  EXPECT_TRUE(context_.open_incidents().contains("mailbox/acme"));
  stop();
  ASSERT_GE(visits.size(), 4U);
  // 20 ms, 40 ms, 80 ms: a loaded machine can only make them longer.
  EXPECT_GE(visits[2] - visits[1], 40ms);
  EXPECT_GE(visits[3] - visits[2], 80ms);
}

TEST_F(DigipoortMailboxTrouble, VisitsSoManyMailboxesAtOnceAndNoMore) {
  serve();
  config_.settings.set("retrieve.sessions", std::int64_t{2});
  server_->put({{"u1", "Subject: x\r\n\r\nx\r\n"}});
  context_.hold = true;  // each visit that takes the mail stays where it is
  context_.account_list.clear();
  for (const char* const customer : {"acme", "bakker", "cacao", "druk", "eik"})
    context_.account_list.push_back(make_account(customer));
  start();
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() == 2; }));
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 100ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), 2) << "the others wait";
  on_loop([&] { context_.hold = false; });
  context_.release_arrivals();
  const auto visited = [&] {
    const auto logins = server_->logins();
    return std::set<std::string>(logins.begin(), logins.end());
  };
  EXPECT_TRUE(eventually([&] { return visited().size() == 5; })) << "all had their visit";
  EXPECT_EQ(server_->most_at_once(), 2);
}

TEST_F(DigipoortMailboxTrouble, VisitsNothingWhileAnotherNodeHasTheMailbox) {
  serve();
  config_.settings.set("retrieve.every", Duration{10ms});
  context_.leases_held = false;
  start();
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 200ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), 0);
  context_.leases_held = true;
  EXPECT_TRUE(eventually([&] { return server_->commits() > 0; }));
  context_.leases_held = false;
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 50ms] { return clock_.mono() >= until; }));
  const int sessions = server_->sessions();
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 100ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), sessions) << "given up with the lease";
}

TEST_F(DigipoortMailboxTrouble, VisitsNothingWhileTheChannelIsAtRest) {
  serve();
  config_.settings.set("retrieve.every", Duration{10ms});
  context_.paused = true;
  start();
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 200ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), 0);
  EXPECT_TRUE(context_.open_incidents().empty());
  context_.paused = false;
  EXPECT_TRUE(eventually([&] { return server_->commits() > 0; }));
}

TEST_F(DigipoortMailboxTrouble, ObeysLoginDelay) {
  serve();
  server_->login_delay(3600s);
  start();
  ASSERT_TRUE(eventually([&] { return server_->commits() == 1; }));
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 300ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), 1) << "the interval alone would have brought many more";
}

TEST_F(DigipoortMailboxTrouble, LogsInWithTheNewPasswordAfterAChange) {
  serve();
  server_->password("nieuw");
  start();
  ASSERT_TRUE(eventually([&] { return context_.open_incidents().contains("mailbox/acme"); }));
  const auto changed = make_account("acme", "nieuw");
  on_loop([&] { context_.account_list = {changed}; });
  context_.change_accounts({{}, {changed}, {}});
  EXPECT_TRUE(eventually([&] { return server_->commits() > 0; }));
}

TEST_F(DigipoortMailboxTrouble, VisitsNoMoreWhenTheAccountIsRemoved) {
  serve();
  start();
  ASSERT_TRUE(eventually([&] { return server_->commits() > 0; }));
  const auto removed = context_.account_list.front();
  on_loop([&] { context_.account_list.clear(); });
  context_.change_accounts({{}, {}, {removed}});
  on_loop([] {});
  on_loop([] {});
  const int sessions = server_->sessions();
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 200ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), sessions);
}

TEST_F(DigipoortMailboxTrouble, UsesThePop3CredentialsWhereTheyAreOthers) {
  serve();
  server_->password("apart");
  auto account = make_account("acme");
  account->settings.set("retrieve-password", Secret(std::string("apart")));
  context_.account_list = {account};
  start();
  EXPECT_TRUE(eventually([&] { return server_->commits() > 0; }));
}

TEST_F(DigipoortMailboxTrouble, LogsNoPassword) {
  serve();
  server_->password("een ander");
  start();
  ASSERT_TRUE(eventually([&] { return !context_.open_incidents().empty(); }));
  const std::string text = log();
  EXPECT_NE(text.find("retrieve.failed"), std::string::npos);
  EXPECT_EQ(text.find(canary), std::string::npos);
  EXPECT_EQ(context_.open_incidents().at("mailbox/acme").find(canary), std::string::npos);
}

}  // namespace
}  // namespace sluis::digipoort::tests
