// The way out: from one address of this machine, and through an HTTP proxy, for submission, retrieval and the probe.
#include <algorithm>

#include "tests/adapters/digipoort/rig.h"
#include "tests/core/net/tunnel_proxy.h"

namespace sluis::digipoort::tests {
namespace {

constexpr const char* proxy_canary = "kanarie-van-de-proxy";

class DigipoortWayOut : public DigipoortTest {
 protected:
  void SetUp() override {
    submission_ = std::make_unique<SubmissionServer>(loops_, server_tls());
    submission_->account("acme", canary);
    submit_to(submission_->port(), "starttls");
    config_.settings.set("submit.host", std::string("localhost"));
    mailbox_ = std::make_unique<MailboxServer>(loops_, server_tls(), true);
    mailbox_->password(canary);
  }
  void retrieve() {
    retrieve_from(mailbox_->port(), "implicit");
    config_.settings.set("retrieve.host", std::string("localhost"));
  }
  // For submission or retrieval, with the login that the proxy wants.
  void through_proxy(const std::string& section, const std::string& password = proxy_canary) {
    config_.settings.set(section + ".proxy.address", proxy_.at().text());
    config_.settings.set(section + ".proxy.username", std::string("gateway"));
    config_.settings.set(section + ".proxy.password", Secret{password});
  }
  ProbeReport probe() {
    channel_ = std::make_unique<DigipoortChannel>(config_, context_);
    ProbeReport report;
    channel_->probe(context_.account_list.front().get(), report);
    return report;
  }
  static bool has(const ProbeReport& report, std::string_view step, bool ok) {
    return std::any_of(report.steps.begin(), report.steps.end(),
                       [&](const ProbeStep& one) { return one.step == step && one.ok == ok; });
  }
  ~DigipoortWayOut() override {
    if (channel_ != nullptr) channel_->stop(clock_.mono() + 1s);  // before what it speaks with goes
  }

  test::TunnelProxy proxy_{loops_, std::string("gateway:") + proxy_canary};
  std::unique_ptr<SubmissionServer> submission_;
  std::unique_ptr<MailboxServer> mailbox_;
};

TEST_F(DigipoortWayOut, SubmitsFromTheAddressAskedFor) {
  config_.settings.set("submit.source-address", std::string("127.0.0.2"));
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
  EXPECT_EQ(submission_->mails().at(0).client, "127.0.0.2");
}

TEST_F(DigipoortWayOut, SubmitsThroughTheProxyWithTlsToThePeerItself) {
  through_proxy("submit");
  start();
  const Outcome outcome = deliver(make_mail());
  const auto* delivered = verdict<Delivered>(outcome);
  ASSERT_NE(delivered, nullptr);
  EXPECT_EQ(submission_->mails().size(), 1U);
  EXPECT_EQ(proxy_.destinations(), std::vector<std::string>{"localhost:" + std::to_string(submission_->port())});
  EXPECT_EQ(delivered->receipt.details.get("peer"), "localhost through " + proxy_.at().text());
  EXPECT_TRUE(delivered->receipt.details.get("tls").starts_with("TLS"));
}

TEST_F(DigipoortWayOut, GoesToTheProxyFromTheAddressAskedFor) {
  through_proxy("submit");
  config_.settings.set("submit.source-address", std::string("127.0.0.2"));
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
  EXPECT_EQ(proxy_.clients(), std::vector<std::string>{"127.0.0.2"});
}

TEST_F(DigipoortWayOut, LetsTheProxyResolveThePeersName) {
  config_.settings.set("submit.host", std::string("msa.invalid"));
  config_.settings.set("submit.tls", std::string("none"));
  config_.settings.set("clear-text-login", true);
  submission_ = std::make_unique<SubmissionServer>(loops_, nullptr);
  submission_->account("acme", canary);
  config_.settings.set("submit.port", std::int64_t{submission_->port()});
  through_proxy("submit");
  start();
  EXPECT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
}

TEST_F(DigipoortWayOut, TriesTheChannelAgainWhenTheProxySaysNo) {
  through_proxy("submit", "een ander");
  start();
  const Outcome outcome = deliver(make_mail());
  const auto* retry = verdict<Retry>(outcome);
  ASSERT_NE(retry, nullptr);
  EXPECT_EQ(retry->scope, Retry::Scope::channel);
  EXPECT_FALSE(retry->in_doubt);
  EXPECT_NE(retry->reason.what.find("407"), std::string::npos) << retry->reason.what;
  EXPECT_TRUE(submission_->mails().empty());
}

TEST_F(DigipoortWayOut, GoesNowhereWithoutTheProxyItWasGiven) {
  through_proxy("submit");
  config_.settings.set("submit.proxy.address", std::string("127.0.0.1:1"));
  start();
  EXPECT_NE(verdict<Retry>(deliver(make_mail())), nullptr);
  EXPECT_EQ(submission_->sessions(), 0);
}

TEST_F(DigipoortWayOut, RetrievesThroughTheProxy) {
  mailbox_->put({{"u1", "Subject: x\r\n\r\nx\r\n"}});
  retrieve();
  through_proxy("retrieve");
  start();
  EXPECT_TRUE(eventually([&] { return mailbox_->uidls().empty(); }));
  const auto destinations = proxy_.destinations();
  ASSERT_FALSE(destinations.empty());
  EXPECT_EQ(destinations.front(), "localhost:" + std::to_string(mailbox_->port()));
}

TEST_F(DigipoortWayOut, ProbesBothDirectionsThroughTheProxy) {
  retrieve();
  through_proxy("submit");
  through_proxy("retrieve");
  const ProbeReport report = probe();
  EXPECT_TRUE(report.ok());
  for (const char* const step : {"proxy", "tcp", "tls", "auth", "pop3 login"})
    EXPECT_TRUE(has(report, step, true)) << step;
  EXPECT_FALSE(has(report, "dns", true));
  EXPECT_EQ(proxy_.destinations().size(), 2U);
}

TEST_F(DigipoortWayOut, NamesTheProxyThatSaysNoWithoutItsPassword) {
  through_proxy("submit", "een ander geheim");
  const ProbeReport report = probe();
  EXPECT_TRUE(has(report, "proxy", false));
  for (const ProbeStep& step : report.steps) EXPECT_EQ(step.text.find("geheim"), std::string::npos) << step.text;
}

TEST_F(DigipoortWayOut, WritesTheProxysPasswordToNoLog) {
  through_proxy("submit");
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
  EXPECT_EQ(log().find(proxy_canary), std::string::npos);
}

}  // namespace
}  // namespace sluis::digipoort::tests
