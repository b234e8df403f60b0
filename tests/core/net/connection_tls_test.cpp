#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/net/tls_filter.h"
#include "tests/core/net/network_fixture.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

using net::TlsContext;
using net::TlsFilter;
using net::TlsRole;
using net::TlsSettings;

class ConnectionTlsTest : public NetworkTest {
 protected:
  ConnectionTlsTest() {
    const IssuedCertificate server = authority_.server();
    TlsSettings settings;
    settings.role = TlsRole::server;
    settings.certificate_file = server.certificate_file;
    settings.key_file = server.key_file;
    server_ = *TlsContext::make(settings);
    settings.client_certificate = net::ClientCertificate::require;
    settings.ca_file = authority_.file();
    strict_server_ = *TlsContext::make(settings);
    TlsSettings trusting;
    trusting.ca_file = authority_.file();
    client_ = *TlsContext::make(trusting);
  }
  Prepare serve(std::function<void(Recorder&)> more = {}, bool strict = false) {
    return [this, more, strict](Recorder& peer) {
      EXPECT_TRUE(peer.connection->start_tls_server(strict ? strict_server_ : server_).ok());
      if (more) more(peer);
    };
  }
  Prepare dial(std::function<void(Recorder&)> more = {}, const std::string& host = "localhost") {
    return [this, more, host](Recorder& peer) {
      EXPECT_TRUE(peer.connection->start_tls_client(client_, host).ok());
      if (more) more(peer);
    };
  }
  static void echo(Recorder& peer) {
    peer.bytes_hook = [&peer](std::string_view bytes) { peer.connection->write(bytes); };
  }

  TestAuthority authority_;
  std::shared_ptr<const TlsContext> server_;
  std::shared_ptr<const TlsContext> strict_server_;
  std::shared_ptr<const TlsContext> client_;
};

TEST_F(ConnectionTlsTest, ShakesHandsAndCarriesBytes) {
  listen(serve(echo));
  const auto client = connect(dial([](Recorder& peer) { peer.connection->write("before the handshake is done"); }));
  EXPECT_TRUE(client->wait_bytes("before the handshake is done"));
  ASSERT_TRUE(client->seen().tls.has_value());
  EXPECT_EQ(client->seen().tls->version, "TLSv1.3");
  EXPECT_EQ(client->seen().tls->peer->subject, "CN=localhost");
  EXPECT_TRUE(accepted()->seen().tls.has_value());
}

TEST_F(ConnectionTlsTest, EchoesMegabytesWithBothSidesHoldingBack) {
  net::ListenerSettings settings;
  settings.connection.high_water = 64 * 1024;
  listen(serve([](Recorder& peer) {
           peer.bytes_hook = [&peer](std::string_view bytes) {
             if (!peer.connection->write(bytes)) peer.connection->pause_reading();
           };
           peer.drained_hook = [&peer] { peer.connection->resume_reading(); };
         }),
         settings);
  std::string sent(6 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>((i * 2654435761U) >> 13);
  std::size_t offset = 0;
  const auto more = [&](Recorder& peer) {
    while (offset < sent.size()) {
      const std::size_t size = std::min<std::size_t>(20'000, sent.size() - offset);
      offset += size;
      if (!peer.connection->write(std::string_view(sent).substr(offset - size, size))) return;
    }
  };
  const auto client = connect(dial([&](Recorder& peer) {
    peer.drained_hook = [&] { more(peer); };
    more(peer);
  }));
  ASSERT_TRUE(client->wait([&](const Recorder::Seen& seen) { return seen.bytes.size() == sent.size(); }));
  EXPECT_TRUE(client->seen().bytes == sent);
}

TEST_F(ConnectionTlsTest, EndsWhenTheNameIsAnother) {
  listen(serve());
  const auto client = connect(dial({}, "other.example"));
  EXPECT_EQ(client->close_code(), "tls.verify");
  EXPECT_EQ(accepted()->close_code(), "tls.alert");
  EXPECT_FALSE(client->seen().tls.has_value());
}

TEST_F(ConnectionTlsTest, SendsNothingToAPeerThatFailedVerification) {
  listen(serve());
  const auto client = connect(dial([](Recorder& peer) { peer.connection->write("password"); }, "other.example"));
  EXPECT_EQ(client->close_code(), "tls.verify");
  accepted()->wait_closed();
  EXPECT_EQ(accepted()->seen().bytes, "");
}

TEST_F(ConnectionTlsTest, EndsAClientWithoutTheRequiredCertificate) {
  listen(serve({}, true));
  connect(dial());
  EXPECT_EQ(accepted()->close_code(), "tls.verify");
}

TEST_F(ConnectionTlsTest, ShowsTheClientsCertificateToTheServer) {
  listen(serve({}, true));
  const IssuedCertificate acme = authority_.client("acme");
  TlsSettings settings;
  settings.ca_file = authority_.file();
  settings.certificate_pem = acme.certificate_pem;
  settings.key_pem = acme.key_pem;
  client_ = *TlsContext::make(settings);
  connect(dial());
  ASSERT_TRUE(accepted()->wait([](const Recorder::Seen& seen) { return seen.tls.has_value(); }));
  EXPECT_EQ(accepted()->seen().tls->peer->subject, "CN=acme");
}

TEST_F(ConnectionTlsTest, UpgradesAnOpenConnection) {
  listen([this](Recorder& peer) {
    peer.bytes_hook = [this, &peer](std::string_view bytes) {
      if (bytes == "STARTTLS\r\n") {
        peer.connection->write("220 ready\r\n");
        EXPECT_TRUE(peer.connection->start_tls_server(server_).ok());
      } else {
        peer.connection->write(bytes);
      }
    };
  });
  const auto client = connect([this](Recorder& peer) {
    peer.bytes_hook = [this, &peer](std::string_view bytes) {
      if (bytes == "220 ready\r\n") {
        EXPECT_TRUE(peer.connection->start_tls_client(client_, "localhost").ok());
        peer.connection->write("EHLO again");
      }
    };
    peer.connection->write("STARTTLS\r\n");
  });
  EXPECT_TRUE(client->wait_bytes("220 ready\r\nEHLO again"));
  EXPECT_TRUE(client->seen().tls.has_value());
}

TEST_F(ConnectionTlsTest, RefusesAnUpgradeWithBytesAlreadyThere) {
  std::promise<std::string> verdict;
  listen([&](Recorder& peer) {
    peer.bytes_hook = [&](std::string_view bytes) {
      const std::size_t unparsed = bytes.size() - std::string_view("STARTTLS\r\n").size();
      const Status started = peer.connection->start_tls_server(server_, unparsed);
      verdict.set_value(started.ok() ? "started" : started.error().code);
    };
  });
  const RawPeer peer = raw();
  peer.send("STARTTLS\r\nRCPT TO:<injected@example>\r\n");
  EXPECT_EQ(verdict.get_future().get(), "tls.buffered");
}

TEST_F(ConnectionTlsTest, RefusesToBeAClientWhenTheServerHasSaidTooMuch) {
  listen([](Recorder& peer) { peer.connection->write("220 ready\r\n250 injected\r\n"); });
  const auto client = connect([](Recorder& peer) { peer.connection->pause_reading(); });
  EXPECT_TRUE(eventually([&] { return on(*client, [&] { return client->connection->pending_input(); }) > 0; }));
  const Status started = on(*client, [&] { return client->connection->start_tls_client(client_, "localhost"); });
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, "tls.buffered");
}

TEST_F(ConnectionTlsTest, EndsAClientThatSpeaksClearTextWhereTlsIsExpected) {
  listen(serve());
  const RawPeer peer = raw();
  peer.send("EHLO client.example\r\n");
  EXPECT_EQ(accepted()->close_code(), "tls.version");
}

TEST_F(ConnectionTlsTest, TellsACloseNotifyAsEof) {
  listen(serve());
  const auto client = connect(dial([](Recorder& peer) {
    peer.connection->write("all of it");
    peer.connection->shutdown();
  }));
  EXPECT_EQ(accepted()->close_code(), "net.eof");
  EXPECT_EQ(accepted()->seen().bytes, "all of it");
  EXPECT_FALSE(accepted()->connection->truncated());
  EXPECT_EQ(client->close_code(), "net.closed");
}

TEST_F(ConnectionTlsTest, TellsAnEndWithoutCloseNotifyAsTruncated) {
  listen(serve());
  const auto client = connect(dial());
  ASSERT_TRUE(client->wait([](const Recorder::Seen& seen) { return seen.tls.has_value(); }));
  ASSERT_TRUE(accepted()->wait([](const Recorder::Seen& seen) { return seen.tls.has_value(); }));
  on(*client, [&] { client->connection->close(); });
  EXPECT_EQ(accepted()->close_code(), "tls.truncated");
  EXPECT_TRUE(accepted()->connection->truncated());
}

TEST_F(ConnectionTlsTest, SaysWhenThePeerLeavesDuringTheHandshake) {
  listen(serve());
  RawPeer peer = raw();
  accepted();
  peer.close();
  EXPECT_EQ(accepted()->close_code(), "tls.handshake");
}

TEST_F(ConnectionTlsTest, DeliversWhatWasDecryptedBeforeThePauseAlsoAfterThePeerLeft) {
  listen(
      serve([](Recorder& peer) { peer.bytes_hook = [&peer](std::string_view) { peer.connection->pause_reading(); }; }));
  std::string sent(50'000, 'x');
  const auto client = connect(dial([&](Recorder& peer) {
    peer.connection->write(sent);
    peer.connection->shutdown();
  }));
  const auto server = accepted();
  EXPECT_TRUE(eventually([&] {
    on(*server, [&] { server->connection->resume_reading(); });
    return server->seen().closed.has_value();
  }));
  EXPECT_TRUE(server->seen().bytes == sent);
  EXPECT_EQ(server->seen().closed->code, "net.eof");
}

TEST_F(ConnectionTlsTest, RefusesASecondUpgrade) {
  listen(serve());
  const auto client = connect(dial());
  ASSERT_TRUE(client->wait([](const Recorder::Seen& seen) { return seen.tls.has_value(); }));
  EXPECT_FALSE(on(*client, [&] { return client->connection->start_tls_client(client_, "localhost"); }).ok());
}

TEST_F(ConnectionTlsTest, MakesNoCallAfterACloseInOnTls) {
  listen(serve());
  const auto client = connect(dial([](Recorder& peer) { peer.tls_hook = [&peer] { peer.connection->close(); }; }));
  ASSERT_TRUE(accepted()->wait_closed());
  on(*client, [] {});
  EXPECT_EQ(client->seen().calls, 1);
}

}  // namespace
}  // namespace sluis::test
