// Who we are and who they are at a mailbox: SASL mechanisms, client certificates, pins and names.
#include "tests/adapters/digipoort/rig.h"

namespace sluis::digipoort::tests {
namespace {

using enum sasl::Mechanism;

class DigipoortMailboxLogin : public DigipoortTest {
 protected:
  MailboxServer& serve(bool implicit, net::ClientCertificate client = net::ClientCertificate::none) {
    return serve_as(server_tls(client), implicit);
  }
  MailboxServer& serve_as(std::shared_ptr<const net::TlsContext> tls, bool implicit) {
    server_ = std::make_unique<MailboxServer>(loops_, std::move(tls), implicit);
    server_->password(canary);
    server_->put({{"u1", "From: a@b.test\r\nContent-Type: application/xml\r\n\r\n<a/>\r\n"}});
    retrieve_from(server_->port(), implicit ? "implicit" : "stls");
    return *server_;
  }
  void want(std::vector<std::string> mechanisms) { config_.settings.set("retrieve.auth", std::move(mechanisms)); }
  // How the first visit logged in.
  std::string login_of_a_visit() {
    start();
    EXPECT_TRUE(eventually([&] { return server_->uidls().empty(); }));
    const auto logins = server_->logins();
    return logins.empty() ? "" : logins.front();
  }
  // A mailbox that is not read: an incident with the words, the same words in the log, and no secret anywhere.
  void expect_no(std::string_view words) {
    start();
    ASSERT_TRUE(eventually([&] { return context_.open_incidents().contains("mailbox/acme"); }));
    const std::string incident = context_.open_incidents().at("mailbox/acme");
    EXPECT_NE(incident.find(words), std::string::npos) << incident;
    EXPECT_EQ(server_->uidls().size(), 1U);
    EXPECT_TRUE(server_->logins().empty());
    const std::string text = log();
    EXPECT_NE(text.find("retrieve.failed"), std::string::npos);
    EXPECT_NE(text.find(words), std::string::npos) << text;
    for (const std::string& said : {text, incident, channel_->health().text}) {
      EXPECT_EQ(said.find(canary), std::string::npos) << said;
      EXPECT_EQ(said.find("PRIVATE KEY"), std::string::npos) << said;
    }
    EXPECT_EQ(channel_->health().state, Health::State::degraded);
  }
  std::unique_ptr<MailboxServer> server_;
};

class DigipoortMailboxMechanism : public DigipoortMailboxLogin,
                                  public ::testing::WithParamInterface<sasl::Mechanism> {};
TEST_P(DigipoortMailboxMechanism, LogsInWithTheOneThatIsConfigured) {
  serve(true).mechanisms({plain, login, cram_md5});
  want({std::string(sasl::to_string(GetParam()))});
  EXPECT_EQ(login_of_a_visit(), std::string(sasl::to_string(GetParam())) + " acme");
}
TEST_P(DigipoortMailboxMechanism, TellsAWrongPasswordAtOnce) {
  serve(true).mechanisms({GetParam()});
  server_->password("een ander");
  want({std::string(sasl::to_string(GetParam()))});
  expect_no("the login was refused");
}
INSTANTIATE_TEST_SUITE_P(Of, DigipoortMailboxMechanism, ::testing::Values(plain, login, cram_md5), [](const auto& one) {
  return one.param == cram_md5 ? std::string("CramMd5") : std::string(sasl::to_string(one.param));
});

TEST_F(DigipoortMailboxLogin, SaysUserAndPassWhenNoMechanismIsInCommon) {
  serve(true).mechanisms({login});
  want({"CRAM-MD5"});
  EXPECT_EQ(login_of_a_visit(), "PLAIN acme");
  EXPECT_NE(server_->heard().find("USER acme"), std::string::npos);
}

TEST_F(DigipoortMailboxLogin, LogsInWithTheCertificateOfTheAccount) {
  serve(true, net::ClientCertificate::require).mechanisms({external}, "CN=acme");
  want({"EXTERNAL"});
  context_.account_list = {with_certificate(make_account("acme"), authority_.client("acme"))};
  EXPECT_EQ(login_of_a_visit(), "EXTERNAL acme");
}

TEST_F(DigipoortMailboxLogin, ShowsTheChannelsCertificateForAnAccountWithoutOne) {
  serve(true, net::ClientCertificate::require).mechanisms({external}, "CN=gateway");
  want({"EXTERNAL"});
  const auto certificate = authority_.client("gateway");
  config_.settings.set("retrieve.certificate", certificate.certificate_file);
  config_.settings.set("retrieve.key", certificate.key_pem);
  EXPECT_EQ(login_of_a_visit(), "EXTERNAL acme");
}

TEST_F(DigipoortMailboxLogin, PassesExternalOverWithoutACertificate) {
  serve(true, net::ClientCertificate::request).mechanisms({external, plain});
  want({"EXTERNAL", "PLAIN"});
  EXPECT_EQ(login_of_a_visit(), "PLAIN acme");
}

TEST_F(DigipoortMailboxLogin, TellsACertificateFileThatIsMissing) {
  serve(true);
  auto account = with_certificate(make_account("acme"), authority_.client("acme"));
  account->settings.set("certificate", authority_.directory().path().string() + "/weg.pem");
  context_.account_list = {account};
  expect_no("weg.pem");
  EXPECT_EQ(server_->sessions(), 0);
}

class DigipoortMailboxTls : public DigipoortMailboxLogin, public ::testing::WithParamInterface<bool> {};
TEST_P(DigipoortMailboxTls, TellsThatTheServerWantsACertificate) {
  serve(GetParam(), net::ClientCertificate::require);
  expect_no("client certificate");
}
TEST_P(DigipoortMailboxTls, TellsThatTheServerDoesNotTrustTheCertificate) {
  serve(GetParam(), net::ClientCertificate::require);
  test::TestAuthority stranger("Stranger");
  context_.account_list = {with_certificate(make_account("acme"), stranger.client("acme"))};
  expect_no("client certificate");
}
TEST_P(DigipoortMailboxTls, AcceptsTheCertificateThatIsPinned) {
  const auto tls = server_tls();
  serve_as(tls, GetParam());
  config_.settings.set("retrieve.pins", std::vector<std::string>{"spki:sha256:" + tls->certificate()->spki_sha256});
  EXPECT_EQ(login_of_a_visit(), "PLAIN acme");
}
TEST_P(DigipoortMailboxTls, ReadsNothingWhenAValidCertificateIsNotThePinnedOne) {
  serve(GetParam());
  config_.settings.set("retrieve.pins", std::vector<std::string>{"spki:sha256:" + std::string(64, '0')});
  expect_no("not one of the pinned");
  EXPECT_EQ(server_->heard().find("AUTH"), std::string::npos);
}
TEST_P(DigipoortMailboxTls, ReadsNothingWhenTheCertificateIsForAnotherName) {
  test::CertificateWish wish;
  wish.dns_names = {"elders.example.test"};
  const auto certificate = authority_.issue(wish);
  net::TlsSettings other;
  other.role = net::TlsRole::server;
  other.certificate_pem = certificate.certificate_pem;
  other.key_pem = certificate.key_pem;
  serve_as(*net::TlsContext::make(other), GetParam());
  expect_no("tls.verify");
}
INSTANTIATE_TEST_SUITE_P(With, DigipoortMailboxTls, ::testing::Bool(),
                         [](const auto& one) { return std::string(one.param ? "Implicit" : "Stls"); });

}  // namespace
}  // namespace sluis::digipoort::tests
