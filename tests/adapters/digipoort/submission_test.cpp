// Sessions of a submission: reuse, bounds, what happens to what waits, accounts that change.
#include "tests/adapters/digipoort/rig.h"

#include "protocols/mime/message.h"

namespace sluis::digipoort::tests {
namespace {

class DigipoortSubmission : public DigipoortTest {
 protected:
  SubmissionServer& serve(SubmissionServer::Trouble trouble = {}, bool implicit = false) {
    server_ = std::make_unique<SubmissionServer>(loops_, server_tls(), implicit, std::move(trouble));
    server_->account("acme", canary);
    submit_to(server_->port(), implicit ? "implicit" : "starttls");
    return *server_;
  }
  // Gives `count` mails at once and waits until all have ended.
  std::list<sluis::tests::Ending>& deliver_many(int count) {
    for (int i = 0; i < count; ++i) begin(make_mail("payload " + std::to_string(i)), endings_.emplace_back());
    EXPECT_TRUE(eventually([&] {
      for (const auto& one : endings_)
        if (!one.has_value()) return false;
      return true;
    }));
    return endings_;
  }
  int delivered() const {
    int count = 0;
    for (const auto& one : endings_)
      if (const auto outcome = one.get(); outcome && verdict<Delivered>(*outcome) != nullptr) ++count;
    return count;
  }
  std::list<sluis::tests::Ending> endings_;
  std::unique_ptr<SubmissionServer> server_;
};

TEST_F(DigipoortSubmission, SendsAsTheCustomersMailboxWithTheMessagesIdAsEnvelopeId) {
  serve();
  start();
  const auto delivery = make_mail();
  ASSERT_NE(verdict<Delivered>(deliver(delivery)), nullptr);
  const auto mail = server_->mails().at(0);
  EXPECT_EQ(mail.from, "acme@mail.example.test");
  EXPECT_EQ(mail.to, "uitvoer@douane.example.test");
  EXPECT_EQ(mail.envid, delivery->message->id.text());
  EXPECT_NE(mail.bytes.find("Message-ID: <" + delivery->identity.value + ">"), std::string::npos);
}

TEST_F(DigipoortSubmission, SpeaksImplicitTls) {
  serve({}, true);
  start();
  EXPECT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
}

TEST_F(DigipoortSubmission, SendsAPayloadFromTheSpoolWhole) {
  serve();
  config_.settings.set("submit.max-size", std::int64_t{64 << 20});
  start();
  auto writer = context_.content().write();
  const std::string payload(3'000'000, 'x');
  ASSERT_TRUE(writer->write(payload).ok());
  auto content = writer->finish();
  ASSERT_TRUE(content.ok());
  auto delivery = make_mail();
  auto message = std::make_shared<Message>(*delivery->message);
  message->parts.front().content = *content;
  delivery->message = message;
  ASSERT_NE(verdict<Delivered>(deliver(delivery)), nullptr);
  mime::PayloadProof proof;
  ASSERT_TRUE(proof.feed(server_->mails().at(0).bytes).ok());
  const auto digests = proof.finish();
  ASSERT_TRUE(digests.ok());
  EXPECT_EQ(*digests, std::vector<Sha256>{sha256(payload)});
}

TEST_F(DigipoortSubmission, SendsManyMailsOverOneConnection) {
  serve();
  config_.settings.set("submit.sessions", std::int64_t{1});
  start();
  deliver_many(20);
  EXPECT_EQ(delivered(), 20);
  EXPECT_EQ(server_->sessions(), 1);
}

TEST_F(DigipoortSubmission, GoesOnInTheSameSessionAfterARefusedRecipient) {
  SubmissionServer::Trouble trouble;
  trouble.at_rcpt = [](const std::string& to) {
    return to.starts_with("weg@") ? smtp::Reply(550, "5.1.1", "unknown") : smtp::Reply(250, "2.1.5", "ok");
  };
  serve(std::move(trouble));
  config_.settings.set("submit.sessions", std::int64_t{1});
  start();
  EXPECT_NE(verdict<Rejected>(deliver(make_mail("a", "weg@douane.example.test"))), nullptr);
  EXPECT_NE(verdict<Delivered>(deliver(make_mail("b"))), nullptr);
  EXPECT_EQ(server_->sessions(), 1);
}

TEST_F(DigipoortSubmission, EndsASessionAfterItsNumberOfMails) {
  serve();
  config_.settings.set("submit.sessions", std::int64_t{1});
  config_.settings.set("submit.mails-per-session", std::int64_t{5});
  start();
  deliver_many(12);
  EXPECT_EQ(delivered(), 12);
  EXPECT_EQ(server_->sessions(), 3);
}

TEST_F(DigipoortSubmission, KeepsToTheSessionsOfAnAccount) {
  serve();
  config_.settings.set("submit.sessions", std::int64_t{3});
  start();
  deliver_many(30);
  EXPECT_EQ(delivered(), 30);
  EXPECT_LE(server_->most_at_once(), 3);
}

TEST_F(DigipoortSubmission, SendsEverythingThroughTheOneSessionThatThePeerBears) {
  SubmissionServer::Trouble trouble;
  trouble.sessions_most = 1;
  serve(std::move(trouble));
  config_.settings.set("submit.sessions", std::int64_t{2});
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
  deliver_many(20);
  EXPECT_EQ(delivered(), 20);
}

TEST_F(DigipoortSubmission, TakesAMailToAnotherSessionWhenAKeptOneHasEndedUnnoticed) {
  SubmissionServer::Trouble trouble;
  trouble.close_after_mails = 1;
  serve(std::move(trouble));
  config_.settings.set("submit.sessions", std::int64_t{1});
  start();
  deliver_many(3);
  EXPECT_EQ(delivered(), 3);
  EXPECT_EQ(server_->mails().size(), 3U);
}

TEST_F(DigipoortSubmission, DrainsWhatWaitsOverNewSessionsWhenOneDies) {
  SubmissionServer::Trouble trouble;
  trouble.at_dot = [](int mail) {
    return mail == 2 ? SubmissionServer::AtDot::close : SubmissionServer::AtDot::accept;
  };
  serve(std::move(trouble));
  config_.settings.set("submit.sessions", std::int64_t{1});
  start();
  deliver_many(6);
  EXPECT_EQ(delivered(), 5);
  int in_doubt = 0;
  for (const auto& one : endings_)
    if (const auto outcome = one.get(); verdict<Retry>(*outcome) != nullptr && verdict<Retry>(*outcome)->in_doubt)
      ++in_doubt;
  EXPECT_EQ(in_doubt, 1);
}

TEST_F(DigipoortSubmission, OpensANewSessionAfterTheIdleTime) {
  serve();
  config_.settings.set("submit.idle", Duration{50ms});
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail("a"))), nullptr);
  ASSERT_TRUE(eventually([&] { return server_->open() == 0; }));
  EXPECT_NE(verdict<Delivered>(deliver(make_mail("b"))), nullptr);
  EXPECT_EQ(server_->sessions(), 2);
}

TEST_F(DigipoortSubmission, UsesTheNewPasswordAfterAChangeOfTheAccount) {
  serve();
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail("a"))), nullptr);
  server_->account("acme", "nieuw");
  const auto changed = make_account("acme", "nieuw");
  on_loop([&] { context_.account_list = {changed}; });
  context_.change_accounts({{}, {changed}, {}});
  EXPECT_NE(verdict<Delivered>(deliver(make_mail("b"))), nullptr);
  EXPECT_EQ(server_->sessions(), 2);
}

TEST_F(DigipoortSubmission, LogsInWithEachCustomersOwnCredentials) {
  serve();
  server_->account("bakker", "brood");
  context_.account_list.push_back(make_account("bakker", "brood"));
  start();
  auto delivery = make_mail();
  delivery->destination.account = "bakker";
  ASSERT_NE(verdict<Delivered>(deliver(delivery)), nullptr);
  EXPECT_EQ(server_->mails().at(0).login, "bakker");
  EXPECT_EQ(server_->mails().at(0).from, "bakker@mail.example.test");
}

TEST_F(DigipoortSubmission, SharesTheSessionsOfTheIntermediarysAccountAmongTheCustomersWithoutOne) {
  SubmissionServer::Trouble trouble;
  trouble.hold_at_dot = "wacht@douane.example.test";
  serve(std::move(trouble));
  server_->account("broker", "eigen");
  config_.settings.set("submit.sessions", std::int64_t{1});
  auto own = make_account("", "eigen");
  own->settings.set("username", std::string("broker"));
  own->settings.set("mailbox", std::string("broker@mail.example.test"));
  context_.account_list = {own, make_account("acme")};
  start();
  // Planned without an account, and one whose customer had one that has gone.
  for (const char* const account : {"", "", "bart"}) {
    const auto delivery = make_mail(account, "wacht@douane.example.test");
    delivery->destination.account = account;
    begin(delivery, endings_.emplace_back());
  }
  ASSERT_TRUE(eventually([&] { return server_->held() == 1; }));
  // The session of the shared account is busy; a customer with an account of its own has its own session.
  ASSERT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
  EXPECT_EQ(server_->sessions(), 2);
  server_->release();
  ASSERT_TRUE(eventually([&] { return server_->mails().size() == 4; }));
  ASSERT_TRUE(eventually([&] { return endings_.back().has_value(); }));
  EXPECT_EQ(delivered(), 3);
  EXPECT_EQ(server_->sessions(), 2) << "never a second one of the shared account";
  int of_the_broker = 0;
  for (const auto& mail : server_->mails()) of_the_broker += mail.login == "broker" ? 1 : 0;
  EXPECT_EQ(of_the_broker, 3);
}

TEST_F(DigipoortSubmission, LogsNoPasswordWhenTheLoginIsRefused) {
  serve();
  server_->account("acme", "een ander");
  start();
  EXPECT_NE(verdict<Retry>(deliver(make_mail())), nullptr);
  const std::string text = log();
  EXPECT_NE(text.find("submit.failed"), std::string::npos);
  EXPECT_EQ(text.find(canary), std::string::npos);
  EXPECT_EQ(channel_->health().state, Health::State::degraded);
  EXPECT_EQ(channel_->health().text.find(canary), std::string::npos);
}

}  // namespace
}  // namespace sluis::digipoort::tests
