#include "core/net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/core/net/proxy_headers.h"

namespace sluis::test {
namespace {

using namespace std::string_view_literals;
using net::ProxyHeader;
using net::ProxyHeaderReader;

struct Read {
  Result<bool> complete = false;
  ProxyHeader header;
  std::string rest;
};

// Gives the octets in pieces that end at the cuts.
Read read(std::string_view octets, std::vector<std::size_t> cuts = {}) {
  Read result;
  ProxyHeaderReader reader;
  std::size_t from = 0;
  cuts.push_back(octets.size());
  for (const std::size_t to : cuts) {
    std::string_view piece = octets.substr(from, to - from);
    from = to;
    if (result.complete.ok() && !*result.complete) result.complete = reader.take(piece);
    result.rest += piece;
  }
  if (result.complete.ok() && *result.complete) result.header = reader.header();
  return result;
}
// Why it is refused; empty when it is not.
std::string refusal(std::string_view octets) {
  const Read result = read(octets);
  if (result.complete.ok()) return {};
  EXPECT_EQ(result.complete.error().code, "net.proxy-header");
  return result.complete.error().what;
}

const std::string v1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 993\r\n";

std::vector<std::string> good_headers() {
  return {v1,
          "PROXY TCP6 2001:db8::7 2001:db8::1 4711 993\r\n",
          "PROXY UNKNOWN\r\n",
          "PROXY UNKNOWN whatever it says\r\n",
          v2_tcp4(),
          v2_tcp4_with_crc(tlv(0x01, "h2")),
          v2_tcp4(tls_tlv(7, 0, tlv(0x21, "TLSv1.3") + tlv(0x22, "acme") + tlv(0x23, "X"))),
          v2_header(0x20, 0x00, "")};
}

TEST(ProxyHeader, ReadsALineOfVersion1) {
  const Read result = read(v1);
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_EQ(result.header.version, 1);
  EXPECT_EQ(result.header.source.text(), "192.0.2.7:4711");
  EXPECT_EQ(result.header.destination.text(), "198.51.100.1:993");
  EXPECT_FALSE(result.header.local);
}

TEST(ProxyHeader, ReadsIpv6OfVersion1) {
  EXPECT_EQ(read("PROXY TCP6 2001:db8::7 ::1 65535 0\r\n").header.source.text(), "[2001:db8::7]:65535");
}

TEST(ProxyHeader, NamesNobodyWhenVersion1SaysUnknown) {
  const Read result = read("PROXY UNKNOWN 192.0.2.7 x y z\r\nEHLO");
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_EQ(result.header.source.family(), AF_UNSPEC);
  EXPECT_EQ(result.rest, "EHLO");
}

TEST(ProxyHeader, ReadsVersion2) {
  const Read result = read(v2_tcp4());
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_EQ(result.header.version, 2);
  EXPECT_EQ(result.header.source.text(), "192.0.2.7:4711");
  EXPECT_EQ(result.header.destination.text(), "198.51.100.1:993");
  EXPECT_FALSE(result.header.tls);
}

TEST(ProxyHeader, ReadsIpv6OfVersion2) {
  const std::string source = std::string("\x20\x01\x0d\xb8") + std::string(11, '\0') + '\x07';
  const std::string block = source + std::string(15, '\0') + '\x01' + be16(4711) + be16(993);
  const Read result = read(v2_header(0x21, 0x21, block));
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_EQ(result.header.source.text(), "[2001:db8::7]:4711");
  EXPECT_EQ(result.header.destination.text(), "[::1]:993");
}

TEST(ProxyHeader, BelievesNothingOfALocalHeaderWhateverStandsInIt) {
  const Read result = read(v2_header(0x20, 0xFF, "no address and no field"));
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_TRUE(result.header.local);
  EXPECT_EQ(result.header.source.family(), AF_UNSPEC);
}

TEST(ProxyHeader, NamesNobodyForALocalSocketOfTheProxy) {
  const Read result = read(v2_header(0x21, 0x31, std::string(216, 'x')));
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_EQ(result.header.source.family(), AF_UNSPEC);
}

TEST(ProxyHeader, TellsTheClientsTlsAndCertificate) {
  const Read result =
      read(v2_tcp4(tlv(0x01, "h2") + tlv(0x02, "gateway.example") +
                   tls_tlv(7, 0, tlv(0x21, "TLSv1.3") + tlv(0x22, "acme b.v.") + tlv(0x23, "TLS_AES_256_GCM_SHA384"))));
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_EQ(result.header.alpn, "h2");
  EXPECT_EQ(result.header.authority, "gateway.example");
  ASSERT_TRUE(result.header.tls);
  EXPECT_EQ(result.header.tls->version, "TLSv1.3");
  EXPECT_EQ(result.header.tls->cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(result.header.tls->common_name, "acme b.v.");
  EXPECT_TRUE(result.header.tls->certificate);
  EXPECT_TRUE(result.header.tls->verified);
}

TEST(ProxyHeader, CallsNoCertificateVerifiedThatTheProxyFoundBad) {
  const Read result = read(v2_tcp4(tls_tlv(7, 18, tlv(0x22, "acme"))));
  ASSERT_TRUE(result.complete.ok() && *result.complete && result.header.tls);
  EXPECT_TRUE(result.header.tls->certificate);
  EXPECT_FALSE(result.header.tls->verified);
}

TEST(ProxyHeader, CallsNothingVerifiedWithoutACertificate) {
  const Read result = read(v2_tcp4(tls_tlv(1, 0, "")));
  ASSERT_TRUE(result.complete.ok() && *result.complete && result.header.tls);
  EXPECT_FALSE(result.header.tls->certificate);
  EXPECT_FALSE(result.header.tls->verified);
}

TEST(ProxyHeader, TellsNoTlsOfAClientInClearText) {
  const Read result = read(v2_tcp4(tls_tlv(0, 0, tlv(0x22, "acme"))));
  ASSERT_TRUE(result.complete.ok() && *result.complete);
  EXPECT_FALSE(result.header.tls);
}

TEST(ProxyHeader, ChecksTheChecksumWhereThereIsOne) {
  const std::string right = v2_tcp4_with_crc(tlv(0x02, "gateway.example"));
  EXPECT_EQ(refusal(right), "");
  for (const std::size_t at : {std::size_t{16}, std::size_t{30}, right.size() - 1}) {
    std::string wrong = right;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_NE(refusal(wrong), "") << at;
  }
}

TEST(ProxyHeader, PassesOverFieldsItDoesNotKnowAndPadding) {
  EXPECT_EQ(refusal(v2_tcp4(tlv(0xE0, "x") + tlv(0x04, "") + tlv(0x04, "\0\0"sv))), "");
}

TEST(ProxyHeader, TakesNoOctetBehindItself) {
  for (const std::string& header : good_headers()) {
    const Read result = read(header + "\x16\x03\x01");
    ASSERT_TRUE(result.complete.ok() && *result.complete) << header;
    EXPECT_EQ(result.rest, "\x16\x03\x01") << header;
  }
}

TEST(ProxyHeader, ReadsTheSameHoweverItIsCut) {
  for (const std::string& header : good_headers()) {
    const std::string whole = header + "EHLO client\r\n";
    for (std::size_t one = 0; one <= header.size(); ++one)
      for (std::size_t other = one; other <= whole.size(); other += 1 + header.size() / 16) {
        const Read result = read(whole, {one, other});
        ASSERT_TRUE(result.complete.ok() && *result.complete) << header << ' ' << one << ' ' << other;
        ASSERT_EQ(result.rest, "EHLO client\r\n") << header << ' ' << one << ' ' << other;
        ASSERT_EQ(result.header.source, read(header).header.source);
      }
  }
}

TEST(ProxyHeader, WaitsForTheRestOfEveryTruncation) {
  for (const std::string& header : good_headers())
    for (std::size_t size = 0; size < header.size(); ++size) {
      const Read result = read(std::string_view(header).substr(0, size));
      ASSERT_TRUE(result.complete.ok()) << header << ' ' << size;
      ASSERT_FALSE(*result.complete) << header << ' ' << size;
    }
}

TEST(ProxyHeader, RefusesTheFirstOctetThatCannotBeAHeader) {
  for (const char* const text : {"EHLO", "\x16\x03\x01", "GET / HTTP/1.1", "proxy TCP4", "\r\n\r\nX", "PROXX", " "})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(ProxyHeader, RefusesALineThatIsNotExactlyAsItShouldBe) {
  for (const char* const text :
       {"PROXY \r\n", "PROXY TCP5 192.0.2.7 198.51.100.1 4711 993\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 993 1\r\n", "PROXY TCP4  192.0.2.7 198.51.100.1 4711 993\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 993 \r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 04711 993\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 65536 993\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 -1 993\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 +1 993\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1  993\r\n",
        "PROXY TCP4 192.0.2.07 198.51.100.1 4711 993\r\n", "PROXY TCP4 2001:db8::7 2001:db8::1 4711 993\r\n",
        "PROXY TCP6 192.0.2.7 198.51.100.1 4711 993\r\n", "PROXY TCP4 client.example 198.51.100.1 4711 993\r\n",
        "PROXY TCP4\t192.0.2.7 198.51.100.1 4711 993\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 4711 993\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4711 993\rX", "PROXY UNKNOWNX\r\n"})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(ProxyHeader, ReadsNoLineLongerThanTheProtocolAllows) {
  const std::string longest = "PROXY UNKNOWN " + std::string(107 - 16, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), ProxyHeaderReader::most_v1);
  EXPECT_EQ(refusal(longest), "");
  EXPECT_NE(refusal("PROXY UNKNOWN " + std::string(107 - 15, 'x') + "\r\n"), "");
}

TEST(ProxyHeader, RefusesWhatVersion2DoesNotKnow) {
  const std::string block(12, '\0');
  EXPECT_NE(refusal(v2_header(0x11, 0x11, block)).find("version 1"), std::string::npos);
  EXPECT_NE(refusal(v2_header(0x31, 0x11, block)).find("version 3"), std::string::npos);
  EXPECT_NE(refusal(v2_header(0x22, 0x11, block)).find("command 2"), std::string::npos);
  for (const int family : {0x01, 0x02, 0x10, 0x12, 0x13, 0x20, 0x22, 0x30, 0x32, 0x41, 0xFF})
    EXPECT_NE(refusal(v2_header(0x21, family, std::string(216, '\0'))), "") << family;
}

TEST(ProxyHeader, RefusesLengthsThatDoNotFit) {
  EXPECT_NE(refusal(v2_header(0x21, 0x11, std::string(11, '\0'))), "");
  EXPECT_NE(refusal(v2_header(0x21, 0x21, std::string(35, '\0'))), "");
  EXPECT_NE(refusal(v2_header(0x21, 0x31, std::string(215, '\0'))), "");
  EXPECT_NE(refusal(v2_tcp4("\x01")), "");
  EXPECT_NE(refusal(v2_tcp4("\x01\x00"sv)), "");
  EXPECT_NE(refusal(v2_tcp4("\x01\x00\x02h"sv)), "");
  EXPECT_NE(refusal(v2_tcp4(tlv(0x20, "\x07\0\0\0"sv))), "");
  EXPECT_NE(refusal(v2_tcp4(tls_tlv(7, 0,
                                    "\x22\x00\x05"
                                    "acme"sv))),
            "");
  EXPECT_NE(refusal(v2_tcp4(tlv(0x03, "\0\0\0"sv))), "");
}

TEST(ProxyHeader, RefusesMoreThanItReadsBeforeItComes) {
  EXPECT_NE(refusal("\r\n\r\n\0\r\nQUIT\n\x21\x11\xFF\xFF"sv), "");
}

TEST(ProxyHeader, RefusesAFieldThatIsThereTwice) {
  EXPECT_NE(refusal(v2_tcp4(tlv(0x02, "a") + tlv(0x02, "b"))), "");
  EXPECT_NE(refusal(v2_tcp4(tls_tlv(7, 0, tlv(0x22, "acme") + tlv(0x22, "other")))), "");
}

TEST(ProxyHeader, RefusesANameThatCouldForgeALogLine) {
  EXPECT_NE(refusal(v2_tcp4(tls_tlv(7, 0, tlv(0x22, "acme\nforged")))), "");
  EXPECT_NE(refusal(v2_tcp4(tls_tlv(7, 0, tlv(0x22, "acme\0other"sv)))), "");
}

}  // namespace
}  // namespace sluis::test
