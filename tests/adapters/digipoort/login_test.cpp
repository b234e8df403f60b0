// Who we are and who they are: SASL mechanisms, client certificates, pins and names of a submission.
#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

using enum sasl::Mechanism;

class DigipoortLogin : public DigipoortTest {
 protected:
  SubmissionServer& serve(std::vector<sasl::Mechanism> offered,
                          net::ClientCertificate client = net::ClientCertificate::none, bool implicit = false) {
    SubmissionServer::Trouble trouble;
    trouble.mechanisms = std::move(offered);
    return serve_as(server_tls(client), std::move(trouble), implicit);
  }
  SubmissionServer& serve_as(std::shared_ptr<const net::TlsContext> tls, SubmissionServer::Trouble trouble = {},
                             bool implicit = false) {
    server_ = std::make_unique<SubmissionServer>(loops_, std::move(tls), implicit, std::move(trouble));
    server_->account("acme", canary);
    submit_to(server_->port(), implicit ? "implicit" : "starttls");
    return *server_;
  }
  void want(std::vector<std::string> mechanisms) { config_.settings.set("submit.auth", std::move(mechanisms)); }
  void channel_certificate(const test::IssuedCertificate& certificate) {
    config_.settings.set("submit.certificate", certificate.certificate_file);
    config_.settings.set("submit.key", certificate.key_pem);
  }
  // The mechanism a mail went with; empty when it did not go.
  std::string mechanism_of_a_mail() {
    start();
    EXPECT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
    const auto mails = server_->mails();
    return mails.empty() ? "" : mails.front().mechanism;
  }
  // A mail that does not leave: the scope, the words of the reason, the same words in the log, and no secret anywhere.
  void expect_no(Retry::Scope scope, std::string_view words) {
    start();
    const Outcome outcome = deliver(make_mail());
    const auto* retry = verdict<Retry>(outcome);
    ASSERT_NE(retry, nullptr);
    EXPECT_EQ(retry->scope, scope) << retry->reason.what;
    EXPECT_FALSE(retry->in_doubt);
    EXPECT_NE(retry->reason.what.find(words), std::string::npos) << retry->reason.what;
    EXPECT_TRUE(server_->mails().empty());
    const std::string text = log();
    EXPECT_NE(text.find("submit.failed"), std::string::npos);
    EXPECT_NE(text.find(words), std::string::npos) << text;
    for (const std::string& said : {text, retry->reason.what, channel_->health().text}) {
      EXPECT_EQ(said.find(canary), std::string::npos) << said;
      EXPECT_EQ(said.find("PRIVATE KEY"), std::string::npos) << said;
    }
    EXPECT_EQ(channel_->health().state, Health::State::degraded);
  }
  std::unique_ptr<SubmissionServer> server_;
};

class DigipoortMechanism : public DigipoortLogin, public ::testing::WithParamInterface<sasl::Mechanism> {};
TEST_P(DigipoortMechanism, LogsInWithTheOneThatIsConfigured) {
  serve({plain, login, cram_md5});
  want({std::string(sasl::to_string(GetParam()))});
  EXPECT_EQ(mechanism_of_a_mail(), sasl::to_string(GetParam()));
}
TEST_P(DigipoortMechanism, LogsInWithTheOnlyOneThatIsOffered) {
  serve({GetParam()});
  want({"CRAM-MD5", "LOGIN", "PLAIN"});
  EXPECT_EQ(mechanism_of_a_mail(), sasl::to_string(GetParam()));
}
TEST_P(DigipoortMechanism, RetriesTheAccountWhenThePasswordIsWrong) {
  serve({GetParam()});
  server_->account("acme", "een ander");
  want({std::string(sasl::to_string(GetParam()))});
  expect_no(Retry::Scope::account, "AUTH refused: 535");
}
INSTANTIATE_TEST_SUITE_P(Of, DigipoortMechanism, ::testing::Values(plain, login, cram_md5), [](const auto& one) {
  return one.param == cram_md5 ? std::string("CramMd5") : std::string(sasl::to_string(one.param));
});

TEST_F(DigipoortLogin, TakesTheFirstOfItsOwnOrderThatIsOffered) {
  serve({plain, login});
  want({"CRAM-MD5", "LOGIN", "PLAIN"});
  EXPECT_EQ(mechanism_of_a_mail(), "LOGIN");
}

TEST_F(DigipoortLogin, RetriesTheAccountWhenNoMechanismIsInCommon) {
  serve({plain, login});
  want({"CRAM-MD5"});
  expect_no(Retry::Scope::account, "none of the configured mechanisms");
}

TEST_F(DigipoortLogin, LogsInWithTheCertificateOfEachAccount) {
  serve({external}, net::ClientCertificate::require);
  server_->certificate("CN=acme", "acme");
  server_->certificate("CN=bakker", "bakker");
  want({"EXTERNAL"});
  context_.account_list = {with_certificate(make_account("acme"), authority_.client("acme")),
                           with_certificate(make_account("bakker"), authority_.client("bakker"))};
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail("a"))), nullptr);
  const auto second = make_mail("b");
  second->destination.account = "bakker";
  ASSERT_NE(verdict<Delivered>(deliver(second)), nullptr);
  const auto mails = server_->mails();
  ASSERT_EQ(mails.size(), 2U);
  EXPECT_EQ(mails[0].mechanism + " " + mails[0].login + " " + mails[0].certificate, "EXTERNAL acme CN=acme");
  EXPECT_EQ(mails[1].mechanism + " " + mails[1].login + " " + mails[1].certificate, "EXTERNAL bakker CN=bakker");
}

TEST_F(DigipoortLogin, ShowsTheChannelsCertificateForAnAccountWithoutOne) {
  serve({external}, net::ClientCertificate::require);
  server_->certificate("CN=gateway", "acme");
  want({"EXTERNAL"});
  channel_certificate(authority_.client("gateway"));
  EXPECT_EQ(mechanism_of_a_mail(), "EXTERNAL");
}

TEST_F(DigipoortLogin, ShowsTheAccountsCertificateAndNotTheChannels) {
  serve({plain}, net::ClientCertificate::request);
  channel_certificate(authority_.client("gateway"));
  context_.account_list = {with_certificate(make_account("acme"), authority_.client("acme"))};
  start();
  ASSERT_NE(verdict<Delivered>(deliver(make_mail())), nullptr);
  EXPECT_EQ(server_->mails().at(0).certificate, "CN=acme");
}

TEST_F(DigipoortLogin, PassesExternalOverWithoutACertificate) {
  serve({external, plain}, net::ClientCertificate::request);
  want({"EXTERNAL", "PLAIN"});
  EXPECT_EQ(mechanism_of_a_mail(), "PLAIN");
}

TEST_F(DigipoortLogin, RetriesTheAccountWhoseCertificateIsAnothers) {
  serve({external}, net::ClientCertificate::require);
  server_->certificate("CN=bakker", "bakker");
  want({"EXTERNAL"});
  context_.account_list = {with_certificate(make_account("acme"), authority_.client("bakker"))};
  expect_no(Retry::Scope::account, "AUTH refused: 535");
}

class DigipoortTlsStart : public DigipoortLogin, public ::testing::WithParamInterface<bool> {};
TEST_P(DigipoortTlsStart, RetriesTheAccountThatMissesTheCertificateTheServerWants) {
  serve({plain}, net::ClientCertificate::require, GetParam());
  expect_no(Retry::Scope::account, "client certificate");
}
TEST_P(DigipoortTlsStart, RetriesTheAccountWhoseCertificateTheServerDoesNotTrust) {
  serve({plain}, net::ClientCertificate::require, GetParam());
  test::TestAuthority stranger("Stranger");
  context_.account_list = {with_certificate(make_account("acme"), stranger.client("acme"))};
  expect_no(Retry::Scope::account, "client certificate");
}
TEST_P(DigipoortTlsStart, RetriesTheChannelWhoseOwnCertificateTheServerDoesNotTrust) {
  serve({plain}, net::ClientCertificate::require, GetParam());
  test::TestAuthority stranger("Stranger");
  channel_certificate(stranger.client("gateway"));
  expect_no(Retry::Scope::channel, "client certificate");
}
TEST_P(DigipoortTlsStart, AcceptsTheCertificateThatIsPinned) {
  const auto tls = server_tls();
  serve_as(tls, {}, GetParam());
  config_.settings.set("submit.pins", std::vector<std::string>{"spki:sha256:" + std::string(64, '0'),
                                                               "spki:sha256:" + tls->certificate()->spki_sha256});
  EXPECT_EQ(mechanism_of_a_mail(), "PLAIN");
}
TEST_P(DigipoortTlsStart, RetriesTheChannelWhenAValidCertificateIsNotThePinnedOne) {
  serve({plain}, net::ClientCertificate::none, GetParam());
  config_.settings.set("submit.pins", std::vector<std::string>{"spki:sha256:" + std::string(64, '0')});
  expect_no(Retry::Scope::channel, "not one of the pinned");
  EXPECT_EQ(server_->clear_text().find("AUTH"), std::string::npos);
}
TEST_P(DigipoortTlsStart, RetriesTheChannelWhenTheCertificateIsForAnotherName) {
  test::CertificateWish wish;
  wish.dns_names = {"elders.example.test"};
  const auto certificate = authority_.issue(wish);
  net::TlsSettings other;
  other.role = net::TlsRole::server;
  other.certificate_pem = certificate.certificate_pem;
  other.key_pem = certificate.key_pem;
  serve_as(*net::TlsContext::make(other), {}, GetParam());
  expect_no(Retry::Scope::channel, "tls.verify");
}
INSTANTIATE_TEST_SUITE_P(With, DigipoortTlsStart, ::testing::Bool(),
                         [](const auto& one) { return std::string(one.param ? "Implicit" : "Starttls"); });

TEST_F(DigipoortLogin, RetriesTheAccountWhoseCertificateFileIsMissing) {
  serve({plain});
  auto account = with_certificate(make_account("acme"), authority_.client("acme"));
  account->settings.set("certificate", authority_.directory().path().string() + "/weg.pem");
  context_.account_list = {account};
  expect_no(Retry::Scope::account, "weg.pem");
  EXPECT_EQ(server_->sessions(), 0);
}

TEST_F(DigipoortLogin, LeavesOtherAccountsAloneWhenTheCertificateOfOneIsRefused) {
  serve({plain}, net::ClientCertificate::require);
  server_->account("bakker", canary);
  context_.account_list.push_back(with_certificate(make_account("bakker"), authority_.client("bakker")));
  expect_no(Retry::Scope::account, "client certificate");
  const auto second = make_mail();
  second->destination.account = "bakker";
  EXPECT_NE(verdict<Delivered>(deliver(second)), nullptr);
}

TEST_F(DigipoortLogin, ShowsTheNewCertificateAfterAChangeOfTheAccount) {
  serve({external}, net::ClientCertificate::require);
  server_->certificate("CN=new", "acme");
  want({"EXTERNAL"});
  context_.account_list = {with_certificate(make_account("acme"), authority_.client("old"))};
  start();
  ASSERT_NE(verdict<Retry>(deliver(make_mail("a"))), nullptr);
  const auto changed = with_certificate(make_account("acme"), authority_.client("new"));
  on_loop([&] { context_.account_list = {changed}; });
  context_.change_accounts({{}, {changed}, {}});
  EXPECT_NE(verdict<Delivered>(deliver(make_mail("b"))), nullptr);
}

}  // namespace
}  // namespace sluis::digipoort::tests
