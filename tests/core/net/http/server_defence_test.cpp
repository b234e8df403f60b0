// Each thing a client may do wrong, by name: what it is refused with, and that nothing behind it is read.
#include <gtest/gtest.h>

#include <ostream>

#include "tests/core/net/http/transcript.h"

namespace sluis::test {
namespace {

struct Wrong {
  std::string name;
  std::string bytes;
  std::string code;
  int status;
};
void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.name;
}

std::string with(const std::string& fields, const std::string& body = {}) {
  return "POST /in HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return with("Transfer-Encoding: chunked\r\n", body);
}

class ServerDefence : public testing::TestWithParam<Wrong> {
 protected:
  static net::http::ServerMachineSettings settings() {
    net::http::ServerMachineSettings small;
    small.limits.start_line = 200;
    small.limits.header_fields = 10;
    small.limits.header_bytes = 500;
    small.limits.chunk_extension = 20;
    small.limits.trailer_bytes = 100;
    small.limits.body = 1000;
    return small;
  }
  // The same request as a smuggler would like it: something that looks like another one behind it.
  static std::string smuggled() { return GetParam().bytes + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"; }
  void expect_refused(ServerDriver& server) {
    const std::string expected = "refused " + GetParam().code + " " + std::to_string(GetParam().status) + "\n";
    EXPECT_TRUE(server.seen.text().ends_with(expected)) << server.seen.text();
    EXPECT_EQ(server.seen.text().find("/smuggled"), std::string::npos);
    EXPECT_TRUE(server.machine.closing());
    EXPECT_NE(server.sent.find("HTTP/1.1 " + std::to_string(GetParam().status) + " "), std::string::npos)
        << server.sent;
    EXPECT_NE(server.sent.find("Connection: close\r\n"), std::string::npos);
  }
};

TEST_P(ServerDefence, RefusesItAndReadsNothingBehindIt) {
  ServerDriver server(settings());
  server.feed(smuggled());
  expect_refused(server);
}

TEST_P(ServerDefence, RefusesItOctetByOctet) {
  ServerDriver server(settings());
  for (const char c : smuggled()) server.feed({&c, 1});
  expect_refused(server);
}

const std::string big(600, 'x');

INSTANTIATE_TEST_SUITE_P(
    Rules, ServerDefence,
    testing::Values(
        // RFC 9112 §6.3: framing in two ways
        Wrong{"LengthAndChunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
              "http.framing", 400},
        Wrong{"ChunkedAndLength", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
              "http.framing", 400},
        Wrong{"TwoLengths", with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), "http.content-length", 400},
        Wrong{"SameLengthTwice", with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "http.content-length",
              400},
        Wrong{"LengthAsList", with("Content-Length: 5, 5\r\n", "hello"), "http.content-length", 400},
        Wrong{"LengthWithSign", with("Content-Length: +5\r\n", "hello"), "http.content-length", 400},
        Wrong{"NegativeLength", with("Content-Length: -5\r\n"), "http.content-length", 400},
        Wrong{"HexadecimalLength", with("Content-Length: 0x5\r\n"), "http.content-length", 400},
        Wrong{"EmptyLength", with("Content-Length: \r\n"), "http.content-length", 400},
        Wrong{"LengthBeyond64Bits", with("Content-Length: 18446744073709551617\r\n"), "http.content-length", 400},
        Wrong{"OtherTransferCoding", with("Transfer-Encoding: gzip, chunked\r\n"), "http.transfer-encoding", 501},
        Wrong{"ObfuscatedChunked", with("Transfer-Encoding: xchunked\r\n"), "http.transfer-encoding", 501},
        Wrong{"ChunkedTwice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
              "http.transfer-encoding", 501},
        Wrong{"IdentityThenChunked", with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
              "http.transfer-encoding", 501},
        Wrong{"QuotedChunked", with("Transfer-Encoding: \"chunked\"\r\n"), "http.transfer-encoding", 501},
        Wrong{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
              "http.transfer-encoding", 400},
        // RFC 9112 §2.2: line endings
        Wrong{"BareLfInStartLine", "GET / HTTP/1.1\nHost: a\r\n\r\n", "http.line-ending", 400},
        Wrong{"BareLfInField", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "http.line-ending", 400},
        Wrong{"BareLfAsEnd", "GET / HTTP/1.1\r\nHost: a\r\n\n", "http.line-ending", 400},
        Wrong{"BareCrInField", with("X: a\rb\r\n"), "http.line-ending", 400},
        Wrong{"CrCrLf", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "http.line-ending", 400},
        Wrong{"TwoEmptyLinesFirst", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        // RFC 9112 §5: fields
        Wrong{"FoldedField", with("X: a\r\n b\r\n"), "http.fold", 400},
        Wrong{"FoldedFirstField", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "http.fold", 400},
        Wrong{"SpaceBeforeColon", with("Content-Length : 5\r\n", "hello"), "http.field-name", 400},
        Wrong{"NoColon", with("X\r\n"), "http.field-name", 400},
        Wrong{"EmptyName", with(": x\r\n"), "http.field-name", 400},
        Wrong{"NameWithQuote", with("X\"y: z\r\n"), "http.field-name", 400},
        Wrong{"NulInValue", with(std::string("X: a\0b\r\n", 8)), "http.field-value", 400},
        Wrong{"ControlInValue", with("X: a\x02z\r\n"), "http.field-value", 400},
        Wrong{"DeleteInValue", with("X: a\x7f\r\n"), "http.field-value", 400},
        Wrong{"ConnectionThatIsNoList", with("Connection: a b\r\n"), "http.head", 400},
        // RFC 9112 §3: start line
        Wrong{"TwoWords", "GET /\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"FourWords", "GET / x HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"TabAsSeparator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"MethodThatIsNoToken", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"LeadingSpace", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"ObsTextInTarget", "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n", "http.start-line", 400},
        Wrong{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http.version", 505},
        Wrong{"Http12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "http.version", 505},
        Wrong{"Http09", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "http.version", 505},
        Wrong{"TlsToClearText", std::string("\x16\x03\x01\x02\x00\x01\n", 7), "http.line-ending", 400},
        // RFC 9112 §3.2: Host
        Wrong{"NoHost", "GET / HTTP/1.1\r\n\r\n", "http.host", 400},
        Wrong{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "http.host", 400},
        Wrong{"EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "http.host", 400},
        Wrong{"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "http.host", 400},
        Wrong{"HostWithUser", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "http.host", 400},
        Wrong{"HostsInOne", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "http.host", 400},
        // RFC 9112 §3.2.1, RFC 3986: target
        Wrong{"DotSegment", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"EncodedDotSegment", "GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"SingleDot", "GET /./b HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"EncodedSlash", "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"EncodedNul", "GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"EncodedLineFeed", "GET /a%0ab HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"BrokenPercent", "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"Backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"Fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"OtherScheme", "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"AsteriskForGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 400},
        Wrong{"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "http.target", 501},
        // RFC 9112 §7.1: chunks
        Wrong{"ChunkWithoutSize", chunked("\r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkSizeHexPrefix", chunked("0x5\r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkSizeSign", chunked("+5\r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkSizeLeadingSpace", chunked(" 5\r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkSizeTrailingSpace", chunked("5 \r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkSizeBeyond64Bits", chunked("10000000000000000\r\nhello"), "http.chunk-size", 400},
        Wrong{"ChunkSizeAll64Bits", chunked("ffffffffffffffff\r\nhello"), "http.body-size", 413},
        Wrong{"BareLfBehindChunkSize", chunked("5\nhello\r\n0\r\n\r\n"), "http.line-ending", 400},
        Wrong{"BareLfInChunkExtension", chunked("5;a=b\nhello\r\n0\r\n\r\n"), "http.line-ending", 400},
        Wrong{"BareCrInChunkExtension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), "http.line-ending", 400},
        Wrong{"ControlInChunkExtension", chunked("5;a=\x02\r\nhello\r\n0\r\n\r\n"), "http.chunk-extension", 400},
        Wrong{"ChunkExtensionTooLong", chunked("5;" + big.substr(0, 30) + "\r\nhello\r\n0\r\n\r\n"),
              "http.chunk-extension", 400},
        Wrong{"MalformedChunkExtension", chunked("5;=\r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"OpenQuoteInChunkExtension", chunked("5;a=\"b\r\nhello\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkDataTooLong", chunked("5\r\nhello!\r\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"ChunkDataWithoutCr", chunked("5\r\nhello\n0\r\n\r\n"), "http.chunk-size", 400},
        Wrong{"LengthAsTrailer", chunked("0\r\nContent-Length: 5\r\n\r\n"), "http.framing", 400},
        Wrong{"FoldedTrailer", chunked("0\r\nX: a\r\n b\r\n\r\n"), "http.fold", 400},
        Wrong{"BareLfInTrailer", chunked("0\r\nX: a\n\r\n"), "http.line-ending", 400},
        Wrong{"TrailersTooLarge", chunked("0\r\nX: " + big.substr(0, 120) + "\r\n\r\n"), "http.header-size", 431},
        // limits
        Wrong{"StartLineTooLong", "GET /" + big + " HTTP/1.1\r\nHost: a\r\n\r\n", "http.start-line-size", 414},
        Wrong{"FieldsTooLarge", with("X: " + big + "\r\n"), "http.header-size", 431},
        Wrong{"TooManyFields", with("A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\nI:\r\nJ:\r\n"),
              "http.header-count", 431},
        Wrong{"BodyTooLarge", with("Content-Length: 1001\r\n", std::string(1001, 'x')), "http.body-size", 413},
        Wrong{"ChunksTooLarge", chunked("258\r\n" + big + "\r\n258\r\n" + big + "\r\n0\r\n\r\n"), "http.body-size",
              413},
        Wrong{"UnknownExpectation", with("Expect: 200-ok\r\n"), "http.expect", 417}),
    [](const testing::TestParamInfo<Wrong>& one) { return one.param.name; });

}  // namespace
}  // namespace sluis::test
