#include <gtest/gtest.h>

#include "core/net/http/client.h"
#include "core/net/http/headers.h"
#include "core/net/http/messages.h"
#include "core/net/http/target.h"

namespace sluis::test {
namespace {

using namespace net::http;

TEST(HttpHeaders, FindsNamesWithoutCase) {
  const Headers headers{{"Content-Type", "text/xml"}, {"content-type", "text/plain"}};
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "text/xml");
  EXPECT_EQ(headers.count("Content-type"), 2U);
  EXPECT_EQ(headers.get("X"), "");
  EXPECT_FALSE(headers.has("Content-Typ"));
}

TEST(HttpHeaders, SetsInThePlaceOfAll) {
  Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers, (Headers{{"b", "2"}, {"A", "4"}}));
}

TEST(HttpHeaders, ReadsListsOverSeveralLines) {
  const Headers headers{{"Accept", "a, \"b, \\\" c\" , ,d"}, {"accept", "\te"}};
  EXPECT_EQ(headers.list("Accept"), (std::vector<std::string_view>{"a", "\"b, \\\" c\"", "d", "e"}));
  EXPECT_TRUE(headers.lists("Accept", "D"));
  EXPECT_FALSE(headers.lists("Accept", "b"));
}

TEST(HttpHeaders, KnowsWhetherGzipIsAccepted) {
  const auto accepts = [](const char* value) { return accepts_gzip(Headers{{"Accept-Encoding", value}}); };
  EXPECT_TRUE(accepts("gzip"));
  EXPECT_TRUE(accepts("br;q=1.0, GZIP;q=0.5"));
  EXPECT_TRUE(accepts("*"));
  EXPECT_FALSE(accepts("gzip;q=0"));
  EXPECT_FALSE(accepts("gzip ; q=0.000, *"));
  EXPECT_FALSE(accepts("*;q=0"));
  EXPECT_FALSE(accepts("identity"));
  EXPECT_FALSE(accepts_gzip({}));
}

TEST(HttpTarget, DecodesThePathOnceAndLeavesTheQuery) {
  const auto target = Target::parse("GET", "/a%25b/c%20d//e?x=%41&y");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/a%b/c d//e");
  EXPECT_EQ(target->query, "x=%41&y");
}

TEST(HttpTarget, KnowsAnAddressWithoutPath) {
  const auto target = Target::parse("GET", "http://a.example?x=1");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/");
  EXPECT_EQ(target->authority, "a.example");
  EXPECT_EQ(target->query, "x=1");
}

TEST(HttpTarget, DoesNotTakeDotsWithinANameForADotSegment) {
  EXPECT_EQ(Target::parse("GET", "/a..b/.hidden/...")->path, "/a..b/.hidden/...");
}

TEST(HttpTarget, ReadsQueries) {
  const auto query = parse_query("a=1&b=x+y%26z&&c&=d&e==");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(*query, (QueryParameters{{"a", "1"}, {"b", "x y&z"}, {"c", ""}, {"", "d"}, {"e", "="}}));
  EXPECT_FALSE(parse_query("a=%zz").ok());
  EXPECT_FALSE(parse_query("a=%00").ok());
}

TEST(HttpTarget, KnowsAuthorities) {
  for (const char* good : {"a", "a.example:8080", "[::1]", "[2001:db8::1]:443", "192.0.2.1", "a:"})
    EXPECT_TRUE(is_authority(good)) << good;
  for (const char* bad : {"", ":80", "a:b", "a:123456", "u@a", "[::1", "[]", "a b", "a/b", "[::1]x", "a\"b"})
    EXPECT_FALSE(is_authority(bad)) << bad;
  EXPECT_EQ(host_of("A.Example:80"), "a.example");
  EXPECT_EQ(host_of("[::1]:80"), "::1");
}

TEST(HttpUrl, TakesAddressesApart) {
  const auto url = Url::parse("https://Customs.example:8443/in?x=1");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->origin, (Origin{true, "customs.example", 8443}));
  EXPECT_EQ(url->target, "/in?x=1");
  EXPECT_EQ(url->origin.text(), "https://customs.example:8443");
  EXPECT_EQ(Url::parse("http://[::1]")->origin, (Origin{false, "::1", 80}));
  EXPECT_EQ(Url::parse("http://[::1]")->origin.authority(), "[::1]");
  EXPECT_EQ(Url::parse("https://a.example?x")->target, "/?x");
}

TEST(HttpUrl, RefusesWhatIsNoneOrSaysTooMuch) {
  for (const char* bad :
       {"", "a.example", "ftp://a/", "https://", "https:///x", "https://user:secret@a/", "https://a:0/",
        "https://a:99999/", "https://a/#x", "https://a/ b", "https://a/\xc3\xa9", "https://a/\r\nX: y"})
    EXPECT_EQ(Url::parse(bad).ok(), false) << bad;
}

TEST(HttpProblem, IsJsonWhateverItSays) {
  const Response response = problem(404, "no \"such\"\nthing\\");
  EXPECT_EQ(response.body,
            "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"no "
            "\\\"such\\\"\\u000athing\\\\\"}\n");
}

TEST(HttpReason, KnowsTheRegisteredPhrases) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(415), "Unsupported Media Type");
  EXPECT_EQ(reason_phrase(507), "Insufficient Storage");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace sluis::test
