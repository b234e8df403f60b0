#include "core/net/http_connect.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluis::test {
namespace {

using net::HttpConnect;

HttpConnect dialogue() {
  return *HttpConnect::make({"msa.example", 587}, {{"proxy.example", 3128}, "", Secret{}});
}
Result<bool> answered(std::string_view bytes) {
  HttpConnect one = dialogue();
  return one.take(bytes);
}
std::string code(std::string_view bytes) {
  const auto result = answered(bytes);
  return result.ok() ? (*result ? "stands" : "more") : result.error().code;
}

const std::vector<std::string> good_answers{
    "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
    "HTTP/1.1 204\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 \r\nX:\r\n\r\n"};

TEST(HttpConnect, AsksForTheDestinationByName) {
  EXPECT_EQ(dialogue().request().reveal(), "CONNECT msa.example:587 HTTP/1.1\r\nHost: msa.example:587\r\n\r\n");
}

TEST(HttpConnect, WritesAnIpv6AddressBetweenBrackets) {
  const auto made = HttpConnect::make({"2001:db8::1", 25}, {});
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->request().reveal().starts_with("CONNECT [2001:db8::1]:25 HTTP/1.1\r\n"));
}

TEST(HttpConnect, LogsInWithBasic) {
  const auto made = HttpConnect::make({"msa.example", 587}, {{}, "Aladdin", Secret{"open sesame"}});
  ASSERT_TRUE(made.ok());
  EXPECT_NE(made->request().reveal().find("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
            std::string::npos);
}

TEST(HttpConnect, RefusesADestinationThatWouldBeASecondRequest) {
  EXPECT_EQ(HttpConnect::make({"msa.example:587 HTTP/1.1\r\nX: y", 25}, {}).error().code, "net.address");
}

TEST(HttpConnect, RefusesAUserNameThatBasicCannotSay) {
  EXPECT_EQ(HttpConnect::make({"msa.example", 587}, {{}, "a:b", Secret{"c"}}).error().code, "net.proxy.login");
}

TEST(HttpConnect, StandsAtTheEndOfAGoodAnswersHeaderAndTakesNothingBehindIt) {
  for (const std::string& answer : good_answers) {
    const std::string whole = answer + "220 msa.example\r\n";
    std::string_view bytes = whole;
    HttpConnect one = dialogue();
    const auto result = one.take(bytes);
    ASSERT_TRUE(result.ok() && *result) << answer;
    EXPECT_EQ(bytes, "220 msa.example\r\n");
  }
}

TEST(HttpConnect, ReadsTheSameHoweverTheAnswerIsCut) {
  for (const std::string& answer : good_answers)
    for (std::size_t cut = 0; cut < answer.size(); ++cut) {
      HttpConnect one = dialogue();
      std::string_view head = std::string_view(answer).substr(0, cut);
      std::string_view tail = std::string_view(answer).substr(cut);
      const auto first = one.take(head);
      ASSERT_TRUE(first.ok() && !*first) << answer << cut;
      const auto second = one.take(tail);
      ASSERT_TRUE(second.ok() && *second) << answer << cut;
    }
}

TEST(HttpConnect, TellsTheStatusOfARefusal) {
  for (const char* const status : {"301", "400", "403", "404", "407", "500", "502", "503", "504", "599"}) {
    const auto result = answered("HTTP/1.1 " + std::string(status) + " Not for you\r\nContent-Length: 4\r\n\r\nbody");
    ASSERT_FALSE(result.ok()) << status;
    EXPECT_EQ(result.error().code, "net.proxy") << status;
    EXPECT_TRUE(result.error().what.starts_with(status)) << result.error().what;
    EXPECT_NE(result.error().what.find("Not for you"), std::string::npos);
  }
}

TEST(HttpConnect, KeepsTheProxysWordsFromTheTerminal) {
  const auto result = answered("HTTP/1.1 403 caf\xC3\xA9\r\n\r\n");
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().what.find("caf??"), std::string::npos);
}

TEST(HttpConnect, RefusesWhatIsNotHttp) {
  for (const std::string_view answer : {std::string_view("220 mail.example ESMTP\r\n"), std::string_view("\r\n"),
                                        std::string_view("HTTP/2 200\r\n\r\n"), std::string_view("http/1.1 200 OK\r\n"),
                                        std::string_view("\x16\x03\x01")})
    EXPECT_EQ(code(answer), "net.proxy.reply") << answer;
}

TEST(HttpConnect, RefusesAnAnswerThatIsNotExactlyAsItShouldBe) {
  using namespace std::string_view_literals;
  for (const std::string_view answer :
       {"HTTP/1.2 200 OK\r\n\r\n"sv, "HTTP/1.1  200 OK\r\n\r\n"sv, "HTTP/1.1 20 OK\r\n\r\n"sv,
        "HTTP/1.1 2000\r\n\r\n"sv, "HTTP/1.1 200 OK\n\n"sv, "HTTP/1.1 200 OK\r\n\n"sv, "HTTP/1.1 200 OK\rX\r\n\r\n"sv,
        "HTTP/1.1 200 O\0K\r\n\r\n"sv, "HTTP/1.1 200 OK\r\nno field\r\n\r\n"sv, "HTTP/1.1 200 OK\r\n: x\r\n\r\n"sv,
        "HTTP/1.1 200 OK\r\nA : x\r\n\r\n"sv, "HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n"sv,
        "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n"sv, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"sv,
        "HTTP/1.1 101 Switching\r\n\r\n"sv})
    EXPECT_EQ(code(answer), "net.proxy.reply") << answer;
}

TEST(HttpConnect, ReadsNoMoreThanItsBound) {
  const std::string start = "HTTP/1.1 200 OK\r\nX: ";
  const std::string fits = start + std::string(HttpConnect::most_reply - start.size() - 4, 'x') + "\r\n\r\n";
  EXPECT_EQ(code(fits), "stands");
  EXPECT_EQ(code(start + std::string(HttpConnect::most_reply, 'x')), "net.proxy.reply");
}

}  // namespace
}  // namespace sluis::test
