#include <gtest/gtest.h>

#include "core/net/tls.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

using net::TlsContext;
using net::TlsRole;
using net::TlsSettings;

class TlsContextTest : public ::testing::Test {
 protected:
  TlsContextTest() : server_(authority_.server()) {
    settings_.role = TlsRole::server;
    settings_.certificate_file = server_.certificate_file;
    settings_.key_file = server_.key_file;
  }
  Error refusal() {
    const auto made = TlsContext::make(settings_);
    return made.ok() ? Error{"made", ""} : made.error();
  }

  TestAuthority authority_;
  IssuedCertificate server_;
  TlsSettings settings_;
};

TEST_F(TlsContextTest, LoadsCertificateAndKeyFromFilesAndKnowsWhatItIs) {
  const auto made = TlsContext::make(settings_);
  ASSERT_TRUE(made.ok()) << made.error().what;
  ASSERT_TRUE((*made)->certificate().has_value());
  const net::PeerCertificate& own = *(*made)->certificate();
  EXPECT_EQ(own.subject, "CN=localhost");
  EXPECT_EQ(own.issuer, "CN=Sluis Test CA");
  EXPECT_EQ(own.dns_names, std::vector<std::string>{"localhost"});
  EXPECT_EQ(own.ip_addresses, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(own.not_after, CertificateWish{}.not_after);
  EXPECT_EQ(own.serial, "02");
  EXPECT_EQ(own.sha256.size(), 64U);
  EXPECT_NE(own.sha256, own.spki_sha256);
}

TEST_F(TlsContextTest, TakesTheKeyFromASecret) {
  settings_.key_file.clear();
  settings_.key_pem = server_.key_pem;
  EXPECT_TRUE(TlsContext::make(settings_).ok());
}

TEST_F(TlsContextTest, ReadsAnRsaKey) {
  CertificateWish wish;
  wish.rsa = true;
  const IssuedCertificate rsa = authority_.issue(wish);
  settings_.certificate_file = rsa.certificate_file;
  settings_.key_file = rsa.key_file;
  EXPECT_TRUE(TlsContext::make(settings_).ok());
}

TEST_F(TlsContextTest, NamesTheFileThatIsMissingAndWhy) {
  settings_.certificate_file = "/nonexistent/public.pem";
  EXPECT_EQ(refusal().code, "tls.certificate");
  EXPECT_EQ(refusal().what, "/nonexistent/public.pem: cannot be opened: No such file or directory");
  settings_.certificate_file = server_.certificate_file;
  settings_.key_file = "/nonexistent/public.key";
  EXPECT_EQ(refusal().code, "tls.key");
}

TEST_F(TlsContextTest, SaysWhenTheKeyIsOfAnotherCertificate) {
  settings_.key_file = authority_.server().key_file;
  EXPECT_EQ(refusal().code, "tls.key");
  EXPECT_NE(refusal().what.find(server_.certificate_file), std::string::npos);
}

TEST_F(TlsContextTest, SaysWhenAFileHoldsNoPem) {
  settings_.certificate_file = authority_.directory().write("empty.pem", "hello");
  EXPECT_EQ(refusal().code, "tls.certificate");
  settings_.certificate_file = server_.certificate_file;
  settings_.ca_file = settings_.key_file;
  EXPECT_EQ(refusal().code, "tls.ca");
}

TEST_F(TlsContextTest, SaysWhenABundleIsBrokenInTheMiddle) {
  std::string broken = authority_.pem();
  broken.replace(broken.size() / 2, 10, "!!!!!!!!!!");
  settings_.ca_file = authority_.directory().write("broken.pem", authority_.pem() + broken);
  EXPECT_EQ(refusal().code, "tls.ca");
  EXPECT_NE(refusal().what.find("certificate 2"), std::string::npos) << refusal().what;
}

TEST_F(TlsContextTest, RefusesAServerWithoutACertificate) {
  TlsSettings bare;
  bare.role = TlsRole::server;
  settings_ = bare;
  EXPECT_EQ(refusal().code, "tls.settings");
}

TEST_F(TlsContextTest, RefusesToAskForClientCertificatesWithoutACa) {
  settings_.client_certificate = net::ClientCertificate::require;
  EXPECT_EQ(refusal().code, "tls.settings");
}

TEST_F(TlsContextTest, RefusesAPinThatCannotMatch) {
  settings_.pins = {"sha256:abc"};
  EXPECT_EQ(refusal().code, "tls.settings");
}

TEST_F(TlsContextTest, NeverPutsTheKeyIntoAnError) {
  settings_.key_file.clear();
  settings_.key_pem = Secret("-----BEGIN PRIVATE KEY-----\nsecretstuff\n-----END PRIVATE KEY-----\n");
  EXPECT_EQ(refusal().code, "tls.key");
  EXPECT_EQ(refusal().what.find("secretstuff"), std::string::npos);
}

}  // namespace
}  // namespace sluis::test
