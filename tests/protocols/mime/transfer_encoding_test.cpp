#include "protocols/mime/transfer_encoding.h"

#include <gtest/gtest.h>

#include <random>

#include "core/runtime/base64.h"

namespace sluis::mime {
namespace {

std::string random_octets(std::mt19937& random, std::size_t size) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(Base64Lines, WritesLinesOf76Characters) {
  Base64Lines lines;
  std::string out = lines.encode(std::string(115, 'x'));
  out += lines.finish();
  EXPECT_EQ(out.find("\r\n"), 76u);
  EXPECT_EQ(out.substr(78).find("\r\n"), 76u);
  EXPECT_EQ(out.substr(156), "eA==\r\n");
}

TEST(Base64Lines, KnowsItsSizeForEveryLength) {
  for (std::size_t size = 0; size < 300; ++size) {
    Base64Lines lines;
    std::string out = lines.encode(std::string(size, 'x'));
    out += lines.finish();
    EXPECT_EQ(out.size(), Base64Lines::encoded_size(size)) << size;
  }
}

TEST(Base64Lines, WritesTheSameHoweverTheOctetsArriveAndDecodesToThem) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::string octets = random_octets(random, random() % 500);
    Base64Lines whole;
    std::string expected = whole.encode(octets);
    expected += whole.finish();
    Base64Lines lines;
    std::string out;
    for (std::size_t at = 0; at < octets.size();) {
      const std::size_t n = 1 + random() % 100;
      out += lines.encode(std::string_view{octets}.substr(at, n));
      at += n;
    }
    out += lines.finish();
    EXPECT_EQ(out, expected);
    std::erase(out, '\r');
    std::erase(out, '\n');
    EXPECT_EQ(base64_decode(out).value(), octets);
  }
}

std::string decode_qp(std::string_view text, std::size_t step, Tolerances tolerances = {}) {
  Strictness strictness{tolerances, {}};
  QuotedPrintableDecoder decoder;
  std::string out;
  for (std::size_t at = 0; at < text.size() || at == 0; at += step)
    if (Status s = decoder.decode(text.substr(at, step), at + step >= text.size(), out, strictness); !s)
      return s.error().code;
  return out + (decoder.hard_break() ? "$" : "~");
}

// RFC 2045 §6.7
TEST(QuotedPrintable, DecodesTheSameHoweverALineIsCut) {
  const std::string_view line = "a=3Db \t=20 c=C3=A9=";
  for (std::size_t step = 1; step <= line.size(); ++step)
    EXPECT_EQ(decode_qp(line, step), "a=b \t  c\xC3\xA9~") << step;
}

TEST(QuotedPrintable, DropsBlanksAtTheEndOfALineAndBehindASoftBreak) {
  for (std::size_t step = 1; step < 8; ++step) {
    EXPECT_EQ(decode_qp("a  \t", step), "a$") << step;
    EXPECT_EQ(decode_qp("a=  \t", step), "a~") << step;
  }
}

TEST(QuotedPrintable, RefusesWhatIsMalformedUnlessTolerated) {
  const Tolerances lax{Tolerance::quoted_printable};
  EXPECT_EQ(decode_qp("a=X", 9), "mime.quoted_printable");
  EXPECT_EQ(decode_qp("a=X", 9, lax), "a=X$");
  EXPECT_EQ(decode_qp("=c3", 9), "mime.quoted_printable");
  EXPECT_EQ(decode_qp("=c3", 9, lax), "\xC3$");
  EXPECT_EQ(decode_qp("\xC3", 9), "mime.quoted_printable");
  EXPECT_EQ(decode_qp("\xC3", 9, lax), "\xC3$");
}

TEST(TransferEncoding, KnowsTheFiveAndNothingElse) {
  EXPECT_EQ(parse_transfer_encoding(" Base64 (comment)"), TransferEncoding::base64);
  EXPECT_EQ(parse_transfer_encoding("8BIT"), TransferEncoding::eight_bit);
  for (const std::string_view name : {"x-uuencode", "x-yenc", "base64, 7bit", "base 64", "", "(open"})
    EXPECT_EQ(parse_transfer_encoding(name), TransferEncoding::unknown) << name;
}

}  // namespace
}  // namespace sluis::mime
