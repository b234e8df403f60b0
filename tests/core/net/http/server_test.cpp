#include "core/net/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>

#include "tests/core/net/http/http_fixture.h"

namespace sluis::test {
namespace {

using net::http::Mount;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public HttpTest {};

TEST_F(HttpServerTest, AnswersLaterFromAnotherThread) {
  start();
  std::thread committer;
  mount_recorder([&](HandlerRecorder& one) {
    one.end_hook = [&] {
      committer = std::thread([responder = one.responder] { responder.respond(Response::text(200, "committed")); });
    };
  });
  EXPECT_THAT(talk(post("/in", "message", "Connection: close\r\n")), EndsWith("\r\n\r\ncommitted"));
  EXPECT_EQ(handler()->seen().body, "message");
  committer.join();
}

TEST_F(HttpServerTest, DispatchesByTheLongestPrefixOfWholeSegments) {
  start();
  mount_echo("/");
  mount_echo("/api");
  mount_echo("/api/v1");
  EXPECT_THAT(talk(last_get("/api/v1/x")), EndsWith("/api/v1: GET /api/v1/x "));
  EXPECT_THAT(talk(last_get("/api/v1")), EndsWith("/api/v1: GET /api/v1 "));
  EXPECT_THAT(talk(last_get("/api/v12")), EndsWith("/api: GET /api/v12 "));
  EXPECT_THAT(talk(last_get("/apis")), EndsWith("/: GET /apis "));
}

TEST_F(HttpServerTest, PrefersAMountOfTheHost) {
  start();
  mount_echo("/x/y");
  mount_echo("/", "A.example");
  EXPECT_THAT(talk(last_get("/x/y")), EndsWith("A.example/: GET /x/y "));
  EXPECT_THAT(talk("GET /x/y HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n"), EndsWith("/x/y: GET /x/y "));
}

TEST_F(HttpServerTest, Answers404WhereNothingIsMounted) {
  start();
  mount_echo("/api");
  const std::string answers = talk(get("/other") + last_get("/api"));
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(answers, EndsWith("/api: GET /api "));
  EXPECT_EQ(refused("http.no-mount"), 1);
}

TEST_F(HttpServerTest, StopsServingWhenAMountIsGivenBack) {
  start();
  mount_echo("/api");
  leases_.clear();
  EXPECT_THAT(talk(last_get("/api")), StartsWith("HTTP/1.1 404"));
}

TEST_F(HttpServerTest, RefusesMountsThatAreTakenOrNone) {
  start();
  mount_echo("/api");
  const net::http::Serve serve = [](const Request&, const Responder&) { return nullptr; };
  for (const char* prefix : {"/api", "api", "", "/api/", "/a/../b", "/%41"})
    EXPECT_EQ(server_->mount(Mount{.prefix = prefix, .serve = serve}).error().code, "http.mount") << prefix;
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrderThoughTheSecondIsReadyFirst) {
  start();
  mount_recorder();
  RawPeer peer = raw();
  peer.send(get("/1") + get("/2"));
  const auto first = handler(0);
  first->responder.respond(Response::text(200, "one"));
  EXPECT_THAT(read_response(peer), EndsWith("one"));
  handler(1)->responder.respond(Response::text(200, "two"));
  EXPECT_THAT(read_response(peer), EndsWith("two"));
}

TEST_F(HttpServerTest, HoldsBackAClientThatSendsAheadWithoutEnd) {
  net::http::HttpServerSettings settings;
  settings.most_ahead = 4096;
  start(settings);
  mount_recorder();
  RawPeer peer = raw();
  peer.send(get("/first"));
  handler(0);
  // Far more than socket buffers hold: somebody has to stop, and it is the sender.
  const std::string more(64 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < 64 * 1024 * 1024) {
    const ssize_t count = ::send(peer.fd(), more.data(), more.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      continue;
    }
    pollfd one{peer.fd(), POLLOUT, 0};
    if (::poll(&one, 1, 300) == 0) break;
  }
  EXPECT_LT(sent, 32U * 1024 * 1024);
}

TEST_F(HttpServerTest, AnswersNoMoreThanItsClientReads) {
  start({}, {.high_water = 16 * 1024});
  // shared: requests are still being answered when the test is over
  const auto asked = std::make_shared<std::atomic<std::size_t>>(0);
  mount({.serve = [asked](const Request&, const Responder& responder) {
    ++*asked;
    responder.respond({200, {}, std::string(8192, 'x')});  // more in all than any kernel buffers
    return nullptr;
  }});
  std::string many;
  for (int i = 0; i < 1000; ++i) many += get("/");
  RawPeer peer = raw();
  const int small = 64 * 1024;
  ::setsockopt(peer.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  std::size_t sent = 0;
  for (pollfd one{peer.fd(), POLLOUT, 0}; sent < 200 * many.size() && ::poll(&one, 1, 500) == 1;) {
    const std::size_t offset = sent % many.size();
    const ssize_t count = ::send(peer.fd(), many.data() + offset, many.size() - offset, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  EXPECT_LT(asked->load(), 5'000U) << "half of what one connection may ask";
  const std::size_t before = asked->load();
  peer.receive(10'000'000);
  EXPECT_TRUE(eventually([&] { return asked->load() > before; }));
}

TEST_F(HttpServerTest, Answers500WhenARequestIsDropped) {
  start();
  mount({.serve = [](const Request&, const Responder&) { return nullptr; }});
  EXPECT_THAT(talk(last_get("/")), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(refused("http.handler"), 1);
}

TEST_F(HttpServerTest, Answers500WhenAHandlerThrows) {
  start();
  mount_recorder([](HandlerRecorder& one) { one.end_hook = [] { throw std::runtime_error("bug"); }; });
  EXPECT_THAT(talk(get("/")), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(handler()->abort_code(), "http.handler");
}

TEST_F(HttpServerTest, Answers500WhenAResponseWouldBeTwo) {
  start();
  mount({.serve = net::http::collect_body([](const Request&, const std::string&, const Responder& responder) {
           responder.respond({200, {{"Location", "/\r\nSet-Cookie: a=b"}}, "x"});
         })});
  const std::string answer = talk(get("/"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
}

TEST_F(HttpServerTest, LetsAClientReadAnEarlyAnswerThoughItSendsOn) {
  start();
  mount({.most_body = 1000,
         .serve = net::http::collect_body([](const Request&, const std::string&, const Responder&) {})});
  RawPeer peer = raw();
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
  peer.send(std::string(3'000'000, 'x'));
  EXPECT_THAT(peer.receive(1'000'000), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(refused("http.body-size"), 1);
}

TEST_F(HttpServerTest, RefusesAChunkedBodyAboveItsMountsLimit) {
  start();
  mount_recorder({}, {.most_body = 10});
  EXPECT_THAT(
      talk("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n"),
      StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(handler()->abort_code(), "http.body-size");
}

TEST_F(HttpServerTest, KeepsTheConnectionAfterAnEarlyAnswerToASmallBody) {
  start();
  mount({.prefix = "/secret", .serve = [](const Request&, const Responder& responder) {
           responder.respond(net::http::problem(401, "who are you?"));
           return nullptr;
         }});
  mount_echo("/");
  const std::string answers = talk(post("/secret", "small") + last_get("/open"));
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(answers, EndsWith("/: GET /open "));
}

TEST_F(HttpServerTest, AsksForABodyOnlyWhenItsHandlerWantsIt) {
  start();
  mount_recorder([](HandlerRecorder& one) { one.responder.pause(); });
  RawPeer peer = raw();
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  handler(0)->responder.resume();
  EXPECT_EQ(read_response(peer), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hi");
  EXPECT_TRUE(handler(0)->wait([](const auto& seen) { return seen.ended; }));
  handler(0)->responder.respond(Response::text(200, "thanks"));
  EXPECT_THAT(read_response(peer), EndsWith("thanks"));

  RawPeer other = raw();
  other.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  handler(1)->responder.respond(Response::text(403, "no"));
  const std::string answer = other.receive(10'000);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, TellsAHandlerThatItsClientHasGone) {
  start();
  mount_recorder();
  {
    RawPeer peer = raw();
    peer.send(get("/"));
    handler(0);
    EXPECT_TRUE(handler(0)->responder.alive());
  }
  EXPECT_EQ(handler(0)->abort_code(), "net.eof");
  EXPECT_FALSE(handler(0)->responder.alive());
  handler(0)->responder.respond(Response::text(200, "too late"));
}

TEST_F(HttpServerTest, TellsAHandlerThatABodyWasCutOff) {
  start();
  mount_recorder();
  RawPeer peer = raw();
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  EXPECT_TRUE(handler(0)->wait([](const auto& seen) { return seen.body == "hello"; }));
  peer.reset();
  EXPECT_THAT(handler(0)->abort_code(), StartsWith("net."));
  EXPECT_FALSE(handler(0)->seen().ended);
}

TEST_F(HttpServerTest, ShowsABrokenOffResponseAsSuch) {
  start();
  mount_recorder();
  RawPeer peer = raw();
  peer.send(get("/"));
  const auto running = handler();
  running->responder.begin({200, {}, {}});
  running->responder.write("half");
  std::string got;
  while (!got.ends_with("half\r\n")) got += peer.receive(1);
  running->responder.abort();
  EXPECT_EQ(peer.receive(100), "");
  EXPECT_EQ(running->abort_code(), "http.aborted");
}

TEST_F(HttpServerTest, CutsAStreamedResponseThatIsDropped) {
  start();
  mount_recorder();
  RawPeer peer = raw();
  peer.send(get("/"));
  const auto running = handler();
  running->responder.begin({200, {}, {}});
  running->responder.write("half");
  std::string got;
  while (!got.ends_with("half\r\n")) got += peer.receive(1);
  running->responder = {};
  EXPECT_EQ(peer.receive(100), "");
  EXPECT_EQ(running->abort_code(), "http.handler");
}

TEST_F(HttpServerTest, AnswersOnceOnly) {
  start();
  mount({.serve = [](const Request&, const Responder& responder) {
    responder.respond(Response::text(200, "first"));
    responder.respond(Response::text(200, "second"));
    responder.begin({200, {}, {}});
    responder.write("third");
    return nullptr;
  }});
  EXPECT_THAT(talk(last_get("/")), EndsWith("\r\n\r\nfirst"));
}

TEST_F(HttpServerTest, FinishesWhatRunsWhenItStops) {
  start();
  mount_recorder();
  RawPeer busy = raw();
  RawPeer idle = raw();
  busy.send(get("/"));
  const auto running = handler(0);
  EXPECT_TRUE(eventually([&] { return server_->connections() == 2; }));
  std::promise<void> done;
  auto gone = done.get_future();
  server_->stop(1min, [&] { done.set_value(); });
  EXPECT_TRUE(idle.ended());
  idle.close();
  running->responder.respond(Response::text(200, "last words"));
  const std::string answer = busy.receive(10'000);
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("last words"));
  busy.close();
  EXPECT_EQ(gone.wait_for(std::chrono::seconds{10}), std::future_status::ready);
}

TEST_F(HttpServerTest, BreaksOffWhatStillRunsAtTheDeadline) {
  start();
  mount_recorder();
  RawPeer peer = raw();
  peer.send(get("/"));
  handler(0);
  std::promise<void> done;
  auto gone = done.get_future();
  server_->stop(10ms, [&] { done.set_value(); });
  EXPECT_EQ(handler(0)->abort_code(), "http.stopped");
  EXPECT_EQ(gone.wait_for(std::chrono::seconds{10}), std::future_status::ready);
  EXPECT_TRUE(peer.ended());
}

TEST_F(HttpServerTest, TakesNoNewConnectionsWhenItStops) {
  start();
  mount_echo("/");
  server_->stop(1min);
  EXPECT_TRUE(raw().ended());
}

TEST_F(HttpServerTest, LetsAnAnswerComeAfterTheServerHasGone) {
  start();
  mount_recorder();
  RawPeer peer = raw();
  peer.send(get("/"));
  const auto late = handler(0);
  std::promise<void> done;
  server_->stop(Duration::zero(), [&] { done.set_value(); });
  done.get_future().wait();
  server_.reset();
  late->responder.respond(Response::text(200, "nobody listens"));
  EXPECT_FALSE(late->responder.alive());
}

TEST_F(HttpServerTest, PassesOverAResponseBodyForHead) {
  start();
  mount_echo("/");
  const std::string answer = talk("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
}

TEST_F(HttpServerTest, CountsRefusalsByReason) {
  start();
  talk("GET / HTTP/1.1\r\n\r\n");
  talk("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n");
  EXPECT_EQ(refused("http.host"), 1);
  EXPECT_EQ(refused("http.field-name"), 1);
}

}  // namespace
}  // namespace sluis::test
