#include "core/net/http/client_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/core/net/http/transcript.h"

namespace sluis::test {
namespace {

using testing::EndsWith;

TEST(HttpClientMachine, AsksAndReadsTheAnswer) {
  ClientDriver client;
  client.ask("POST", "hello", false, "/in?x=1");
  EXPECT_EQ(client.sent, "POST /in?x=1 HTTP/1.1\r\nHost: peer.example\r\nContent-Length: 5\r\n\r\nhello");
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client.seen.text(), "response 200\nbody hi\nend\n");
  EXPECT_TRUE(client.machine.reusable());
}

TEST(HttpClientMachine, SaysThatAPostIsEmptyAndNothingOfAGetsBody) {
  ClientDriver client;
  client.ask("POST");
  EXPECT_THAT(client.sent, EndsWith("Content-Length: 0\r\n\r\n"));
  ClientDriver other;
  other.ask("GET");
  EXPECT_EQ(other.sent, "GET / HTTP/1.1\r\nHost: peer.example\r\n\r\n");
}

TEST(HttpClientMachine, ChunksABodyOfUnknownLength) {
  ClientDriver client;
  client.ask("POST", "hello", true);
  EXPECT_THAT(client.sent, EndsWith("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
}

TEST(HttpClientMachine, ReadsNoBodyAfterHead204And304) {
  ClientDriver head;
  head.ask("HEAD");
  head.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(head.seen.text(), "response 200\nend\n");
  EXPECT_TRUE(head.machine.reusable());
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    ClientDriver client;
    client.ask("GET");
    client.feed("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 5\r\n\r\n");
    EXPECT_THAT(client.seen.text(), EndsWith("end\n")) << status;
  }
}

TEST(HttpClientMachine, ReadsTheBodyOfTheRequestAfterAHead) {
  ClientDriver client;
  client.ask("HEAD");
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  client.ask("GET");
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client.seen.text(), "response 200\nend\nresponse 200\nbody hi\nend\n");
}

TEST(HttpClientMachine, SkipsInterimResponses) {
  ClientDriver client;
  client.ask("HEAD");
  client.feed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "3\r\n\r\n");
  EXPECT_EQ(client.seen.text(), "response 200\nend\n");
}

TEST(HttpClientMachine, EndsABodyWithTheStream) {
  ClientDriver client;
  client.ask("GET");
  client.feed("HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(client.seen.text(), "response 200\nbody hello\n");
  client.end();
  EXPECT_EQ(client.seen.text(), "response 200\nbody hello\nend\n");
  EXPECT_FALSE(client.machine.reusable());
}

TEST(HttpClientMachine, DistrustsABodyThatEndsWithAStreamThatWasCut) {
  ClientDriver client;
  client.ask("GET");
  client.feed("HTTP/1.1 200 OK\r\n\r\nhello");
  client.end(false);
  EXPECT_EQ(client.seen.text(), "response 200\nbody hello\nrefused http.truncated\n");
}

TEST(HttpClientMachine, TrustsALengthAlsoWhenTheStreamWasCutBehindIt) {
  ClientDriver client;
  client.ask("GET");
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  client.end(false);
  EXPECT_EQ(client.seen.text(), "response 200\nbody hello\nend\n");
}

TEST(HttpClientMachine, SeesThatABodyIsCutOff) {
  for (const char* response : {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello"}) {
    ClientDriver client;
    client.ask("GET");
    client.feed(response);
    client.end();
    EXPECT_EQ(client.seen.text(), "response 200\nbody hello\nrefused http.truncated\n") << response;
  }
}

TEST(HttpClientMachine, SeesThatAHeadIsCutOff) {
  ClientDriver client;
  client.ask("GET");
  client.feed("HTTP/1.1 200 OK\r\nContent-");
  client.end();
  EXPECT_EQ(client.seen.text(), "refused http.truncated\n");
}

TEST(HttpClientMachine, LeavesAConnectionThatTheServerCloses) {
  for (const char* head : {"HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n"}) {
    ClientDriver client;
    client.ask("GET");
    client.feed(std::string(head) + "Content-Length: 0\r\n\r\n");
    EXPECT_FALSE(client.machine.reusable()) << head;
  }
}

TEST(HttpClientMachine, KeepsAnHttp10ConnectionThatTheServerKeeps) {
  ClientDriver client;
  client.ask("GET");
  client.feed("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(client.machine.reusable());
}

TEST(HttpClientMachine, LeavesAConnectionAfterAnAnswerBeforeTheEndOfItsRequest) {
  ClientDriver client;
  ASSERT_TRUE(client.machine.request("POST", "/", "a", {}, 100).ok());
  client.feed("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.seen.text(), "response 413\nend\n");
  EXPECT_FALSE(client.machine.reusable());
}

TEST(HttpClientMachine, DoesNotReuseAConnectionWithOctetsBehindTheAnswer) {
  ClientDriver client;
  client.ask("GET");
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.seen.text(), "response 200\nend\nrefused http.unsolicited\n");
  EXPECT_FALSE(client.machine.reusable());
}

TEST(HttpClientMachine, WritesNoRequestThatCouldBeTwo) {
  const auto refused = [](std::string_view method, std::string_view target, const net::http::Headers& headers) {
    ClientMachine machine;
    const Status said = machine.request(method, target, "a", headers, 0);
    EXPECT_EQ(machine.output(), "");
    return !said.ok();
  };
  EXPECT_TRUE(refused("GET /x", "/", {}));
  EXPECT_TRUE(refused("GET", "/a b", {}));
  EXPECT_TRUE(refused("GET", "/a\r\nX: y", {}));
  EXPECT_TRUE(refused("GET", "a", {}));
  EXPECT_TRUE(refused("GET", "/", {{"X", "a\r\nY: b"}}));
  EXPECT_TRUE(refused("GET", "/", {{"Content-Length", "7"}}));
}

struct Wrong {
  std::string name;
  std::string bytes;
  std::string code;
};
void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.name;
}
class ClientDefence : public testing::TestWithParam<Wrong> {};

TEST_P(ClientDefence, RefusesIt) {
  net::http::MessageLimits limits;
  limits.start_line = 100;
  limits.header_bytes = 300;
  limits.header_fields = 5;
  limits.body = 20;
  ClientDriver whole(limits);
  whole.ask("GET");
  whole.feed(GetParam().bytes);
  EXPECT_THAT(whole.seen.text(), EndsWith("refused " + GetParam().code + "\n"));
  ClientDriver pieces(limits);
  pieces.ask("GET");
  for (const char c : GetParam().bytes) pieces.feed({&c, 1});
  EXPECT_THAT(pieces.seen.text(), EndsWith("refused " + GetParam().code + "\n"));
}

const std::string ok = "HTTP/1.1 200 OK\r\n";
INSTANTIATE_TEST_SUITE_P(
    Rules, ClientDefence,
    testing::Values(
        Wrong{"LengthAndChunked", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "http.framing"},
        Wrong{"TwoLengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "http.content-length"},
        Wrong{"OtherTransferCoding", ok + "Transfer-Encoding: gzip\r\n\r\n", "http.transfer-encoding"},
        Wrong{"BareLf", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "http.line-ending"},
        Wrong{"Fold", ok + "X: a\r\n\tb\r\n\r\n", "http.fold"},
        Wrong{"SpaceBeforeColon", ok + "Content-Length : 1\r\n\r\n", "http.field-name"},
        Wrong{"Http2", "HTTP/2.0 200 OK\r\n\r\n", "http.version"},
        Wrong{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n", "http.start-line"},
        Wrong{"StatusOutOfRange", "HTTP/1.1 600 No\r\n\r\n", "http.start-line"},
        Wrong{"StatusTooShort", "HTTP/1.1 20 OK\r\n\r\n", "http.start-line"},
        Wrong{"Upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "http.upgrade"},
        Wrong{"StatusLineTooLong", "HTTP/1.1 200 " + std::string(200, 'x') + "\r\n\r\n", "http.start-line-size"},
        Wrong{"FieldsTooLarge", ok + "X: " + std::string(400, 'x') + "\r\n\r\n", "http.header-size"},
        Wrong{"TooManyFields", ok + "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\n\r\n", "http.header-count"},
        Wrong{"BodyTooLarge", ok + "Content-Length: 21\r\n\r\n", "http.body-size"},
        Wrong{"BodyUntilTheEndTooLarge", ok + "\r\n" + std::string(21, 'x'), "http.body-size"},
        Wrong{"ChunkWithoutSize", ok + "Transfer-Encoding: chunked\r\n\r\nx", "http.chunk-size"},
        Wrong{"EndlessInterim",
              [] {
                std::string all;
                for (int i = 0; i < 20; ++i) all += "HTTP/1.1 102 Processing\r\n\r\n";
                return all;
              }(),
              "http.interim"}),
    [](const testing::TestParamInfo<Wrong>& one) { return one.param.name; });

}  // namespace
}  // namespace sluis::test
