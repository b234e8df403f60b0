#include "core/net/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "core/net/http/gzip.h"
#include "tests/core/net/http/http_fixture.h"
#include "tests/core/net/tunnel_proxy.h"

namespace sluis::test {
namespace {

using net::http::ClientRequest;
using net::http::Sent;
using net::http::Verdict;
using testing::HasSubstr;
using testing::StartsWith;

class HttpClientTest : public HttpTest {
 protected:
  // A server that answers each request with these octets, as they are, and then does `after`.
  void listen_raw(std::string answer, std::function<void(Recorder&)> after = {}) {
    listen([answer, after](Recorder& peer) {
      peer.bytes_hook = [&peer, answer, after, heard = std::string()](std::string_view bytes) mutable {
        heard += bytes;
        if (heard.find("\r\n\r\n") == std::string::npos) return;
        heard.clear();
        peer.connection->write(answer);
        if (after) after(peer);
      };
    });
  }
  static constexpr const char* empty_ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
};

TEST_F(HttpClientTest, GetsAnAnswer) {
  start();
  mount_echo("/");
  client();
  const Fetched fetched = fetch(request("POST", "/in?x=1", "hello"));
  EXPECT_EQ(fetched.result.verdict, Verdict::answered);
  EXPECT_EQ(fetched.result.sent, Sent::whole);
  EXPECT_FALSE(fetched.result.error.has_value());
  EXPECT_EQ(fetched.response.status, 200);
  EXPECT_EQ(fetched.response.body, "/: POST /in hello");
}

TEST_F(HttpClientTest, KeepsItsConnection) {
  start();
  mount_echo("/");
  client();
  EXPECT_FALSE(fetch(request()).result.reused);
  EXPECT_TRUE(fetch(request()).result.reused);
  EXPECT_EQ(listener_->accepted(), 1U);
}

TEST_F(HttpClientTest, GoesThroughTheProxyItIsGiven) {
  start();
  mount_echo("/");
  const TunnelProxy proxy(loops_);
  net::http::HttpClientSettings settings;
  settings.proxy = net::HttpProxy{proxy.at(), "", Secret{}};
  client(std::move(settings));
  EXPECT_EQ(fetch(request("POST", "/in", "hello")).response.body, "/: POST /in hello");
  EXPECT_EQ(proxy.destinations().size(), 1U);
}

TEST_F(HttpClientTest, TakesAFreshConnectionWhenAsked) {
  start();
  mount_echo("/");
  client();
  fetch(request());
  ClientRequest careful = request();
  careful.fresh_connection = true;
  EXPECT_FALSE(fetch(careful).result.reused);
  EXPECT_EQ(listener_->accepted(), 2U);
}

TEST_F(HttpClientTest, BoundsItsConnectionsAndLetsTheRestWait) {
  start();
  mount_recorder();
  client({.most_per_origin = 2});
  std::atomic<int> done{0};
  for (int i = 0; i < 6; ++i)
    client_->fetch(request(), [&](const Fetched& fetched) {
      EXPECT_EQ(fetched.result.verdict, Verdict::answered);
      ++done;
    });
  for (std::size_t i = 0; i < 6; ++i) {
    handler(i)->responder.respond(Response::text(200, "x"));
    EXPECT_LE(server_->connections(), 2U);
  }
  EXPECT_TRUE(eventually([&] { return done == 6; }));
  EXPECT_EQ(listener_->accepted(), 2U);
}

TEST_F(HttpClientTest, AsksForGzipAndUnfoldsIt) {
  start();
  mount({.serve = net::http::collect_body([](const Request&, const std::string&, const Responder& responder) {
           Response response = Response::text(200, std::string(5000, 'x'));
           response.compress = true;
           responder.respond(std::move(response));
         })});
  client();
  const Fetched fetched = fetch(request());
  EXPECT_EQ(fetched.response.body, std::string(5000, 'x'));
  EXPECT_FALSE(fetched.response.headers.has("Content-Encoding"));
  ClientRequest plain = request();
  plain.accept_gzip = false;
  EXPECT_EQ(fetch(plain).response.body, std::string(5000, 'x'));
}

TEST_F(HttpClientTest, SendsOneBufferToMany) {
  start();
  mount_echo("/");
  client();
  const auto update = std::make_shared<const std::string>("one update");
  std::atomic<int> done{0};
  for (int i = 0; i < 20; ++i) {
    ClientRequest one = request("POST");
    one.shared_body = update;
    client_->fetch(one, [&](const Fetched& fetched) {
      EXPECT_EQ(fetched.response.body, "/: POST / one update");
      ++done;
    });
  }
  EXPECT_TRUE(eventually([&] { return done == 20; }));
}

TEST_F(HttpClientTest, StopsAGzipBomb) {
  const std::string bomb = net::http::gzip(std::string(30'000'000, 'x'));
  listen_raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(bomb.size()) +
             "\r\n\r\n" + bomb);
  client();
  const Fetched fetched = fetch(request());
  EXPECT_EQ(fetched.result.error->code, "http.gzip-ratio");
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
  EXPECT_EQ(fetched.result.status, 200);
}

TEST_F(HttpClientTest, StopsAnAnswerThatIsTooLarge) {
  listen_raw("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
  client();
  ClientRequest small = request();
  small.most_body = 1000;
  EXPECT_EQ(fetch(small).result.error->code, "http.body-size");
}

TEST_F(HttpClientTest, DoesNotFollowARedirect) {
  listen_raw("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  client();
  const Fetched fetched = fetch(request());
  EXPECT_EQ(fetched.result.verdict, Verdict::answered);
  EXPECT_EQ(fetched.response.status, 302);
  EXPECT_EQ(fetched.response.headers.get("Location"), "http://127.0.0.1:1/");
}

TEST_F(HttpClientTest, KnowsThatNothingWasSentWhenNobodyListens) {
  listen();
  ClientRequest nobody = request("POST", "/", "x");
  listener_.reset();
  client();
  const Fetched fetched = fetch(nobody);
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
  EXPECT_EQ(fetched.result.sent, Sent::nothing);
  EXPECT_EQ(fetched.result.error->code, "net.tcp.refused");
}

TEST_F(HttpClientTest, IsInDoubtWhenTheServerLeavesWithoutAWord) {
  listen_raw("", [](Recorder& peer) { peer.connection->close(); });
  client();
  const Fetched fetched = fetch(request("POST", "/", "x"));
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
  EXPECT_EQ(fetched.result.sent, Sent::whole);
  EXPECT_EQ(fetched.result.error->code, "net.eof");
}

TEST_F(HttpClientTest, KnowsThatAPartOfARequestIsNotARequest) {
  listen([](Recorder& peer) { peer.bytes_hook = [&peer](std::string_view) { peer.connection->close(); }; });
  client();
  const Fetched fetched = fetch(request("POST", "/", std::string(50'000'000, 'x')));
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
  EXPECT_EQ(fetched.result.sent, Sent::part);
}

TEST_F(HttpClientTest, IsInDoubtWhenTheAnswerIsCutOff) {
  listen_raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", [](Recorder& peer) { peer.connection->shutdown(); });
  client();
  const Fetched fetched = fetch(request("POST", "/", "x"));
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
  EXPECT_EQ(fetched.result.error->code, "http.truncated");
  EXPECT_EQ(fetched.result.status, 200);
}

TEST_F(HttpClientTest, TakesAnAnswerThatLastsUntilTheEnd) {
  listen_raw("HTTP/1.0 200 OK\r\n\r\nall of it", [](Recorder& peer) { peer.connection->shutdown(); });
  client();
  EXPECT_EQ(fetch(request()).response.body, "all of it");
}

TEST_F(HttpClientTest, TakesAnAnswerThatComesBeforeTheRequestHasEnded) {
  listen_raw("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  client();
  const Fetched fetched = fetch(request("POST", "/", std::string(50'000'000, 'x')));
  EXPECT_EQ(fetched.result.verdict, Verdict::answered);
  EXPECT_EQ(fetched.response.status, 401);
}

// A kept connection that the server closes as it reads the next request: the client cannot know it before.
class HttpStaleTest : public HttpClientTest {
 protected:
  HttpStaleTest() {
    listen([this](Recorder& peer) {
      peer.bytes_hook = [this, &peer, first = true](std::string_view) mutable {
        ++requests;
        if (!first) return peer.connection->close();
        first = false;
        peer.connection->write(empty_ok);
      };
    });
    client();
    EXPECT_EQ(fetch(request()).result.verdict, Verdict::answered);
  }
  std::atomic<int> requests{0};
};

TEST_F(HttpStaleTest, TellsThatARequestOnAKeptConnectionIsInDoubt) {
  const Fetched fetched = fetch(request("POST", "/", "x"));
  EXPECT_EQ(fetched.result.error->code, "http.stale");
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
  EXPECT_EQ(fetched.result.sent, Sent::whole);
  EXPECT_TRUE(fetched.result.reused);
  EXPECT_EQ(requests, 2);
}

TEST_F(HttpStaleTest, SendsAnIdempotentRequestAgainOnce) {
  ClientRequest again = request("PUT", "/", "x");
  again.idempotent = true;
  const Fetched fetched = fetch(again);
  EXPECT_EQ(fetched.result.verdict, Verdict::answered);
  EXPECT_FALSE(fetched.result.reused);
  EXPECT_EQ(requests, 3);
}

TEST_F(HttpClientTest, ForgetsAKeptConnectionThatTheServerHasClosed) {
  listen_raw(empty_ok, [](Recorder& peer) { peer.connection->shutdown(); });
  client();
  EXPECT_EQ(fetch(request()).result.verdict, Verdict::answered);
  EXPECT_EQ(accepted(0)->close_code(), "net.closed");
  EXPECT_EQ(fetch(request("POST", "/", "x")).result.verdict, Verdict::answered);
}

TEST_F(HttpClientTest, LeavesAConnectionOnWhichMoreComesThanWasAsked) {
  listen_raw(std::string(empty_ok) + "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned");
  client();
  EXPECT_EQ(fetch(request()).response.body, "");
  EXPECT_EQ(fetch(request()).response.body, "");
  EXPECT_EQ(listener_->accepted(), 2U);
}

TEST_F(HttpClientTest, RefusesARequestThatCouldBeTwo) {
  listen_raw(empty_ok);
  client();
  ClientRequest split = request();
  split.headers.add("X", "a\r\nY: b");
  const Fetched fetched = fetch(split);
  EXPECT_EQ(fetched.result.error->code, "http.fields");
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
}

TEST_F(HttpClientTest, CanBeCancelled) {
  start();
  mount_recorder();
  client();
  std::promise<Fetched> done;
  const auto call = client_->fetch(request(), [&](Fetched fetched) { done.set_value(std::move(fetched)); });
  handler();
  call.cancel();
  call.cancel();
  const Fetched fetched = done.get_future().get();
  EXPECT_EQ(fetched.result.error->code, "http.cancelled");
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
  EXPECT_EQ(handler()->abort_code(), "net.eof");
}

TEST_F(HttpClientTest, CanBeCancelledWhileItWaits) {
  start();
  mount_recorder();
  client({.most_per_origin = 1});
  client_->fetch(request(), [](const Fetched&) {});
  handler();
  std::promise<Fetched> done;
  client_->fetch(request(), [&](Fetched fetched) { done.set_value(std::move(fetched)); }).cancel();
  EXPECT_EQ(done.get_future().get().result.verdict, Verdict::not_sent);
}

TEST_F(HttpClientTest, EndsItsCallsWhenItStops) {
  start();
  mount_recorder();
  client();
  std::promise<Fetched> done;
  client_->fetch(request(), [&](Fetched fetched) { done.set_value(std::move(fetched)); });
  handler();
  client_->stop();
  EXPECT_EQ(done.get_future().get().result.error->code, "http.stopped");
  EXPECT_EQ(fetch(request()).result.error->code, "http.stopped");
}

TEST_F(HttpClientTest, AsksAgainFromWithinAnAnswer) {
  start();
  mount_echo("/");
  client();
  std::promise<Fetched> done;
  client_->fetch(request("GET", "/1"), [&](const Fetched&) {
    client_->fetch(request("GET", "/2"), [&](Fetched fetched) { done.set_value(std::move(fetched)); });
  });
  const Fetched fetched = done.get_future().get();
  EXPECT_EQ(fetched.response.body, "/: GET /2 ");
  EXPECT_TRUE(fetched.result.reused);
}

TEST_F(HttpClientTest, SkipsContinueAndReadsHead) {
  listen_raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  client();
  const Fetched fetched = fetch(request("HEAD"));
  EXPECT_EQ(fetched.result.verdict, Verdict::answered);
  EXPECT_EQ(fetched.response.body, "");
}

TEST_F(HttpClientTest, SaysWhoItIsAndWhom) {
  start();
  mount({.serve = net::http::collect_body([](const Request& got, const std::string&, const Responder& responder) {
           responder.respond(Response::text(200, std::string(got.headers.get("User-Agent")) + " to " + got.authority));
         })});
  client({.user_agent = "test/1"});
  EXPECT_EQ(fetch(request()).response.body, "test/1 to 127.0.0.1:" + std::to_string(listener_->port()));
}

// Time limits, under a clock that the test moves.
class HttpClientTimeoutTest : public HttpTest {
 protected:
  HttpClientTimeoutTest() {
    listen([this](Recorder& peer) {
      peer.bytes_hook = [this, &peer](std::string_view) {
        if (deaf_) peer.connection->pause_reading();
        peer.connection->write(answer_);
      };
    });
    client_ = std::make_unique<net::http::HttpClient>(manual_loops_.at(0), resolver_, net::http::HttpClientSettings{});
  }
  ~HttpClientTimeoutTest() override {
    std::promise<void> gone;
    client_->stop([&] { gone.set_value(); });
    gone.get_future().wait();
    client_.reset();
    std::promise<void> turned;
    manual_loops_.at(0).post([&] { turned.set_value(); });
    turned.get_future().wait();
  }
  // Moves the clock once the server has seen `octets` of the request, until the call is over.
  Fetched outlast(ClientRequest limited, std::size_t octets) {
    std::promise<Fetched> done;
    auto result = done.get_future();
    client_->fetch(std::move(limited), [&](Fetched fetched) { done.set_value(std::move(fetched)); });
    EXPECT_TRUE(accepted()->wait([&](const Recorder::Seen& seen) { return seen.bytes.size() >= octets; }));
    began_ = manual_.mono();
    EXPECT_TRUE(eventually([&] {
      manual_.advance(1s);
      manual_loops_.at(0).post([] {});
      return result.wait_for(std::chrono::milliseconds{1}) == std::future_status::ready;
    }));
    return result.get();
  }
  [[nodiscard]] Duration took() const { return manual_.mono() - began_; }

  ManualClock manual_;
  net::LoopGroup manual_loops_{manual_, 1};
  MonoTime began_{};
  bool deaf_ = false;
  std::string answer_;
};

TEST_F(HttpClientTimeoutTest, EndsWithoutAResponse) {
  ClientRequest limited = request("POST", "/", "x");
  limited.timeouts.response = 120s;
  const Fetched fetched = outlast(limited, 50);
  EXPECT_EQ(fetched.result.error->code, "http.timeout.response");
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
  EXPECT_GE(took(), 118s);
}

TEST_F(HttpClientTimeoutTest, EndsWhenAllTogetherTakesTooLong) {
  ClientRequest limited = request();
  limited.timeouts.response = 1h;
  limited.timeouts.total = 5min;
  const Fetched fetched = outlast(limited, 50);
  EXPECT_EQ(fetched.result.error->code, "http.timeout.total");
  EXPECT_GE(took(), 298s);
}

TEST_F(HttpClientTimeoutTest, EndsWhenTheServerTakesNothing) {
  deaf_ = true;
  ClientRequest limited = request("POST", "/", std::string(50'000'000, 'x'));
  limited.timeouts.rate_window = 30s;
  const Fetched fetched = outlast(limited, 1);
  EXPECT_EQ(fetched.result.error->code, "http.timeout.rate");
  EXPECT_EQ(fetched.result.verdict, Verdict::not_sent);
  EXPECT_EQ(fetched.result.sent, Sent::part);
}

TEST_F(HttpClientTimeoutTest, EndsWhenTheBodyTrickles) {
  answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome";
  ClientRequest limited = request();
  limited.timeouts.rate_window = 30s;
  const Fetched fetched = outlast(limited, 50);
  EXPECT_EQ(fetched.result.error->code, "http.timeout.rate");
  EXPECT_EQ(fetched.result.verdict, Verdict::in_doubt);
}

}  // namespace
}  // namespace sluis::test
