// HTTP over TLS: who is at the other end, and ends that are authentic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/net/http/http_fixture.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

using net::TlsContext;
using net::TlsSettings;
using net::http::ClientRequest;
using net::http::Sent;
using net::http::Verdict;

class HttpSecureTest : public HttpTest {
 protected:
  std::shared_ptr<const TlsContext> server_tls(net::ClientCertificate wanted = net::ClientCertificate::none) {
    return server_tls(authority_.server(), wanted);
  }
  std::shared_ptr<const TlsContext> server_tls(const IssuedCertificate& issued, net::ClientCertificate wanted) {
    TlsSettings settings;
    settings.role = net::TlsRole::server;
    settings.certificate_file = issued.certificate_file;
    settings.key_file = issued.key_file;
    settings.client_certificate = wanted;
    if (wanted != net::ClientCertificate::none) settings.ca_file = authority_.file();
    return *TlsContext::make(settings);
  }
  std::shared_ptr<const TlsContext> client_tls(const std::string& name = {}, std::vector<std::string> pins = {}) {
    TlsSettings settings;
    settings.ca_file = authority_.file();
    settings.pins = std::move(pins);
    if (!name.empty()) {
      const IssuedCertificate issued = authority_.client(name);
      settings.certificate_pem = issued.certificate_pem;
      settings.key_pem = issued.key_pem;
    }
    return *TlsContext::make(settings);
  }
  void serve_names() {
    mount({.serve = net::http::collect_body([](const Request& request, const std::string&, const Responder& responder) {
             responder.respond(Response::text(
                 200, request.tls && request.tls->peer ? request.tls->peer->subject : std::string("nobody")));
           })});
  }
  ClientRequest secure(std::string method = "GET") const {
    ClientRequest one = request(std::move(method));
    one.origin.tls = true;
    one.origin.host = "localhost";
    return one;
  }
  // A server in TLS that says what it is told to and then ends as it is told to.
  void listen_secure(const std::string& answer, const std::function<void(Recorder&)>& end) {
    listen([this, answer, end](Recorder& peer) {
      EXPECT_TRUE(peer.connection->start_tls_server(server_tls()).ok());
      peer.bytes_hook = [&peer, answer, end](std::string_view) {
        peer.connection->write(answer);
        end(peer);
      };
    });
  }

  TestAuthority authority_;
};

TEST_F(HttpSecureTest, ShowsTheClientsCertificateToTheHandler) {
  start().set_tls(server_tls(net::ClientCertificate::require));
  serve_names();
  client({.tls = client_tls("acme")});
  const Fetched fetched = fetch(secure());
  EXPECT_EQ(fetched.response.body, "CN=acme");
  ASSERT_TRUE(fetched.result.tls.has_value());
  EXPECT_EQ(fetched.result.tls->peer->subject, "CN=localhost");
}

TEST_F(HttpSecureTest, GetsNoAnswerWithoutTheRequiredCertificate) {
  start().set_tls(server_tls(net::ClientCertificate::require));
  serve_names();
  client({.tls = client_tls()});
  const Fetched fetched = fetch(secure("POST"));
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
  EXPECT_EQ(fetched.result.error->code, "tls.alert");
}

TEST_F(HttpSecureTest, SendsNothingToAServerWithAnotherName) {
  start().set_tls(server_tls(authority_.issue({.dns_names = {"other.example"}}), net::ClientCertificate::none));
  serve_names();
  client({.tls = client_tls()});
  const Fetched fetched = fetch(secure());
  EXPECT_EQ(fetched.result.error->code, "tls.verify");
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
  EXPECT_EQ(fetched.result.sent, Sent::nothing);
}

TEST_F(HttpSecureTest, SendsNothingToAServerThatIsNotPinned) {
  start().set_tls(server_tls());
  serve_names();
  client({.tls = client_tls({}, {"spki:sha256:" + std::string(64, 'a')})});
  const Fetched fetched = fetch(secure());
  EXPECT_EQ(fetched.result.error->code, "tls.pin");
  EXPECT_EQ(fetched.result.sent, Sent::nothing);
}

TEST_F(HttpSecureTest, NeverFallsBackToClearText) {
  start();
  serve_names();
  client();
  EXPECT_EQ(fetch(secure()).result.error->code, "tls.settings");
}

TEST_F(HttpSecureTest, GivesUpOnAServerThatDoesNotShakeHands) {
  listen();
  client({.tls = client_tls()});
  ClientRequest impatient = secure();
  impatient.timeouts.tls = 50ms;
  const Fetched fetched = fetch(impatient);
  EXPECT_EQ(fetched.result.error->code, "http.timeout.tls");
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
}

TEST_F(HttpSecureTest, TrustsAnEndWithCloseNotify) {
  listen_secure("HTTP/1.1 200 OK\r\n\r\nall of it", [](Recorder& peer) { peer.connection->shutdown(); });
  client({.tls = client_tls()});
  EXPECT_EQ(fetch(secure()).response.body, "all of it");
}

TEST_F(HttpSecureTest, DistrustsAnEndWithoutCloseNotify) {
  listen_secure("HTTP/1.1 200 OK\r\n\r\nperhaps half of it", [](Recorder& peer) {
    // On a later turn: what was written is on its way, then the stream just ends.
    peer.connection->loop().post([&peer] { peer.connection->loop().post([&peer] { peer.connection->close(); }); });
  });
  client({.tls = client_tls()});
  const Fetched fetched = fetch(secure("POST"));
  EXPECT_EQ(fetched.result.error->code, "http.truncated");
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
}

TEST_F(HttpSecureTest, KeepsItsConnection) {
  start().set_tls(server_tls());
  serve_names();
  client({.tls = client_tls()});
  EXPECT_EQ(fetch(secure()).result.verdict, Verdict::answered);
  EXPECT_TRUE(fetch(secure()).result.reused);
}

TEST_F(HttpSecureTest, TakesANewCertificateForNewConnections) {
  net::http::HttpServer& server = start();
  server.set_tls(server_tls());
  serve_names();
  client({.tls = client_tls()});
  const std::string before = fetch(secure()).result.tls->peer->serial;
  server.set_tls(server_tls());
  EXPECT_EQ(fetch(secure()).result.tls->peer->serial, before);
  ClientRequest fresh = secure();
  fresh.fresh_connection = true;
  EXPECT_NE(fetch(fresh).result.tls->peer->serial, before);
}

TEST_F(HttpSecureTest, ClosesAClearTextClient) {
  start().set_tls(server_tls());
  serve_names();
  EXPECT_EQ(talk("GET / HTTP/1.1\r\nHost: a\r\n\r\n").find("HTTP"), std::string::npos);
}

// Fifty megabytes, with both sides holding back: whoever is faster waits, and what is under way stays bounded.
class HttpTransferTest : public HttpSecureTest, public testing::WithParamInterface<bool> {
 protected:
  static constexpr std::size_t size = 50 * 1024 * 1024;
  // The kernel's buffers on both sides of a loopback connection, and ours.
  static constexpr std::size_t most_under_way = 24 * 1024 * 1024;

  void begin() {
    if (GetParam()) {
      start().set_tls(server_tls());
      client({.tls = client_tls()});
    } else {
      start();
      client();
    }
  }
  ClientRequest request_for(const std::string& method) const {
    ClientRequest one = GetParam() ? secure(method) : request(method);
    return one;
  }
  static char octet(std::size_t at) { return static_cast<char>((at * 2654435761U) >> 13U); }

  // Writes all of it, as much at a time as the other side takes.
  class Source {
   public:
    template <class Sink>
    void more(const Sink& sink) {
      while (written < size) {
        std::string piece(std::min<std::size_t>(37'000, size - written), '\0');
        for (std::size_t i = 0; i < piece.size(); i += 64) piece[i] = octet(written + i);
        written += piece.size();
        if (!sink.write(piece)) break;
      }
      if (written == size && !ended.exchange(true)) sink.end();
    }
    std::atomic<std::size_t> written{0};
    std::atomic<bool> ended{false};
  };
  // Takes it, and now and then nothing for a while.
  struct Target {
    template <class Flow>
    void take(std::string_view bytes, const Source& source, const Flow& flow, net::EventLoop& loop) {
      taken += bytes.size();
      const std::size_t ahead = source.written - taken;
      if (ahead > most_ahead) most_ahead = ahead;
      if (taken / 1'000'000 == pauses) return;
      ++pauses;
      flow.pause();
      loop.schedule_after(1ms, [flow] { flow.resume(); });
    }
    std::atomic<std::size_t> taken{0};
    std::atomic<std::size_t> most_ahead{0};
    std::size_t pauses = 0;
  };
};

TEST_P(HttpTransferTest, CarriesALargeRequest) {
  begin();
  Source source;
  Target target;
  net::http::Mount large;
  large.most_body = size;
  mount_recorder(
      [&](HandlerRecorder& one) {
        one.body_hook = [&](std::string_view bytes) { target.take(bytes, source, one.responder, loops_.at(0)); };
        one.end_hook = [&] { one.responder.respond(Response::text(200, std::to_string(target.taken))); };
      },
      large);
  struct Uploader : net::http::ResponseHandler {
    explicit Uploader(Source& from_) : from(from_) {}
    void on_drained() override { from.more(call); }
    void on_body(std::string_view bytes) override { answer += bytes; }
    void on_done(const net::http::ClientResult& result) override {
      verdict = result.verdict;
      call = {};
      done.set_value();
    }
    Source& from;
    net::http::ClientCall call;
    std::string answer;
    Verdict verdict = Verdict::not_sent;
    std::promise<void> done;
  };
  const auto uploader = std::make_shared<Uploader>(source);
  ClientRequest one = request_for("POST");
  one.streamed = true;
  on(loops_.at(1), [&] {
    uploader->call = client_->send(one, uploader);
    source.more(uploader->call);
  });
  uploader->done.get_future().wait();
  EXPECT_EQ(uploader->verdict, Verdict::answered);
  EXPECT_EQ(uploader->answer, std::to_string(size));
  EXPECT_LT(target.most_ahead, most_under_way);
  EXPECT_GT(target.pauses, 40U);
}

TEST_P(HttpTransferTest, CarriesALargeResponse) {
  begin();
  Source source;
  Target target;
  mount_recorder([&](HandlerRecorder& one) {
    one.drained_hook = [&] { source.more(one.responder); };
    one.end_hook = [&] {
      one.responder.begin({200, {}, {}});
      source.more(one.responder);
    };
  });
  struct Downloader : net::http::ResponseHandler {
    Downloader(Source& from_, Target& to_, net::EventLoop& loop_) : from(from_), to(to_), loop(loop_) {}
    void on_body(std::string_view bytes) override { to.take(bytes, from, call, loop); }
    void on_done(const net::http::ClientResult& result) override {
      verdict = result.verdict;
      call = {};
      done.set_value();
    }
    Source& from;
    Target& to;
    net::EventLoop& loop;
    net::http::ClientCall call;
    Verdict verdict = Verdict::not_sent;
    std::promise<void> done;
  };
  const auto downloader = std::make_shared<Downloader>(source, target, loops_.at(1));
  on(loops_.at(1), [&] { downloader->call = client_->send(request_for("GET"), downloader); });
  downloader->done.get_future().wait();
  EXPECT_EQ(downloader->verdict, Verdict::answered);
  EXPECT_EQ(target.taken, size);
  EXPECT_LT(target.most_ahead, most_under_way);
  EXPECT_GT(target.pauses, 40U);
}

INSTANTIATE_TEST_SUITE_P(ClearAndTls, HttpTransferTest, testing::Values(false, true),
                         [](const testing::TestParamInfo<bool>& one) { return one.param ? "Tls" : "Clear"; });

}  // namespace
}  // namespace sluis::test
