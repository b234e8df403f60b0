// How the peer's words become the outcome of an attempt.
#include <fmt/format.h>

#include "protocols/mime/message.h"
#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

// A peer in clear text that accepts everything, but for what `special` answers by the beginning of a line.
class DigipoortOutcome : public DigipoortTest {
 protected:
  LinePeer::Says polite(const std::string& line) const {
    if (line.starts_with("EHLO")) return {"250-msa\r\n250 AUTH PLAIN\r\n"};
    if (line.starts_with("AUTH")) return {"235 ok\r\n"};
    if (line == "DATA") return {"354 go\r\n"};
    if (line == "QUIT") return {"221 bye\r\n", true};
    return {"250 2.0.0 ok\r\n"};
  }
  Outcome against(const std::string& at, const LinePeer::Says& special, LinePeer::Says greeting = {"220 msa\r\n"}) {
    peer_ = std::make_unique<LinePeer>(loops_, std::move(greeting), [this, at, special](const std::string& line, int) {
      return !at.empty() && line.starts_with(at) ? special : polite(line);
    });
    submit_to(peer_->port(), "none");
    start();
    return DigipoortTest::deliver(make_mail());
  }
  static void expect_retry(const Outcome& outcome, Retry::Scope scope, bool in_doubt) {
    const auto* retry = verdict<Retry>(outcome);
    ASSERT_NE(retry, nullptr);
    EXPECT_EQ(retry->scope, scope) << retry->reason.what;
    EXPECT_EQ(retry->in_doubt, in_doubt) << retry->reason.what;
  }
  std::unique_ptr<LinePeer> peer_;
};

TEST_F(DigipoortOutcome, AcceptedIsDeliveredWithThePeersTextAndQueueId) {
  const Outcome outcome = against(".", {"250 2.0.0 Ok: queued as 4XyZ\r\n"});
  const auto* delivered = verdict<Delivered>(outcome);
  ASSERT_NE(delivered, nullptr);
  EXPECT_EQ(delivered->receipt.text, "250 2.0.0 Ok: queued as 4XyZ");
  EXPECT_EQ(delivered->receipt.details.get("queue-id"), "4XyZ");
  ASSERT_EQ(outcome.learned.size(), 1U);
  EXPECT_EQ(outcome.learned[0].kind, "smtp-queue");
  EXPECT_EQ(outcome.learned[0].value, "4XyZ");
}

TEST_F(DigipoortOutcome, TheEndOfTheStreamAfterTheFinalDotIsInDoubt) {
  expect_retry(against(".", {"", true}), Retry::Scope::message, true);
}

TEST_F(DigipoortOutcome, SilenceAfterTheFinalDotIsInDoubt) {
  config_.settings.set("submit.timeouts.final-dot", Duration{100ms});
  expect_retry(against(".", {""}), Retry::Scope::message, true);
}

TEST_F(DigipoortOutcome, TheEndOfTheStreamBeforeTheFinalDotIsNotInDoubt) {
  expect_retry(against("DATA", {"", true}), Retry::Scope::channel, false);
}

TEST_F(DigipoortOutcome, ATemporaryNoToTheRecipientRetriesThisMessage) {
  expect_retry(against("RCPT", {"451 4.3.0 later\r\n"}), Retry::Scope::message, false);
}

TEST_F(DigipoortOutcome, ATemporaryNoToTheFinalDotRetriesThisMessage) {
  expect_retry(against(".", {"452 4.3.1 full\r\n"}), Retry::Scope::message, false);
}

class DigipoortRefusal : public DigipoortOutcome, public ::testing::WithParamInterface<const char*> {};
TEST_P(DigipoortRefusal, APermanentNoRejectsWithThePeersCode) {
  const Outcome outcome = against(GetParam(), {"550 5.7.1 not for you\r\n"});
  const auto* rejected = verdict<Rejected>(outcome);
  ASSERT_NE(rejected, nullptr);
  EXPECT_EQ(rejected->code, "550 5.7.1");
  EXPECT_NE(rejected->reason.find("not for you"), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(At, DigipoortRefusal, ::testing::Values("RCPT", "DATA", "."), [](const auto& one) {
  return one.param[0] == '.' ? std::string("dot") : std::string(one.param);
});

TEST_F(DigipoortOutcome, ARefusedLoginRetriesTheAccount) {
  expect_retry(against("AUTH", {"535 5.7.8 no\r\n"}), Retry::Scope::account, false);
}

TEST_F(DigipoortOutcome, AGreeting554RetriesTheChannel) {
  expect_retry(against("", {}, {"554 no service\r\n", true}), Retry::Scope::channel, false);
}

TEST_F(DigipoortOutcome, ARefusedConnectionRetriesTheChannel) {
  {
    const LinePeer gone(loops_, {""}, [](const std::string&, int) { return LinePeer::Says{}; });
    submit_to(gone.port(), "none");
  }
  start();
  expect_retry(DigipoortTest::deliver(make_mail()), Retry::Scope::channel, false);
}

TEST_F(DigipoortOutcome, AMissingStarttlsRetriesTheChannelAndNothingLeavesInClear) {
  peer_ = std::make_unique<LinePeer>(loops_, LinePeer::Says{"220 msa\r\n"},
                                     [this](const std::string& line, int) { return polite(line); });
  submit_to(peer_->port(), "starttls");
  start();
  expect_retry(DigipoortTest::deliver(make_mail()), Retry::Scope::channel, false);
  for (const std::string& line : peer_->lines()) EXPECT_TRUE(line.starts_with("EHLO") || line == "QUIT") << line;
}

TEST_F(DigipoortOutcome, AnUntrustedCertificateRetriesTheChannelAndNothingLeaves) {
  SubmissionServer server(loops_, server_tls());
  server.account("acme", canary);
  const test::TestAuthority stranger("Stranger");
  submit_to(server.port(), "starttls");
  config_.settings.set("submit.ca", stranger.file());
  start();
  expect_retry(DigipoortTest::deliver(make_mail()), Retry::Scope::channel, false);
  EXPECT_TRUE(server.mails().empty());
  EXPECT_EQ(server.clear_text().find("AUTH"), std::string::npos);
}

TEST_F(DigipoortOutcome, TheReceiptNamesTheCertificateAndTheMailThatWasSent) {
  const auto tls = server_tls();
  SubmissionServer server(loops_, tls);
  server.account("acme", canary);
  submit_to(server.port(), "starttls");
  start();
  const Outcome outcome = DigipoortTest::deliver(make_mail());
  const auto* delivered = verdict<Delivered>(outcome);
  ASSERT_NE(delivered, nullptr);
  EXPECT_EQ(delivered->receipt.details.get("certificate-sha256"), tls->certificate()->sha256);
  EXPECT_EQ(delivered->receipt.details.get("mail-sha256"), to_hex(sha256(server.mails().at(0).bytes)));
}

// A store that answers as a spool does whose file has rotted: some octets, then the mismatch.
class RottenContent final : public ContentStore {
 public:
  std::unique_ptr<ContentWriter> write() override { return nullptr; }
  Result<std::unique_ptr<ContentReader>> open(const Content&) override {
    return std::unique_ptr<ContentReader>(std::make_unique<Reader>());
  }

 private:
  class Reader final : public ContentReader {
   public:
    Result<std::size_t> read(std::span<char> into) override {
      if (std::exchange(begun_, true))
        return Error{"content.corrupt", "segment 3: the octets are not those that were stored"};
      std::fill_n(into.begin(), std::min<std::size_t>(into.size(), 57), 'x');
      return std::min<std::size_t>(into.size(), 57);
    }

   private:
    bool begun_ = false;
  };
};

TEST_F(DigipoortOutcome, ContentThatIsNotWhatWasStoredIsHeldAndNeverTakenForAMail) {
  RottenContent rotten;
  context_.other_content = &rotten;
  SubmissionServer server(loops_, server_tls());
  server.account("acme", canary);
  submit_to(server.port(), "starttls");
  start();
  const Outcome outcome = DigipoortTest::deliver(make_mail());
  const auto* held = verdict<Held>(outcome);
  ASSERT_NE(held, nullptr);
  EXPECT_NE(held->reason.find("content.corrupt: segment 3"), std::string::npos) << held->reason;
  EXPECT_TRUE(server.mails().empty());
  // The next one, which is whole, goes over a session of its own.
  context_.other_content = nullptr;
  EXPECT_NE(verdict<Delivered>(DigipoortTest::deliver(make_mail())), nullptr);
  EXPECT_EQ(server.mails().size(), 1U);
}

TEST_F(DigipoortOutcome, ASubjectThatWouldAddAHeaderIsHeld) {
  start();
  const auto delivery = make_mail();
  delivery->options.set("subject", "a\r\nBcc: boef@example.test");
  EXPECT_NE(verdict<Held>(DigipoortTest::deliver(delivery)), nullptr);
}

TEST_F(DigipoortOutcome, ADeliveryWithoutRecipientIsHeld) {
  start();
  EXPECT_NE(verdict<Held>(DigipoortTest::deliver(make_mail("x", ""))), nullptr);
}

TEST_F(DigipoortOutcome, AMailAboveTheLimitIsRejectedBeforeItIsSent) {
  config_.settings.set("submit.max-size", std::int64_t{2048});
  start();
  const Outcome outcome = DigipoortTest::deliver(make_mail(std::string(2048, 'x')));
  ASSERT_NE(verdict<Rejected>(outcome), nullptr);
  EXPECT_EQ(verdict<Rejected>(outcome)->code, "552 5.3.4");
}

TEST_F(DigipoortOutcome, ACustomerWithoutAccountRetriesTheAccount) {
  context_.account_list.clear();
  start();
  expect_retry(DigipoortTest::deliver(make_mail()), Retry::Scope::account, false);
}

}  // namespace
}  // namespace sluis::digipoort::tests
