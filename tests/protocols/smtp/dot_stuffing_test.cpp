#include "protocols/smtp/dot_stuffing.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluis::smtp {
namespace {

using namespace std::string_view_literals;

std::string encode(std::string_view content, std::size_t piece) {
  DotEncoder encoder;
  std::string wire;
  for (std::size_t at = 0; at < content.size(); at += piece)
    if (const Status status = encoder.encode(content.substr(at, piece), wire); !status) return status.error().code;
  const Status end = encoder.finish(wire);
  return end ? wire : end.error().code;
}

// The content and "|" and what was left of the wire; or the error's code.
std::string decode(std::string_view wire, std::size_t piece) {
  DotDecoder decoder;
  std::string content;
  for (std::size_t at = 0; at < wire.size(); at += piece) {
    std::string_view input = wire.substr(at, piece);
    const auto end = decoder.decode(input, content);
    if (!end) return end.error().code;
    if (*end) return content + "|" + std::string(wire.substr(at + std::min(piece, wire.size() - at) - input.size()));
  }
  return content + "...";
}

TEST(SmtpDotEncoder, D3_2_2_StuffsADotAtEveryBufferBoundary) {
  const std::string_view content = ".a\r\n..\r\n.\r\nb.\r\n\r\n.";
  for (std::size_t piece = 1; piece <= content.size(); ++piece)
    EXPECT_EQ(encode(content, piece), "..a\r\n...\r\n..\r\nb.\r\n\r\n..\r\n.\r\n") << piece;
}

TEST(SmtpDotEncoder, D3_2_2_RefusesBareCrBareLfAndNul) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a\nb"sv, "smtp.data.bare_lf"}, {"a\rb"sv, "smtp.data.bare_cr"},     {"a\r\r\n"sv, "smtp.data.bare_cr"},
      {"a\r"sv, "smtp.data.bare_cr"},  {"a\n.\r\n"sv, "smtp.data.bare_lf"}, {"a\0"sv, "smtp.data.nul"}};
  for (const auto& [content, code] : cases)
    for (std::size_t piece = 1; piece <= content.size(); ++piece) EXPECT_EQ(encode(content, piece), code);
}

TEST(SmtpDotEncoder, EndsTheLastLineWhenTheContentDoesNot) {
  EXPECT_EQ(encode("a", 9), "a\r\n.\r\n");
  EXPECT_EQ(encode("a\r\n", 9), "a\r\n.\r\n");
  EXPECT_EQ(encode("", 9), ".\r\n");
}

TEST(SmtpDotEncoder, RefusesALineAboveTheLimit) {
  EXPECT_EQ(encode(std::string(999, 'x') + "\r\n", 100), "smtp.data.line");
  EXPECT_EQ(encode("." + std::string(997, 'x'), 100).size(), 1004U);
}

TEST(SmtpDotDecoder, D3_1_2_TakesExactlyOneDotOffEachLine) {
  const std::string_view wire = "..a\r\n...\r\n.b\r\nc.\r\n.\r\nQUIT";
  for (std::size_t piece = 1; piece <= wire.size(); ++piece)
    EXPECT_EQ(decode(wire, piece), ".a\r\n..\r\nb\r\nc.\r\n|QUIT") << piece;
}

TEST(SmtpDotDecoder, D3_1_1_EndsAtNothingButCrLfDotCrLf) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a\n.\n"sv, "smtp.data.bare_lf"},       {"a\n.\r\n"sv, "smtp.data.bare_lf"},
      {"a\r\n.\n"sv, "smtp.data.bare_lf"},     {"a\r\n.\r"sv, "a\r\n..."},
      {"a\r.\r\n"sv, "smtp.data.bare_cr"},     {"a\r\n.\r\r\n"sv, "smtp.data.bare_cr"},
      {"a\r\r\n.\r\n"sv, "smtp.data.bare_cr"}, {"a\r\n.\rx"sv, "smtp.data.bare_cr"},
      {"a\r\n\0.\r\n"sv, "smtp.data.nul"},     {"a\r\n.\0\r\n"sv, "smtp.data.nul"},
      {"a\r.\r"sv, "smtp.data.bare_cr"},       {"a\r\n. \r\n"sv, "a\r\n \r\n..."}};
  for (const auto& [wire, outcome] : cases)
    for (std::size_t piece = 1; piece <= wire.size(); ++piece) EXPECT_EQ(decode(wire, piece), outcome) << wire << piece;
}

TEST(SmtpDotDecoder, TakesALoneDotAtTheStartForAnEmptyMail) {
  EXPECT_EQ(decode(".\r\n", 9), "|");
}

TEST(SmtpDotDecoder, DoesNotCountTheStuffedDotInTheLineLimit) {
  EXPECT_EQ(decode("." + std::string(998, 'x') + "\r\n.\r\n", 64).size(), 1001U);
  EXPECT_EQ(decode(std::string(999, 'x') + "\r\n.\r\n", 64), "smtp.data.line");
}

TEST(SmtpDotDecoder, GoesOnToTheEndAfterALongLine) {
  DotDecoder decoder(10);
  std::string content;
  std::string_view wire = "0123456789abcdef\r\nshort\r\n.\r\n";
  EXPECT_EQ(decoder.decode(wire, content).error().code, "smtp.data.line");
  const auto end = decoder.decode(wire, content);
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(*end);
}

}  // namespace
}  // namespace sluis::smtp
