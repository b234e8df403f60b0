// Listeners behind a proxy: who is believed, what is counted, what a proxy that says nothing gets.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/net/listener.h"
#include "core/net/proxy_protocol.h"
#include "core/net/tls.h"
#include "tests/core/net/network_fixture.h"
#include "tests/core/net/proxy_headers.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

const std::string header = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 993\r\n";

// 127.0.0.1 is the named proxy; 127.0.0.2 is a stranger.
class ProxiedListener : public NetworkTest {
 protected:
  void listen_behind_proxy(Prepare prepare = {}) {
    settings_.proxy_protocol.from = *net::AddressSet::parse({"127.0.0.1"});
    settings_.metrics = &metrics_;
    listen(std::move(prepare), settings_);
  }
  RawPeer stranger() {
    net::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const net::Address from = *net::Address::parse("127.0.0.2:0");
    const net::Address to = listener_->address();
    EXPECT_EQ(::bind(socket.get(), from.data(), from.size()), 0);
    EXPECT_EQ(::connect(socket.get(), to.data(), to.size()), 0);
    return RawPeer(std::move(socket));
  }
  static std::string header_of(const std::string& client) {
    return "PROXY TCP4 " + client + " 198.51.100.1 4711 993\r\n";
  }
  bool counted(const std::string& reason, int count) {
    const std::string line =
        "sluis_net_refused_total{listener=\"listener\",reason=\"" + reason + "\"} " + std::to_string(count);
    return eventually([&] { return metrics_.render().find(line) != std::string::npos; });
  }

  ~ProxiedListener() override { listener_.reset(); }  // before the metrics

  Metrics metrics_;
  net::ListenerSettings settings_;
};

TEST_F(ProxiedListener, TellsTheClientThatANamedProxyForwards) {
  listen_behind_proxy();
  const RawPeer proxy = raw();
  proxy.send(header + "EHLO client\r\n");
  const auto server = accepted();
  EXPECT_TRUE(server->wait_bytes("EHLO client\r\n"));
  EXPECT_EQ(server->connection->remote().text(), "192.0.2.7:4711");
  EXPECT_EQ(server->connection->peer().host(), "127.0.0.1");
  EXPECT_EQ(server->connection->local(), listener_->address());
  ASSERT_NE(server->connection->proxy_header(), nullptr);
  EXPECT_EQ(server->connection->proxy_header()->destination.text(), "198.51.100.1:993");
}

TEST_F(ProxiedListener, ReadsAHeaderThatComesOctetByOctet) {
  listen_behind_proxy();
  const RawPeer proxy = raw();
  const std::string whole = v2_tcp4(tls_tlv(7, 0, tlv(0x22, "acme"))) + "EHLO";
  for (const char one : whole) proxy.send(std::string(1, one));
  const auto server = accepted();
  EXPECT_TRUE(server->wait_bytes("EHLO"));
  ASSERT_NE(server->connection->proxy_header(), nullptr);
  ASSERT_TRUE(server->connection->proxy_header()->tls);
  EXPECT_EQ(server->connection->proxy_header()->tls->common_name, "acme");
}

TEST_F(ProxiedListener, TakesTheHeaderOfAStrangerForOrdinaryOctets) {
  listen_behind_proxy();
  const RawPeer peer = stranger();
  peer.send(header);
  const auto server = accepted();
  EXPECT_TRUE(server->wait_bytes(header));
  EXPECT_EQ(server->connection->remote().host(), "127.0.0.2");
  EXPECT_EQ(server->connection->proxy_header(), nullptr);
}

TEST_F(ProxiedListener, AsksNoHeaderOfAStranger) {
  listen_behind_proxy();
  const RawPeer peer = stranger();
  EXPECT_EQ(accepted()->connection->remote().host(), "127.0.0.2");
}

TEST_F(ProxiedListener, TakesTheHeaderForOrdinaryOctetsWhereNobodyIsNamed) {
  listen();
  const RawPeer peer = raw();
  peer.send(header);
  EXPECT_TRUE(accepted()->wait_bytes(header));
}

TEST_F(ProxiedListener, ClosesAndCountsANamedProxysConnectionWithoutHeader) {
  listen_behind_proxy();
  const RawPeer proxy = raw();
  proxy.send("EHLO client\r\n");
  EXPECT_TRUE(proxy.ended());
  EXPECT_TRUE(counted("proxy-header", 1));
  EXPECT_EQ(listener_->refused(), 1U);
  EXPECT_EQ(listener_->accepted(), 0U);
  EXPECT_TRUE(eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(ProxiedListener, WaitsForAHeaderOnlySoLong) {
  settings_.proxy_protocol.header_within = 50ms;
  listen_behind_proxy();
  const RawPeer silent = raw();
  const RawPeer slow = raw();
  slow.send(header.substr(0, 20));
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(slow.ended());
  EXPECT_TRUE(counted("proxy-header", 2));
}

TEST_F(ProxiedListener, CountsAProxyThatGoesBeforeItsHeader) {
  listen_behind_proxy();
  RawPeer proxy = raw();
  proxy.send(header.substr(0, 20));
  proxy.close();
  EXPECT_TRUE(counted("proxy-header", 1));
  EXPECT_TRUE(eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(ProxiedListener, CountsTheClientsAddressAndNotTheProxys) {
  settings_.most_per_address = 1;
  listen_behind_proxy();
  const RawPeer one = raw();
  one.send(header_of("192.0.2.7"));
  accepted(0);
  const RawPeer another = raw();
  another.send(header_of("192.0.2.8"));
  accepted(1);
  const RawPeer again = raw();
  again.send(header_of("192.0.2.7"));
  EXPECT_TRUE(again.ended());
  EXPECT_TRUE(counted("address", 1));
  EXPECT_EQ(listener_->accepted(), 2U);
}

TEST_F(ProxiedListener, GivesAClientsPlaceBackWhenItsConnectionCloses) {
  settings_.most_per_address = 1;
  listen_behind_proxy();
  RawPeer one = raw();
  one.send(header);
  accepted(0);
  one.close();
  ASSERT_TRUE(eventually([&] { return listener_->connections() == 0; }));
  const RawPeer two = raw();
  two.send(header);
  EXPECT_NE(accepted(1), nullptr);
}

TEST_F(ProxiedListener, CountsWhatWaitsForItsHeaderAmongAll) {
  settings_.most_connections = 1;
  listen_behind_proxy();
  const RawPeer waiting = raw();
  ASSERT_TRUE(eventually([&] { return listener_->connections() == 1; }));
  const RawPeer more = raw();
  EXPECT_TRUE(more.ended());
  EXPECT_TRUE(counted("connections", 1));
}

TEST_F(ProxiedListener, LetsAProxySpeakForItself) {
  listen_behind_proxy();
  const RawPeer proxy = raw();
  proxy.send(v2_header(0x20, 0x00, "") + "NOOP");
  const auto server = accepted();
  EXPECT_TRUE(server->wait_bytes("NOOP"));
  EXPECT_EQ(server->connection->remote().host(), "127.0.0.1");
  ASSERT_NE(server->connection->proxy_header(), nullptr);
  EXPECT_TRUE(server->connection->proxy_header()->local);
}

TEST_F(ProxiedListener, ReadsTheHeaderBeforeTls) {
  TestAuthority authority;
  const IssuedCertificate issued = authority.server();
  net::TlsSettings ours;
  ours.role = net::TlsRole::server;
  ours.certificate_pem = issued.certificate_pem;
  ours.key_pem = issued.key_pem;
  const auto server_context = *net::TlsContext::make(ours);
  net::TlsSettings theirs;
  theirs.ca_pem = authority.pem();
  const auto client_context = *net::TlsContext::make(theirs);
  listen_behind_proxy([&](Recorder& server) { EXPECT_TRUE(server.connection->start_tls_server(server_context).ok()); });
  const auto client = connect([&](Recorder& peer) {
    peer.connection->write(header);
    EXPECT_TRUE(peer.connection->start_tls_client(client_context, "localhost").ok());
    peer.connection->write("inside");
  });
  const auto server = accepted();
  EXPECT_TRUE(server->wait_bytes("inside"));
  EXPECT_TRUE(server->seen().tls);
  EXPECT_EQ(server->connection->remote().text(), "192.0.2.7:4711");
}

TEST_F(ProxiedListener, MakesNoSessionOfAHeaderThatComesAfterStop) {
  listen_behind_proxy();
  const RawPeer proxy = raw();
  ASSERT_TRUE(eventually([&] { return listener_->connections() == 1; }));
  listener_->stop();
  proxy.send(header);
  EXPECT_TRUE(proxy.ended());
  EXPECT_EQ(listener_->accepted(), 0U);
}

}  // namespace
}  // namespace sluis::test
