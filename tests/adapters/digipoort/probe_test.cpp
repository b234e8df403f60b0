// `sluis probe`: says what each step found, sends and deletes nothing.
#include <algorithm>

#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

class DigipoortProbe : public DigipoortTest {
 protected:
  void SetUp() override {
    submission_ = std::make_unique<SubmissionServer>(loops_, server_tls());
    submission_->account("acme", canary);
    mailbox_ = std::make_unique<MailboxServer>(loops_, server_tls(), true);
    mailbox_->password(canary);
    mailbox_->put({{"u1", "Subject: x\r\n\r\nx\r\n"}});
    submit_to(submission_->port(), "starttls");
    retrieve_from(mailbox_->port(), "implicit");
    channel_ = std::make_unique<DigipoortChannel>(config_, context_);
  }
  ProbeReport probe() {
    ProbeReport report;
    channel_->probe(context_.account_list.front().get(), report);
    return report;
  }
  static bool has(const ProbeReport& report, std::string_view step, bool ok) {
    return std::any_of(report.steps.begin(), report.steps.end(),
                       [&](const ProbeStep& one) { return one.step == step && one.ok == ok; });
  }
  std::unique_ptr<SubmissionServer> submission_;
  std::unique_ptr<MailboxServer> mailbox_;
};

TEST_F(DigipoortProbe, ReportsEachStepOfBothDirections) {
  const ProbeReport report = probe();
  EXPECT_TRUE(report.ok());
  for (const char* const step : {"dns", "tcp", "tls", "ehlo", "auth", "pop3 login", "pop3 list"})
    EXPECT_TRUE(has(report, step, true)) << step;
}

TEST_F(DigipoortProbe, SendsNothingAndDeletesNothing) {
  probe();
  EXPECT_TRUE(submission_->mails().empty());
  EXPECT_EQ(mailbox_->uidls().size(), 1U);
  EXPECT_EQ(mailbox_->heard().find("DELE"), std::string::npos);
  EXPECT_EQ(mailbox_->fetched(), 0);
}

TEST_F(DigipoortProbe, NamesTheLoginThatIsRefusedWithoutThePassword) {
  submission_->account("acme", "een ander");
  mailbox_->password("een ander");
  const ProbeReport report = probe();
  EXPECT_TRUE(has(report, "auth", false));
  EXPECT_TRUE(has(report, "pop3 login", false));
  for (const ProbeStep& step : report.steps) EXPECT_EQ(step.text.find(canary), std::string::npos);
}

TEST_F(DigipoortProbe, NamesTheConnectionThatIsRefused) {
  const auto gone = submission_->port();
  submission_.reset();
  submit_to(gone, "starttls");
  EXPECT_TRUE(has(probe(), "tcp", false));
}

TEST_F(DigipoortProbe, AsksForACustomerWhereTheChannelHasNoAccountOfItsOwn) {
  ProbeReport report;
  channel_->probe(nullptr, report);
  EXPECT_TRUE(has(report, "account", false));
}

}  // namespace
}  // namespace sluis::digipoort::tests
