// Both halves of TLS in memory: what one side puts out, the other is fed.
#include "core/net/tls_filter.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

using net::ClientCertificate;
using net::TlsContext;
using net::TlsFilter;
using net::TlsRole;
using net::TlsSettings;

constexpr WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

struct Ends {
  std::unique_ptr<TlsFilter> client;
  std::unique_ptr<TlsFilter> server;
  std::string client_error;
  std::string server_error;
  std::string client_words;

  // Until neither has anything to say to the other.
  void pump() {
    for (;;) {
      std::string to_server;
      client->take_output(to_server);
      if (!to_server.empty()) {
        server->feed(to_server);
        step(*server, server_error, nullptr);
      }
      std::string to_client;
      server->take_output(to_client);
      if (!to_client.empty()) {
        client->feed(to_client);
        step(*client, client_error, &client_words);
      }
      if (to_server.empty() && to_client.empty()) return;
    }
  }
  static void step(TlsFilter& end, std::string& error, std::string* words) {
    if (!error.empty()) return;
    if (Status done = end.handshake(); !done) {
      error = done.error().code;
      if (words != nullptr) *words = done.error().what;
      return;
    }
    if (!end.established()) return;
    char buffer[64];
    // After the handshake in TLS 1.3 the refusal of a client certificate arrives as an alert on read.
    if (Result<std::size_t> count = end.read(buffer, 0); !count) error = count.error().code;
  }
};

class TlsFilterTest : public ::testing::Test {
 protected:
  TlsFilterTest() {
    identify(server_settings_, authority_.server({"gateway.example", "*.wild.example"}));
    server_settings_.role = TlsRole::server;
    client_settings_.ca_file = authority_.file();
  }
  static void identify(TlsSettings& settings, const IssuedCertificate& issued) {
    settings.certificate_file = issued.certificate_file;
    settings.key_file = issued.key_file;
  }
  static std::shared_ptr<const TlsContext> context(const TlsSettings& settings) {
    auto made = TlsContext::make(settings);
    if (!made) throw std::runtime_error(made.error().what);
    return *made;
  }
  Ends shake(const std::string& host = "gateway.example", WallTime at = now) {
    Ends ends;
    ends.client = std::move(*TlsFilter::client(context(client_settings_), host, at));
    ends.server = std::move(*TlsFilter::server(context(server_settings_), at));
    EXPECT_TRUE(ends.client->handshake().ok());
    ends.pump();
    return ends;
  }

  TestAuthority authority_;
  TlsSettings server_settings_;
  TlsSettings client_settings_;
};

TEST_F(TlsFilterTest, AgreesOnTls13AndShowsThePeersCertificate) {
  const Ends ends = shake();
  ASSERT_TRUE(ends.client->established()) << ends.client_words;
  ASSERT_TRUE(ends.server->established());
  const net::TlsInfo info = ends.client->info();
  EXPECT_EQ(info.version, "TLSv1.3");
  EXPECT_FALSE(info.cipher.empty());
  ASSERT_TRUE(info.peer.has_value());
  EXPECT_EQ(info.peer->subject, "CN=localhost");
  EXPECT_FALSE(ends.server->info().peer.has_value());
}

TEST_F(TlsFilterTest, CarriesBytesBothWays) {
  const Ends ends = shake();
  std::string wire;
  ASSERT_EQ(*ends.client->write("hello"), 5U);
  ends.client->take_output(wire);
  EXPECT_EQ(wire.find("hello"), std::string::npos);
  ends.server->feed(wire);
  char buffer[64];
  const Result<std::size_t> count = ends.server->read(buffer, sizeof buffer);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(std::string(buffer, *count), "hello");
}

TEST_F(TlsFilterTest, TellsACloseNotifyFromSilence) {
  const Ends ends = shake();
  char buffer[64];
  EXPECT_EQ(*ends.server->read(buffer, sizeof buffer), 0U);
  EXPECT_FALSE(ends.server->peer_closed());
  std::string wire;
  ends.client->close_notify();
  ends.client->take_output(wire);
  ends.server->feed(wire);
  EXPECT_EQ(*ends.server->read(buffer, sizeof buffer), 0U);
  EXPECT_TRUE(ends.server->peer_closed());
}

TEST_F(TlsFilterTest, FindsATamperedRecord) {
  const Ends ends = shake();
  std::string wire;
  ASSERT_TRUE(ends.client->write("hello").ok());
  ends.client->take_output(wire);
  wire.back() = static_cast<char>(wire.back() ^ 1);
  ends.server->feed(wire);
  char buffer[64];
  const Result<std::size_t> count = ends.server->read(buffer, sizeof buffer);
  ASSERT_FALSE(count.ok());
  EXPECT_EQ(count.error().code, "tls.protocol");
}

TEST_F(TlsFilterTest, RefusesAnotherName) {
  const Ends ends = shake("other.example");
  EXPECT_EQ(ends.client_error, "tls.verify");
  EXPECT_NE(ends.client_words.find("other.example"), std::string::npos) << ends.client_words;
  EXPECT_EQ(ends.server_error, "tls.alert");
}

TEST_F(TlsFilterTest, VerifiesAnIpAddressAsAnAddress) {
  EXPECT_TRUE(shake("127.0.0.1").client->established());
  EXPECT_TRUE(shake("::1").client->established());
  EXPECT_EQ(shake("127.0.0.2").client_error, "tls.verify");
}

TEST_F(TlsFilterTest, TakesAWildcardForAWholeLabelOnly) {
  EXPECT_TRUE(shake("a.wild.example").client->established());
  EXPECT_EQ(shake("a.b.wild.example").client_error, "tls.verify");
  EXPECT_EQ(shake("wild.example").client_error, "tls.verify");
  identify(server_settings_, authority_.server({"part*.example"}));
  EXPECT_EQ(shake("partial.example").client_error, "tls.verify");
}

TEST_F(TlsFilterTest, NeverTakesTheCommonNameForAHostName) {
  CertificateWish wish;
  wish.common_name = "gateway.example";
  identify(server_settings_, authority_.issue(wish));
  EXPECT_EQ(shake("gateway.example").client_error, "tls.verify");
}

TEST_F(TlsFilterTest, RefusesAnExpiredCertificate) {
  identify(server_settings_, authority_.expired_server());
  const Ends ends = shake("localhost");
  EXPECT_EQ(ends.client_error, "tls.verify");
  EXPECT_NE(ends.client_words.find("expired"), std::string::npos) << ends.client_words;
}

TEST_F(TlsFilterTest, JudgesValidityByTheTimeItIsGiven) {
  identify(server_settings_, authority_.expired_server());
  EXPECT_TRUE(
      shake("localhost", WallTime{std::chrono::sys_days{std::chrono::year{2020} / 6 / 1}}).client->established());
}

TEST_F(TlsFilterTest, RefusesAnUnknownAuthority) {
  const TestAuthority other("Somebody else");
  client_settings_.ca_file = other.file();
  EXPECT_EQ(shake().client_error, "tls.verify");
}

TEST_F(TlsFilterTest, DoesNotTrustTestAuthoritiesByTheSystemsStore) {
  client_settings_ = TlsSettings{};
  EXPECT_EQ(shake().client_error, "tls.verify");
}

TEST_F(TlsFilterTest, TrustsASelfSignedCertificateThatIsInTheBundle) {
  CertificateWish wish;
  wish.dns_names = {"gateway.example"};
  wish.self_signed = true;
  const IssuedCertificate issued = authority_.issue(wish);
  identify(server_settings_, issued);
  EXPECT_EQ(shake().client_error, "tls.verify");
  client_settings_.ca_file = issued.certificate_file;
  EXPECT_TRUE(shake().client->established());
}

TEST_F(TlsFilterTest, HoldsThePeerToItsPin) {
  const net::PeerCertificate peer = *shake().client->info().peer;
  client_settings_.pins = {"spki:sha256:" + peer.spki_sha256};
  EXPECT_TRUE(shake().client->established());
  client_settings_.pins = {"leaf:sha256:" + peer.sha256};
  EXPECT_TRUE(shake().client->established());
  client_settings_.pins = {"leaf:sha256:" + peer.spki_sha256};
  EXPECT_EQ(shake().client_error, "tls.pin");
}

TEST_F(TlsFilterTest, RequiresAClientCertificateWhenToldTo) {
  server_settings_.client_certificate = ClientCertificate::require;
  server_settings_.ca_file = authority_.file();
  const Ends without = shake();
  EXPECT_EQ(without.server_error, "tls.verify");
  EXPECT_EQ(without.client_error, "tls.alert");

  identify(client_settings_, authority_.client("acme"));
  const Ends with = shake();
  ASSERT_TRUE(with.server->established()) << with.server_error;
  EXPECT_EQ(with.server->info().peer->subject, "CN=acme");
}

TEST_F(TlsFilterTest, RefusesAClientCertificateOfAnotherAuthority) {
  TestAuthority other("Somebody else");
  server_settings_.client_certificate = ClientCertificate::request;
  server_settings_.ca_file = authority_.file();
  EXPECT_TRUE(shake().server->established());  // requested only: none is fine
  identify(client_settings_, other.client("acme"));
  EXPECT_EQ(shake().server_error, "tls.verify");
}

TEST_F(TlsFilterTest, SaysWhenThePeerSpeaksNoTls) {
  const auto client = std::move(*TlsFilter::client(context(client_settings_), "gateway.example", now));
  ASSERT_TRUE(client->handshake().ok());
  client->feed("500 unknown command\r\n");
  const Status done = client->handshake();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, "tls.version");
}

TEST_F(TlsFilterTest, RefusesAContextOfTheOtherRole) {
  EXPECT_FALSE(TlsFilter::client(context(server_settings_), "x", now).ok());
  EXPECT_FALSE(TlsFilter::server(context(client_settings_), now).ok());
  EXPECT_FALSE(TlsFilter::client(context(client_settings_), "", now).ok());
}

// A peer with OpenSSL's own means, willing to do what we are not.
class LaxPeer {
 public:
  LaxPeer(bool server, int version, const char* ciphers, const IssuedCertificate* identity)
      : context_(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    EXPECT_EQ(SSL_CTX_set_cipher_list(context_.get(), ciphers), 1);
    if (identity != nullptr) {
      EXPECT_EQ(SSL_CTX_use_certificate_file(context_.get(), identity->certificate_file.c_str(), SSL_FILETYPE_PEM), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_.get(), identity->key_file.c_str(), SSL_FILETYPE_PEM), 1);
    }
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    if (server) {
      SSL_set_accept_state(ssl_.get());
    } else {
      SSL_set_connect_state(ssl_.get());
    }
  }
  // Shakes hands with one of ours; returns our error's code or "established".
  std::string shake(TlsFilter& ours) {
    for (int round = 0; round < 10; ++round) {
      SSL_do_handshake(ssl_.get());
      std::string wire(BIO_ctrl_pending(out_), '\0');
      if (!wire.empty()) BIO_read(out_, wire.data(), static_cast<int>(wire.size()));
      ours.feed(wire);
      if (Status done = ours.handshake(); !done) return done.error().code;
      wire.clear();
      ours.take_output(wire);
      if (!wire.empty()) BIO_write(in_, wire.data(), static_cast<int>(wire.size()));
    }
    return ours.established() ? "established" : "stuck";
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
};

TEST_F(TlsFilterTest, AcceptsTls12WithEcdheAndAeadOnly) {
  const auto try_with = [&](const char* ciphers) {
    const auto server = std::move(*TlsFilter::server(context(server_settings_), now));
    return LaxPeer(false, TLS1_2_VERSION, ciphers, nullptr).shake(*server);
  };
  EXPECT_EQ(try_with("ECDHE-ECDSA-AES128-GCM-SHA256"), "established");
  EXPECT_EQ(try_with("ECDHE-ECDSA-AES128-SHA256"), "tls.version");  // CBC
  EXPECT_EQ(try_with("AES128-GCM-SHA256"), "tls.version");          // no forward secrecy
}

TEST_F(TlsFilterTest, RefusesTls11AsServer) {
  const auto server = std::move(*TlsFilter::server(context(server_settings_), now));
  EXPECT_EQ(LaxPeer(false, TLS1_1_VERSION, "ALL:@SECLEVEL=0", nullptr).shake(*server), "tls.version");
}

TEST_F(TlsFilterTest, RefusesTls11AsClient) {
  const IssuedCertificate identity = authority_.server();
  const auto client = std::move(*TlsFilter::client(context(client_settings_), "localhost", now));
  ASSERT_TRUE(client->handshake().ok());
  LaxPeer lax(true, TLS1_1_VERSION, "ALL:@SECLEVEL=0", &identity);
  EXPECT_EQ(lax.shake(*client), "tls.version");
}

TEST_F(TlsFilterTest, RefusesTls12WhenTls13IsTheMinimum) {
  server_settings_.minimum = net::TlsVersion::tls13;
  const auto server = std::move(*TlsFilter::server(context(server_settings_), now));
  EXPECT_EQ(LaxPeer(false, TLS1_2_VERSION, "ALL", nullptr).shake(*server), "tls.version");
}

}  // namespace
}  // namespace sluis::test
