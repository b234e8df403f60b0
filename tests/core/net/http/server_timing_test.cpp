// The server's deadlines, under a clock that the test moves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/core/net/http/http_fixture.h"

namespace sluis::test {
namespace {

using testing::EndsWith;
using testing::StartsWith;

class HttpServerTimingTest : public testing::Test {
 protected:
  HttpServerTimingTest() {
    net::http::HttpServerSettings settings;
    settings.header_deadline = 30s;
    settings.idle_timeout = 75s;
    settings.rate_window = 20s;
    settings.least_body_rate = 500;
    settings.metrics = &metrics_;
    server_ = std::make_unique<net::http::HttpServer>(clock_, settings);
    net::ListenerSettings listening;
    listening.connection.high_water = 64 * 1024;
    listener_ =
        std::move(*net::Listener::open(loops_, *net::Address::parse("127.0.0.1:0"), server_->sessions(), listening));
    lease_ = std::move(*server_->mount({.serve = [this](const Request&, Responder responder) {
      handler_ = std::make_shared<HandlerRecorder>();
      handler_->responder = std::move(responder);
      return handler_;
    }}));
  }
  ~HttpServerTimingTest() override {
    listener_.reset();
    run([this] {
      if (handler_ != nullptr) handler_->responder = {};
    });
    std::promise<void> gone;
    server_->stop(Duration::zero(), [&] { gone.set_value(); });
    gone.get_future().wait();
    server_.reset();
    run([] {});
  }
  RawPeer connect() {
    const std::size_t before = server_->connections();
    RawPeer peer = RawPeer::connect(listener_->address());
    while (server_->connections() == before) std::this_thread::yield();
    settle();
    return peer;
  }
  void run(const std::function<void()>& work) {
    std::promise<void> done;
    loops_.at(0).post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  // What was sent before is in the socket's buffer: after two turns of the loop it has been read.
  void settle() {
    for (int i = 0; i < 4; ++i) run([] {});
  }
  void send(const RawPeer& peer, std::string_view bytes) {
    peer.send(bytes);
    settle();
  }
  void advance(Duration by) {
    clock_.advance(by);
    settle();
  }
  static bool quiet(const RawPeer& peer) {
    char one = 0;
    return ::recv(peer.fd(), &one, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
  }
  double refused(const std::string& reason) {
    return metrics_.counter("sluis_http_refused_total", "", {{"listener", "http"}, {"reason", reason}}).value();
  }

  ManualClock clock_;
  Metrics metrics_;
  net::LoopGroup loops_{clock_, 1};
  std::unique_ptr<net::http::HttpServer> server_;
  std::unique_ptr<net::Listener> listener_;
  net::http::MountLease lease_;
  std::shared_ptr<HandlerRecorder> handler_;
};

TEST_F(HttpServerTimingTest, ClosesAConnectionThatSaysNothing) {
  const RawPeer peer = connect();
  advance(29s);
  EXPECT_TRUE(quiet(peer));
  advance(2s);
  EXPECT_EQ(peer.receive(100), "");
  EXPECT_EQ(refused("http.head-timeout"), 1);
}

TEST_F(HttpServerTimingTest, RefusesAHeadThatTrickles) {
  const RawPeer peer = connect();
  send(peer, "GET / HTTP/1.1\r\n");
  for (int i = 0; i < 3; ++i) {
    advance(9s);
    send(peer, "X-" + std::to_string(i) + ": y\r\n");
  }
  EXPECT_TRUE(quiet(peer));
  advance(4s);
  EXPECT_THAT(peer.receive(100'000), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(refused("http.head-timeout"), 1);
}

TEST_F(HttpServerTimingTest, GivesEachHeadItsOwnDeadline) {
  const RawPeer peer = connect();
  advance(25s);
  send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET");
  run([this] { handler_->responder.respond(Response::text(200, "x")); });
  settle();
  advance(25s);
  EXPECT_THAT(read_response(peer), EndsWith("x"));
  EXPECT_TRUE(quiet(peer));
  advance(6s);
  EXPECT_THAT(peer.receive(100'000), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTimingTest, RefusesABodyThatTrickles) {
  const RawPeer peer = connect();
  send(peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  send(peer, std::string(10'000, 'x'));
  advance(21s);
  EXPECT_TRUE(quiet(peer));  // 10,000 octets in 20 s are enough
  for (int i = 0; i < 20; ++i) {
    advance(1s);
    send(peer, std::string(400, 'x'));
  }
  EXPECT_THAT(peer.receive(100'000), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(handler_->abort_code(), "http.body-timeout");
}

TEST_F(HttpServerTimingTest, DoesNotBlameTheClientForAHandlerThatHoldsBack) {
  const RawPeer peer = connect();
  send(peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
  run([this] { handler_->responder.pause(); });
  send(peer, "12");
  advance(10min);
  EXPECT_TRUE(quiet(peer));
  run([this] { handler_->responder.resume(); });
  send(peer, "34");
  EXPECT_EQ(handler_->seen().body, "1234");
}

TEST_F(HttpServerTimingTest, LetsAHandlerThinkAsLongAsItLikes) {
  const RawPeer peer = connect();
  send(peer, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  advance(1h);
  EXPECT_TRUE(quiet(peer));
  run([this] { handler_->responder.respond(Response::text(200, "at last")); });
  EXPECT_THAT(peer.receive(100'000), EndsWith("at last"));
}

TEST_F(HttpServerTimingTest, ClosesAnIdleConnection) {
  const RawPeer peer = connect();
  send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  run([this] { handler_->responder.respond(Response::text(200, "x")); });
  settle();
  EXPECT_THAT(read_response(peer), EndsWith("x"));
  advance(74s);
  EXPECT_TRUE(quiet(peer));
  advance(2s);
  EXPECT_EQ(peer.receive(100), "");
}

TEST_F(HttpServerTimingTest, CutsAClientThatTakesNothingOfTheResponse) {
  const RawPeer peer = connect();
  send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  run([this] { handler_->responder.respond(Response::text(200, std::string(30'000'000, 'x'))); });
  settle();
  // The kernel's buffers fill in their own time; each window in which they did counts as progress.
  for (int i = 0; i < 100 && refused("http.send-timeout") == 0; ++i) advance(21s);
  EXPECT_EQ(handler_->abort_code(), "http.send-timeout");
  EXPECT_EQ(refused("http.send-timeout"), 1);
}

TEST_F(HttpServerTimingTest, WaitsForAClientThatTakesTheResponseSlowly) {
  const RawPeer peer = connect();
  send(peer, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  constexpr std::size_t size = 30'000'000;
  run([this] { handler_->responder.respond(Response::text(200, std::string(size, 'x'))); });
  settle();
  std::size_t taken = 0;
  for (int i = 0; i < 10; ++i) {
    taken += peer.receive(2'000'000).size();
    settle();
    advance(15s);
  }
  taken += peer.receive(size).size();
  EXPECT_GT(taken, size);  // with its head
  EXPECT_EQ(refused("http.send-timeout"), 0);
}

}  // namespace
}  // namespace sluis::test
