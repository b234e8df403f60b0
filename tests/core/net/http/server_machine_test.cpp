#include "core/net/http/server_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/net/http/transcript.h"

namespace sluis::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(HttpServerMachine, AnswersARequest) {
  ServerDriver server;
  server.feed("POST /in/box%20one?x=1 HTTP/1.1\r\nHost: peer.example:8080\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(server.seen.text(), "request POST /in/box one?x=1\nbody hello\nend\n");
  EXPECT_EQ(server.sent,
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: "
            "5\r\n\r\nhello");
  EXPECT_FALSE(server.machine.closing());
}

TEST(HttpServerMachine, ReadsAChunkedBodyWithExtensionsAndTrailers) {
  ServerDriver server;
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;name=\"quoted; value\"\r\nhello\r\n"
      "006\r\n world\r\n0;last\r\nX-Checksum: 1\r\n\r\n");
  EXPECT_EQ(server.seen.text(), "request POST /\nbody hello world\nend\n");
  EXPECT_FALSE(server.machine.request().headers.has("X-Checksum"));
}

TEST(HttpServerMachine, AnswersPipelinedRequestsInTheirOrder) {
  ServerDriver server;
  server.answers = false;
  server.feed(
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: "
      "1\r\n\r\n2");
  EXPECT_EQ(server.seen.text(), "request POST /1\nbody 1\nend\n");
  server.answer();
  server.run();
  EXPECT_EQ(server.seen.text(), "request POST /1\nbody 1\nend\nrequest POST /2\nbody 2\nend\n");
  EXPECT_THAT(server.sent, EndsWith("\r\n\r\n1"));
  server.answer();
  EXPECT_THAT(server.sent, EndsWith("\r\n\r\n2"));
}

TEST(HttpServerMachine, ForgivesOneEmptyLineBeforeARequest) {
  ServerDriver server;
  server.feed("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.seen.text(), "request GET /\nend\n");
}

TEST(HttpServerMachine, TakesAnAbsoluteTargetsHostBeforeTheHostField) {
  ServerDriver server;
  server.feed("GET http://real.example/x HTTP/1.1\r\nHost: other.example\r\n\r\n");
  EXPECT_EQ(server.machine.request().authority, "real.example");
  EXPECT_EQ(server.machine.request().path, "/x");
}

TEST(HttpServerMachine, TakesAnAsteriskForOptions) {
  ServerDriver server;
  server.feed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.seen.text(), "request OPTIONS *\nend\n");
}

TEST(HttpServerMachine, ClosesWhenTheClientSaysSo) {
  ServerDriver server;
  server.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n");
  EXPECT_THAT(server.sent, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(server.machine.closing());
}

TEST(HttpServerMachine, ClosesAfterAnHttp10Request) {
  ServerDriver server;
  server.feed("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(server.sent, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(server.machine.closing());
}

TEST(HttpServerMachine, KeepsAnHttp10ConnectionWhenAsked) {
  ServerDriver server;
  server.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(server.sent, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(server.machine.closing());
}

TEST(HttpServerMachine, SendsNoChunksToAnHttp10Client) {
  ServerDriver server;
  server.chunked_answers = true;
  server.feed("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(server.sent, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(server.sent, EndsWith("\r\n\r\nhi"));
  EXPECT_TRUE(server.machine.closing());
}

TEST(HttpServerMachine, ChunksABodyOfUnknownLength) {
  ServerDriver server;
  server.chunked_answers = true;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(server.sent, EndsWith("Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
}

TEST(HttpServerMachine, TellsTheLengthButSendsNoBodyToHead) {
  ServerDriver server;
  server.answers = false;
  server.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.machine.respond({200, {}, {}}, 5).ok());
  ASSERT_TRUE(server.machine.write_body("hello").ok());
  ASSERT_TRUE(server.machine.end_body().ok());
  server.collect();
  EXPECT_THAT(server.sent, EndsWith("Content-Length: 5\r\n\r\n"));
}

TEST(HttpServerMachine, Sends204WithoutLengthOrBody) {
  ServerDriver server;
  server.answers = false;
  server.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.machine.respond({204, {}, {}}, 0).ok());
  ASSERT_TRUE(server.machine.end_body().ok());
  server.collect();
  EXPECT_THAT(server.sent, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(server.sent, StartsWith("HTTP/1.1 204 No Content\r\n"));
}

TEST(HttpServerMachine, SaysContinueOnceWhenTheClientWaits) {
  ServerDriver server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(server.sent, "HTTP/1.1 100 Continue\r\n\r\n");
  server.machine.send_continue();
  server.feed("hello");
  EXPECT_THAT(server.sent, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST(HttpServerMachine, IgnoresExpectOfHttp10AndWithoutBody) {
  ServerDriver server;
  server.feed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_THAT(server.sent, StartsWith("HTTP/1.1 200"));
  ServerDriver other;
  other.feed("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(other.sent, StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerMachine, ClosesAfterAFinalAnswerToAClientThatWaits) {
  ServerDriver server;
  server.sends_continue = false;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  ASSERT_TRUE(server.machine.respond({401, {}, {}}, 0).ok());
  ASSERT_TRUE(server.machine.end_body().ok());
  EXPECT_TRUE(server.machine.closing());
}

TEST(HttpServerMachine, ReadsPastTheLittleThatIsLeftOfABodyAfterAnEarlyAnswer) {
  ServerDriver server;
  server.answers = false;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  ASSERT_TRUE(server.machine.respond({401, {}, {}}, 0).ok());
  ASSERT_TRUE(server.machine.end_body().ok());
  EXPECT_FALSE(server.machine.closing());
  server.feed("rest!GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.seen.text(), "request POST /\nbody hello\nrequest GET /next\nend\n");
}

TEST(HttpServerMachine, ClosesAfterAnEarlyAnswerToALargeBody) {
  ServerDriver server;
  server.answers = false;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello");
  ASSERT_TRUE(server.machine.respond({413, {}, {}}, 0).ok());
  ASSERT_TRUE(server.machine.end_body().ok());
  server.collect();
  EXPECT_THAT(server.sent, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(server.machine.closing());
}

TEST(HttpServerMachine, RefusesResponseFieldsThatAreNoneOrItsOwn) {
  for (const auto& [name, value] : net::http::Headers{{"X", "a\r\nSet-Cookie: b"},
                                                      {"X", std::string("a\0b", 3)},
                                                      {"X y", "z"},
                                                      {"", "z"},
                                                      {"Content-Length", "5"},
                                                      {"transfer-encoding", "chunked"},
                                                      {"Connection", "close"}}) {
    ServerDriver server;
    server.answers = false;
    server.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(server.machine.respond({200, {}, {{name, value}}}, 0).error().code, "http.fields") << name;
    EXPECT_EQ(server.machine.output(), "");
  }
}

TEST(HttpServerMachine, RefusesABodyThatIsNotAsLongAsItSaid) {
  ServerDriver server;
  server.answers = false;
  server.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.machine.respond({200, {}, {}}, 5).ok());
  EXPECT_EQ(server.machine.write_body("hello!").error().code, "http.body-length");
  EXPECT_TRUE(server.machine.write_body("hell").ok());
  EXPECT_EQ(server.machine.end_body().error().code, "http.body-length");
}

TEST(HttpServerMachine, AnswersTheLastRequestOfAConnectionWithClose) {
  ServerDriver server({.most_requests = 2});
  server.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.seen.text(), "request GET /1\nend\nrequest GET /2\nend\n");
  EXPECT_THAT(server.sent, EndsWith("Connection: close\r\n\r\n"));
}

TEST(HttpServerMachine, RefusesWithAProblemThatAClientCanRead) {
  ServerDriver server;
  server.feed("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(server.sent, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(server.sent,
              EndsWith("{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"no "
                       "Host\",\"code\":\"http.host\"}\n"));
}

TEST(HttpServerMachine, SaysNothingMoreWhenABodyGoesWrongBehindABegunResponse) {
  ServerDriver server;
  server.answers = false;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  ASSERT_TRUE(server.machine.respond({200, {}, {}}, std::nullopt).ok());
  server.collect();
  const std::string before = server.sent;
  server.feed("broken\r\n");
  EXPECT_EQ(server.sent, before);
  EXPECT_TRUE(server.machine.closing());
  EXPECT_FALSE(server.machine.response_done());
}

TEST(HttpServerMachine, TakesATargetAtTheLimit) {
  net::http::ServerMachineSettings settings;
  settings.limits.start_line = 100;
  ServerDriver server(settings);
  server.feed("GET /" + std::string(100 - 15, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(server.seen.text(), StartsWith("request GET /xxx"));
}

}  // namespace
}  // namespace sluis::test
