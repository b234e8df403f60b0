// Connections through an HTTP proxy.
#include <gtest/gtest.h>

#include "core/net/connector.h"
#include "core/net/socket.h"
#include "tests/core/net/network_fixture.h"
#include "tests/core/net/test_certificates.h"
#include "tests/core/net/tunnel_proxy.h"

namespace sluis::test {
namespace {

using net::Connection;
using Outcome = Result<std::shared_ptr<Connection>>;

// This machine is everything; what it is asked for is written down.
class AskedResolver final : public net::Resolver {
 public:
  void resolve(const std::string& host, std::uint16_t port, Done done) override {
    names.push_back(host);
    done(std::vector<net::Address>{*net::Address::ip("127.0.0.1", port)});
  }
  std::vector<std::string> names;  // one question at a time here
};

class Tunnel : public NetworkTest {
 protected:
  // To the listener of the test, under a name that only the proxy knows.
  net::ConnectRequest request_through(const net::HostPort& proxy, std::uint16_t port) {
    net::ConnectRequest request;
    request.host = "msa.example";
    request.port = port;
    request.proxy = net::HttpProxy{proxy, "", Secret{}};
    return request;
  }
  Outcome run(net::ConnectRequest request) {
    std::promise<Outcome> result;
    net::Connector(resolver_).connect(loop_, std::move(request),
                                      [&](Outcome outcome) { result.set_value(std::move(outcome)); });
    return result.get_future().get();
  }
  std::string code(net::ConnectRequest request) {
    const Outcome outcome = run(std::move(request));
    if (!outcome.ok()) what_ = outcome.error().what;
    return outcome.ok() ? "connected" : outcome.error().code;
  }
  std::shared_ptr<Recorder> start(const std::shared_ptr<Connection>& connection) {
    const auto recorder = std::make_shared<Recorder>();
    recorder->connection = connection;
    on(*recorder, [&] { connection->start(recorder); });
    started_.push_back(recorder);
    return recorder;
  }
  // A proxy that answers CONNECT with these octets, whatever it was asked.
  net::HostPort proxy_that_says(const std::string& answer, bool then_close = false) {
    listen([answer, then_close](Recorder& peer) {
      peer.bytes_hook = [&peer, answer, then_close](std::string_view) {
        peer.connection->write(answer);
        if (then_close) peer.connection->shutdown();
      };
    });
    return {"127.0.0.1", listener_->port()};
  }
  ~Tunnel() override {
    for (const auto& one : started_) on(*one, [&] { one->connection->close(); });
  }

  AskedResolver resolver_;
  net::EventLoop& loop_ = loops_.next();
  std::string what_;

 private:
  std::vector<std::shared_ptr<Recorder>> started_;
};

TEST_F(Tunnel, CarriesBytesBothWaysAndLeavesTheNameToTheProxy) {
  listen([](Recorder& peer) { peer.bytes_hook = [&peer](std::string_view bytes) { peer.connection->write(bytes); }; });
  const TunnelProxy proxy(loops_);
  net::ConnectRequest request = request_through({"proxy.example", proxy.at().port}, listener_->port());
  const Outcome outcome = run(std::move(request));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  const auto client = start(*outcome);
  on(*client, [&] { client->connection->write("EHLO client\r\n"); });
  EXPECT_TRUE(client->wait_bytes("EHLO client\r\n"));
  EXPECT_EQ(proxy.destinations(), std::vector<std::string>{"msa.example:" + std::to_string(listener_->port())});
  EXPECT_EQ(resolver_.names, std::vector<std::string>{"proxy.example"});
}

TEST_F(Tunnel, CarriesTlsToTheDestinationItself) {
  TestAuthority authority;
  const IssuedCertificate issued = authority.server({"msa.example"});
  net::TlsSettings ours;
  ours.role = net::TlsRole::server;
  ours.certificate_pem = issued.certificate_pem;
  ours.key_pem = issued.key_pem;
  const auto server_context = *net::TlsContext::make(ours);
  net::TlsSettings theirs;
  theirs.ca_pem = authority.pem();
  const auto client_context = *net::TlsContext::make(theirs);
  listen([&](Recorder& peer) { EXPECT_TRUE(peer.connection->start_tls_server(server_context).ok()); });
  const TunnelProxy proxy(loops_);
  const Outcome outcome = run(request_through(proxy.at(), listener_->port()));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  const auto client = start(*outcome);
  on(*client, [&] {
    EXPECT_TRUE(client->connection->start_tls_client(client_context, "msa.example").ok());
    client->connection->write("inside");
  });
  EXPECT_TRUE(accepted()->wait_bytes("inside"));
}

TEST_F(Tunnel, KeepsWhatTheDestinationSaysRightBehindTheAnswer) {
  const auto proxy = proxy_that_says("HTTP/1.1 200 OK\r\n\r\n220 msa.example\r\n");
  const Outcome outcome = run(request_through(proxy, 587));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_TRUE(start(*outcome)->wait_bytes("220 msa.example\r\n"));
}

TEST_F(Tunnel, BeginsNoTlsOverOctetsThatStandBehindTheAnswer) {
  const auto proxy = proxy_that_says("HTTP/1.1 200 OK\r\n\r\n220 msa.example\r\n");
  const Outcome outcome = run(request_through(proxy, 465));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  const auto context = *net::TlsContext::make({});
  const auto recorder = std::make_shared<Recorder>();
  recorder->connection = *outcome;
  const Status begun = on(*recorder, [&] {
    (*outcome)->start(recorder);
    const Status status = (*outcome)->start_tls_client(context, "msa.example");
    (*outcome)->close();
    return status;
  });
  ASSERT_FALSE(begun.ok());
  EXPECT_EQ(begun.error().code, "tls.buffered");
}

TEST_F(Tunnel, LogsInToTheProxy) {
  listen();
  const TunnelProxy proxy(loops_, "acme:geheim");
  net::ConnectRequest request = request_through(proxy.at(), listener_->port());
  request.proxy->username = "acme";
  request.proxy->password = Secret{"geheim"};
  EXPECT_EQ(code(request), "connected") << what_;
}

TEST_F(Tunnel, TellsThatTheProxyWantsAnotherLoginWithoutThePassword) {
  listen();
  const TunnelProxy proxy(loops_, "acme:geheim");
  net::ConnectRequest request = request_through(proxy.at(), listener_->port());
  request.proxy->username = "acme";
  request.proxy->password = Secret{"verkeerd"};
  EXPECT_EQ(code(request), "net.proxy");
  EXPECT_NE(what_.find("407"), std::string::npos) << what_;
  EXPECT_NE(what_.find("msa.example:" + std::to_string(listener_->port())), std::string::npos) << what_;
  EXPECT_NE(what_.find(proxy.at().text()), std::string::npos) << what_;
  EXPECT_EQ(what_.find("verkeerd"), std::string::npos);
}

TEST_F(Tunnel, TellsThatTheProxyCannotReachTheDestination) {
  const net::FileDescriptor nobody = std::move(*net::make_stream_socket(AF_INET));
  const net::Address any = *net::Address::parse("127.0.0.1:0");
  ASSERT_EQ(::bind(nobody.get(), any.data(), any.size()), 0);
  const TunnelProxy proxy(loops_);
  EXPECT_EQ(code(request_through(proxy.at(), net::local_address(nobody.get()).port())), "net.proxy");
  EXPECT_NE(what_.find("502"), std::string::npos) << what_;
}

TEST_F(Tunnel, TellsAnUnreachableProxyFromAnUnreachableDestination) {
  const net::FileDescriptor nobody = std::move(*net::make_stream_socket(AF_INET));
  const net::Address any = *net::Address::parse("127.0.0.1:0");
  ASSERT_EQ(::bind(nobody.get(), any.data(), any.size()), 0);
  const net::HostPort proxy{"127.0.0.1", net::local_address(nobody.get()).port()};
  EXPECT_EQ(code(request_through(proxy, 587)), "net.tcp.refused");
  EXPECT_TRUE(what_.starts_with("msa.example:587 through the proxy " + proxy.text() + ": ")) << what_;
}

TEST_F(Tunnel, GivesUpOnAProxyThatDoesNotAnswer) {
  listen();
  net::ConnectRequest request = request_through({"127.0.0.1", listener_->port()}, 587);
  request.resolve_timeout = 20ms;
  request.connect_timeout = 30ms;
  EXPECT_EQ(code(request), "net.proxy.timeout");
  EXPECT_EQ(accepted()->close_code(), "net.eof");
}

TEST_F(Tunnel, GivesUpOnAProxyThatClosesBeforeItsAnswerIsWhole) {
  EXPECT_EQ(code(request_through(proxy_that_says("HTTP/1.1 200 OK\r\n", true), 587)), "net.proxy.reply");
}

TEST_F(Tunnel, GivesUpOnAPeerThatIsNoProxy) {
  EXPECT_EQ(code(request_through(proxy_that_says("220 mail.example ESMTP\r\n"), 587)), "net.proxy.reply");
}

TEST_F(Tunnel, GoesToTheProxyFromTheSourceAddressAskedFor) {
  listen();
  const TunnelProxy proxy(loops_);
  net::ConnectRequest request = request_through(proxy.at(), listener_->port());
  request.source_address = "127.0.0.9";
  ASSERT_EQ(code(request), "connected") << what_;
  EXPECT_EQ(proxy.clients(), std::vector<std::string>{"127.0.0.9"});
}

TEST_F(Tunnel, DoesNotCallBackAfterCancelDuringTheDialogue) {
  listen();
  bool called = false;
  net::Connector connector(resolver_);
  net::ConnectAttempt attempt =
      connector.connect(loop_, request_through({"127.0.0.1", listener_->port()}, 587), [&](Outcome) { called = true; });
  ASSERT_TRUE(accepted()->wait([](const Recorder::Seen& seen) { return !seen.bytes.empty(); }));
  on(loop_, [&] { attempt.cancel(); });
  EXPECT_EQ(accepted()->close_code(), "net.eof");
  EXPECT_FALSE(on(loop_, [&] { return called; }));
}

}  // namespace
}  // namespace sluis::test
