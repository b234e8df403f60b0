// Retrieval: store, then DELE, then QUIT; and nothing lost or taken twice wherever it is cut.
#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

std::string mail(int number, const std::string& body = "UNB+antwoord'") {
  return "From: a@douane.example.test\r\nTo: acme@mail.example.test\r\nDate: Wed, 04 Mar 2026 00:00:00 "
         "+0000\r\nMessage-ID: <m" +
         std::to_string(number) +
         "@douane.example.test>\r\nMIME-Version: 1.0\r\nContent-Type: application/EDIFACT\r\n\r\n" + body + "\r\n";
}

class DigipoortRetrieval : public DigipoortTest {
 protected:
  void serve(bool implicit = true, const std::string& tls = "implicit") {
    server_ = std::make_unique<MailboxServer>(loops_, tls == "none" ? nullptr : server_tls(), implicit);
    server_->password(canary);
    retrieve_from(server_->port(), tls);
  }
  // Two whole visits after now: what they do not do will not be done.
  void two_more_visits() {
    const int before = server_->sessions();
    ASSERT_TRUE(eventually([&] { return server_->sessions() >= before + 3; }));
  }
  std::unique_ptr<MailboxServer> server_;
};

TEST_F(DigipoortRetrieval, TakesMailsAndDeletesThem) {
  serve();
  server_->put({{"u1", mail(1)}, {"u2", mail(2)}});
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  const auto arrivals = context_.arrivals();
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(arrivals[0].from.customer, "acme");
  EXPECT_FALSE(arrivals[0].from.submission);
  EXPECT_EQ(arrivals[0].attributes.get("mail.mailbox"), "acme@mail.example.test");
  EXPECT_EQ(*arrivals[0].parts.back().content.bytes, mail(1));
  EXPECT_TRUE(eventually([&] { return context_.state_map().empty(); })) << "a UIDL that is deleted is forgotten";
}

TEST_F(DigipoortRetrieval, SpeaksStls) {
  serve(false, "stls");
  server_->put({{"u1", mail(1)}});
  start();
  EXPECT_TRUE(eventually([&] { return server_->uidls().empty(); }));
}

TEST_F(DigipoortRetrieval, SaysDeleOnlyAfterTheIntakesCommit) {
  serve();
  server_->put({{"u1", mail(1)}});
  context_.hold = true;
  start();
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() == 1; }));
  on_loop([] {});
  EXPECT_EQ(server_->heard().find("DELE"), std::string::npos);
  context_.release_arrivals();
  EXPECT_TRUE(eventually([&] { return server_->uidls().empty(); }));
}

TEST_F(DigipoortRetrieval, OnlyDeletesOnTheNextVisitWhenQuitWasRefused) {
  serve();
  server_->put({{"u1", mail(1)}});
  server_->refuse_commits(true);
  start();
  ASSERT_TRUE(eventually([&] { return server_->sessions() >= 3; }));
  EXPECT_EQ(server_->uidls().size(), 1U);
  server_->refuse_commits(false);
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  EXPECT_EQ(context_.arrivals().size(), 1U);
  EXPECT_EQ(server_->fetched(), 1);
}

TEST_F(DigipoortRetrieval, OnlyDeletesAfterACrashBetweenCommitAndDele) {
  serve();
  server_->put({{"u1", mail(1)}});
  context_.hold = true;  // the commit is made, the word of it never comes
  start();
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() == 1; }));
  stop();
  ASSERT_EQ(server_->uidls().size(), 1U);
  context_.hold = false;
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  EXPECT_EQ(context_.arrivals().size(), 1U);
  context_.release_arrivals();  // too late, and of a visit that is over
}

TEST_F(DigipoortRetrieval, KeepsMailsThatTheIntakeRefusesForNow) {
  serve();
  server_->put({{"u1", mail(1)}, {"u2", mail(2)}});
  context_.answers = {Refusal{Error{"store.full", "no room"}, true}};
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  const auto arrivals = context_.arrivals();
  ASSERT_EQ(arrivals.size(), 3U);
  EXPECT_EQ(arrivals[0].key, arrivals[1].key) << "the same mail, offered again";
}

class DigipoortRefusedMail : public DigipoortRetrieval {
 protected:
  // A mailbox with a mail that is refused for good behind one that is taken; over when the first visit is.
  void refuse_one() {
    serve();
    server_->put({{"u1", mail(1)}, {"fout", mail(2)}, {"u3", mail(3)}});
    context_.answers = {Accepted{}, Refusal{Error{"intake.invalid", "no message can be this"}, false}};
    start();
    ASSERT_TRUE(eventually([&] { return server_->uidls() == std::vector<std::string>{"fout"}; }));
  }
};

TEST_F(DigipoortRefusedMail, StaysInTheMailboxAndIsNotFetchedAgain) {
  refuse_one();
  const int fetched = server_->fetched();
  two_more_visits();
  EXPECT_EQ(server_->fetched(), fetched);
  EXPECT_EQ(context_.arrivals().size(), 3U) << "the mail behind it was taken";
  EXPECT_EQ(server_->uidls(), std::vector<std::string>{"fout"});
  EXPECT_EQ(server_->heard().find("DELE 2"), std::string::npos);
}

TEST_F(DigipoortRefusedMail, OpensItsIncidentOnceAndSaysWhichMailAndWhy) {
  refuse_one();
  two_more_visits();
  EXPECT_EQ(context_.open_incidents().at("mail-refused/acme"),
            "mail fout stays in the mailbox and is not fetched again: no message can be this");
  const std::string text = log();
  const auto first = text.find("retrieve.refused");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("retrieve.refused", first + 1), std::string::npos) << "said once";
}

TEST_F(DigipoortRefusedMail, IsRememberedOverARestart) {
  refuse_one();
  stop();
  EXPECT_EQ(context_.state_map().at("refused/acme/fout"), "intake.invalid: no message can be this");
  const int fetched = server_->fetched();
  start();
  two_more_visits();
  EXPECT_EQ(server_->fetched(), fetched);
  EXPECT_TRUE(context_.open_incidents().contains("mail-refused/acme")) << "still open";
}

TEST_F(DigipoortRefusedMail, IsForgottenAndItsIncidentClosedWhenSomebodyHasTakenItOut) {
  refuse_one();
  server_->remove("fout");
  EXPECT_TRUE(eventually([&] { return context_.open_incidents().empty() && context_.state_map().empty(); }));
}

TEST_F(DigipoortRefusedMail, DoesNotMakeAnotherOfThatUidlUnknown) {
  refuse_one();
  server_->remove("fout");
  ASSERT_TRUE(eventually([&] { return context_.state_map().empty(); }));
  server_->put({{"fout", mail(4)}});
  EXPECT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  EXPECT_EQ(context_.arrivals().size(), 4U);
}

TEST_F(DigipoortRetrieval, VisitsTheMailboxOfTheSharedAccountOnceForAllCustomers) {
  serve();
  server_->put({{"u1", mail(1)}});
  for (const char* const id : {"anna", "bart", "dirk"}) {
    auto customer = std::make_shared<Customer>();
    customer->id = id;
    context_.customers[id] = customer;
  }
  auto own = make_account("");
  own->settings.set("username", std::string("broker"));
  own->settings.set("mailbox", std::string("broker@mail.example.test"));
  context_.account_list = {own};
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  two_more_visits();
  EXPECT_EQ(server_->most_at_once(), 1);
  const auto arrivals = context_.arrivals();
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(arrivals[0].from.customer, "") << "whose it is, its content says";
  for (const std::string& login : server_->logins()) EXPECT_EQ(login, "PLAIN broker");
}

TEST_F(DigipoortRetrieval, SetsAMailThatCannotBeReadApartAndDeletesIt) {
  serve();
  server_->put(
      {{"u1", "From: a@b.test\r\nContent-Type: application/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%\r\n"},
       {"u2", mail(2)}});
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  const auto arrivals = context_.arrivals();
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_NE(arrivals[0].quarantine, "");
  EXPECT_EQ(arrivals[1].quarantine, "");
}

TEST_F(DigipoortRetrieval, TakesAMailLargerThanOnePieceWhole) {
  serve();
  std::string body;
  for (int i = 0; i < 20'000; ++i)
    body += "een regel van zestig tekens, en zo voort tot hij vol is " + std::to_string(i) + "\r\n";
  server_->put({{"u1", mail(1, body)}, {"u2", mail(2)}});
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  EXPECT_EQ(context_.arrivals().at(0).parts.back().content.sha256, sha256(mail(1, body)));
}

TEST_F(DigipoortRetrieval, LeavesAMailThatIsTooLargeWithAnIncidentAndTakesTheRest) {
  serve();
  config_.settings.set("retrieve.max-size", std::int64_t{1024});
  server_->put({{"groot", mail(1, std::string(500, 'x') + "\r\n" + std::string(600, 'y'))}, {"u2", mail(2)}});
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls() == std::vector<std::string>{"groot"}; }));
  EXPECT_EQ(context_.arrivals().size(), 1U);
  EXPECT_TRUE(context_.open_incidents().contains("mail-too-large/acme"));
}

TEST_F(DigipoortRetrieval, TakesAFullMailboxInSeveralVisitsEachCommitted) {
  serve();
  config_.settings.set("retrieve.mails-per-session", std::int64_t{2});
  server_->put({{"u1", mail(1)}, {"u2", mail(2)}, {"u3", mail(3)}, {"u4", mail(4)}, {"u5", mail(5)}});
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  EXPECT_EQ(context_.arrivals().size(), 5U);
  EXPECT_GE(server_->commits(), 3);
}

TEST_F(DigipoortRetrieval, TakesEachMailOnceWhenItLeavesThemOnTheServer) {
  serve();
  config_.settings.set("retrieve.leave-on-server", true);
  server_->put({{"u1", mail(1)}});
  start();
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() == 1; }));
  two_more_visits();
  EXPECT_EQ(context_.arrivals().size(), 1U);
  EXPECT_EQ(server_->uidls().size(), 1U);
  EXPECT_EQ(server_->fetched(), 1);
}

TEST_F(DigipoortRetrieval, KnowsAMailByItsContentTooWhenTheServerGivesAUidlTwice) {
  serve();
  server_->put({{"u1", mail(1)}});
  start();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty() && context_.state_map().empty(); }));
  server_->put({{"u1", mail(2)}});
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() == 2; }));
  EXPECT_NE(context_.arrivals()[0].key, context_.arrivals()[1].key);
}

TEST_F(DigipoortRetrieval, VisitsAMailboxInOneSessionAtATime) {
  serve();
  server_->put({{"u1", mail(1)}});
  context_.hold = true;
  start();
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() == 1; }));
  // Many intervals pass while the visit lasts.
  ASSERT_TRUE(eventually([&, until = clock_.mono() + 200ms] { return clock_.mono() >= until; }));
  EXPECT_EQ(server_->sessions(), 1);
  context_.release_arrivals();
  ASSERT_TRUE(eventually([&] { return server_->uidls().empty(); }));
  EXPECT_EQ(server_->most_at_once(), 1);
}

TEST_F(DigipoortRetrieval, KnowsMailsByContentAndMessageIdWithoutUidl) {
  const std::string one = mail(1);
  LinePeer peer(loops_, {"+OK\r\n"}, [&](const std::string& line, int) -> LinePeer::Says {
    if (line == "CAPA") return {"+OK\r\nUSER\r\n.\r\n"};
    if (line.starts_with("UIDL")) return {"-ERR what\r\n"};
    if (line == "LIST") return {"+OK\r\n1 " + std::to_string(one.size()) + "\r\n.\r\n"};
    if (line.starts_with("RETR")) return {"+OK\r\n" + one + ".\r\n"};
    if (line == "QUIT") return {"+OK\r\n", true};
    return {"+OK\r\n"};
  });
  retrieve_from(peer.port(), "none");
  start();
  ASSERT_TRUE(eventually([&] { return context_.arrivals().size() >= 2; }));
  const auto arrivals = context_.arrivals();
  EXPECT_EQ(arrivals[0].key, arrivals[1].key);
  ASSERT_TRUE(arrivals[0].key.has_value());
  EXPECT_NE(arrivals[0].key->text.find(to_hex(sha256(one))), std::string::npos);
  EXPECT_NE(arrivals[0].key->text.find("m1@douane.example.test"), std::string::npos);
  stop();  // before the peer's answers go
}

}  // namespace
}  // namespace sluis::digipoort::tests
