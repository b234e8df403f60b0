// One golden conversation, cut everywhere, from both sides; and both machines joined.
#include <gtest/gtest.h>

#include "core/runtime/random.h"
#include "tests/core/net/http/transcript.h"

namespace sluis::test {
namespace {

const std::string requests =
    "GET /first?a=b HTTP/1.1\r\nHost: peer.example\r\nAccept: */*\r\n\r\n"
    "\r\nPOST /second HTTP/1.1\r\nHost: peer.example\r\nContent-Length: 11\r\n\r\nhello world"
    "PUT /third%20one HTTP/1.1\r\nHost: peer.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6;x=\"y\r\"\r\n";  // damaged on purpose: the last extension has a bare CR
const std::string good_requests =
    "GET /first?a=b HTTP/1.1\r\nHost: peer.example\r\nAccept: */*\r\n\r\n"
    "\r\nPOST /second HTTP/1.1\r\nHost: peer.example\r\nContent-Length: 11\r\n\r\nhello world"
    "PUT /third%20one HTTP/1.1\r\nHost: peer.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6;x=\"y z\"\r\n world\r\n0\r\nX-Trailer: ignored\r\n\r\n"
    "DELETE /last HTTP/1.1\r\nHost: peer.example\r\nConnection: close\r\n\r\n";
const std::string responses =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n006;x\r\n world\r\n0;last\r\nX-Trailer: ignored\r\n\r\n";

std::string server_seen(const std::string& input, std::size_t cut) {
  ServerDriver server;
  server.feed(std::string_view(input).substr(0, cut));
  server.feed(std::string_view(input).substr(cut));
  return server.seen.text() + server.sent;
}

TEST(HttpConversation, ReadsRequestsTheSameWhereverTheyAreCut) {
  for (const std::string& input : {requests, good_requests}) {
    const std::string whole = server_seen(input, 0);
    for (std::size_t cut = 1; cut < input.size(); ++cut)
      ASSERT_EQ(server_seen(input, cut), whole) << "cut after " << cut << " octets";
    ServerDriver octets;
    for (const char c : input) octets.feed({&c, 1});
    EXPECT_EQ(octets.seen.text() + octets.sent, whole);
  }
}

TEST(HttpConversation, ReadsTheGoldenRequests) {
  ServerDriver server;
  server.feed(good_requests);
  EXPECT_EQ(server.seen.text(),
            "request GET /first?a=b\nend\nrequest POST /second\nbody hello world\nend\nrequest PUT /third one\nbody "
            "hello world\nend\nrequest DELETE /last\nend\n");
  EXPECT_TRUE(server.machine.closing());
}

TEST(HttpConversation, ReadsResponsesTheSameWhereverTheyAreCut) {
  const auto seen = [](std::size_t cut) {
    ClientDriver client;
    client.ask("GET");
    client.feed(std::string_view(responses).substr(0, cut));
    client.feed(std::string_view(responses).substr(cut));
    return client.seen.text();
  };
  EXPECT_EQ(seen(0), "response 200\nbody hello world\nend\n");
  for (std::size_t cut = 1; cut < responses.size(); ++cut)
    ASSERT_EQ(seen(cut), seen(0)) << "cut after " << cut << " octets";
  ClientDriver octets;
  octets.ask("GET");
  for (const char c : responses) octets.feed({&c, 1});
  EXPECT_EQ(octets.seen.text(), seen(0));
}

TEST(HttpConversation, NeverTakesAPartOfAResponseForAllOfIt) {
  for (std::size_t end = 0; end < responses.size(); ++end) {
    ClientDriver client;
    client.ask("GET");
    client.feed(std::string_view(responses).substr(0, end));
    client.end();
    EXPECT_FALSE(client.seen.text().ends_with("end\n")) << "ended after " << end << " octets";
  }
}

TEST(HttpConversation, MakesNothingOfAPartOfARequest) {
  const std::string one =
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t end = 0; end < one.size(); ++end) {
    ServerDriver server;
    server.feed(std::string_view(one).substr(0, end));
    EXPECT_EQ(server.seen.text().find("end\n"), std::string::npos) << "ended after " << end << " octets";
    EXPECT_FALSE(server.machine.closing());
  }
}

// Whatever one machine writes the other one reads, whatever pieces it arrives in.
TEST(HttpConversation, JoinsBothMachines) {
  constexpr std::uint64_t seed = 20260101;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  SeededRandom random(seed);
  ServerDriver server;
  ClientDriver client;
  const auto carry = [&](std::string& from, auto& to) {
    std::string_view rest = from;
    while (!rest.empty()) {
      const auto size = std::min<std::size_t>(rest.size(), 1 + random.below(40));
      to.feed(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    from.clear();
  };
  std::string expected_server;
  std::string expected_client;
  for (int i = 0; i < 300; ++i) {
    const bool head = random.below(5) == 0;
    const std::string method = head ? "HEAD" : random.below(2) == 0 ? "POST" : "PUT";
    std::string body(random.below(3) == 0 ? 0 : random.below(200), '\0');
    for (char& c : body) c = static_cast<char>(random.below(256));
    if (head) body.clear();
    server.chunked_answers = random.below(2) == 0;
    client.ask(method, body, random.below(2) == 0);
    carry(client.sent, server);
    carry(server.sent, client);
    expected_server += "request " + method + " /\n" + (body.empty() ? "" : "body " + body + "\n") + "end\n";
    expected_client += "response 200\n" + (body.empty() ? "" : "body " + body + "\n") + "end\n";
    ASSERT_EQ(server.seen.text(), expected_server);
    ASSERT_EQ(client.seen.text(), expected_client);
    ASSERT_TRUE(client.machine.reusable());
  }
}

}  // namespace
}  // namespace sluis::test
