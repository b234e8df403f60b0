#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "protocols/pop3/byte_stuffing.h"
#include "protocols/pop3/capabilities.h"
#include "protocols/pop3/lines.h"
#include "protocols/pop3/response.h"
#include "protocols/pop3/top.h"

namespace sluis::pop3 {
namespace {

std::string stuffed(std::string_view content) {
  ByteStuffer stuffer;
  std::string wire;
  EXPECT_TRUE(stuffer.encode(content, wire).ok());
  EXPECT_TRUE(stuffer.finish(wire).ok());
  return wire;
}

std::string unstuffed_by_pieces(std::string_view wire, std::size_t piece) {
  ByteUnstuffer unstuffer;
  std::string content;
  bool done = false;
  for (std::size_t at = 0; at < wire.size() && !done; at += piece) {
    std::string_view part = wire.substr(at, piece);
    done = unstuffer.decode(part, content);
  }
  EXPECT_TRUE(done);
  return content;
}

// Requirements §3.4: the same buffer and line rules as the SMTP client.
TEST(Pop3Lines, EndsALineAtCrLfOnly) {
  for (const auto& [wire, code] : {std::pair<std::string, std::string>{"+OK\n", "pop3.line.bare_lf"},
                                   {"+OK\rX", "pop3.line.bare_cr"},
                                   {"+OK\r\r\n", "pop3.line.bare_cr"},
                                   {std::string("+O\0K\r\n", 6), "pop3.line.nul"}}) {
    LineReader reader;
    std::string_view rest = wire;
    const auto line = reader.next(rest, 255);
    ASSERT_FALSE(line.ok()) << code;
    EXPECT_EQ(line.error().code, code);
  }
}

TEST(Pop3Lines, LimitCountsTheCrLfHoweverTheOctetsAreCut) {
  const std::string longest = std::string(253, 'a') + "\r\n";
  for (const std::size_t piece : {std::size_t{1}, longest.size()}) {
    LineReader reader;
    bool whole = false;
    for (std::size_t at = 0; at < longest.size(); at += piece) {
      std::string_view part = std::string_view(longest).substr(at, piece);
      const auto line = reader.next(part, 255);
      ASSERT_TRUE(line.ok());
      whole = line->has_value();
    }
    EXPECT_TRUE(whole);
    const std::string longer = "a" + longest;
    LineReader strict;
    std::string_view rest = longer;
    EXPECT_EQ(strict.next(rest, 255).error().code, "pop3.line.length");
  }
}

TEST(Pop3ByteStuffing, StuffsEveryLineThatStartsWithADot) {
  EXPECT_EQ(stuffed(".\r\n..a\r\nb.\r\n"), "..\r\n...a\r\nb.\r\n.\r\n");
}

TEST(Pop3ByteStuffing, GivesALastLineItsCrLfAndCountsIt) {
  ByteStuffer stuffer;
  std::string wire;
  ASSERT_TRUE(stuffer.encode(".a", wire).ok());
  ASSERT_TRUE(stuffer.finish(wire).ok());
  EXPECT_EQ(wire, "..a\r\n.\r\n");
  EXPECT_EQ(stuffer.octets(), 4U);
}

// Requirements §3.3: never emit NUL (Dovecot keeps an Outlook NUL work-around), CRLF octets as sent.
TEST(Pop3ByteStuffing, NeverSendsNulOrBareLineEnds) {
  for (const auto& [content, code] : {std::pair<std::string, std::string>{std::string("a\0b", 3), "pop3.mail.nul"},
                                      {"a\n.\r\n", "pop3.mail.bare_lf"},
                                      {"a\rb", "pop3.mail.bare_cr"}}) {
    ByteStuffer stuffer;
    std::string wire;
    EXPECT_EQ(stuffer.encode(content, wire).error().code, code);
  }
}

TEST(Pop3ByteStuffing, ComesBackTheSameInPiecesOfAnySize) {
  const std::string content = "A: b\r\n\r\n.\r\n..\r\n.x\r\n\r\nend\r\n";
  for (std::size_t piece = 1; piece <= content.size() + 8; ++piece)
    EXPECT_EQ(unstuffed_by_pieces(stuffed(content), piece), content) << piece;
}

// Requirements §3.4: multi-line end only CRLF.CRLF.
TEST(Pop3ByteStuffing, EndsAtCrLfDotCrLfOnly) {
  for (const std::string_view fake : {"a\n.\r\n", "a\r\n.\n", "a\r.\r\n", "a\r\n.\rb", "a.\r\n"}) {
    ByteUnstuffer unstuffer;
    std::string content;
    std::string_view wire = fake;
    EXPECT_FALSE(unstuffer.decode(wire, content)) << fake;
  }
}

TEST(Pop3ByteStuffing, KeepsIrregularOctetsAsTheyCameAndSaysSo) {
  const std::string irregular = std::string("a\nb\rc\0d\r\r\n", 10);
  ByteUnstuffer unstuffer;
  std::string content;
  const std::string wire = irregular + ".\r\n";
  std::string_view rest = wire;
  EXPECT_TRUE(unstuffer.decode(rest, content));
  EXPECT_EQ(content, irregular);
  EXPECT_TRUE(unstuffer.irregular());
}

// Requirements §3.4: check +OK/-ERR exactly.
TEST(Pop3Response, IsOkOrErrExactly) {
  EXPECT_TRUE(parse_response("+OK")->ok);
  EXPECT_TRUE(parse_response("+OK fine")->ok);
  EXPECT_FALSE(parse_response("-ERR no")->ok);
  for (const auto* wrong : {"+OKAY", "+ok", "OK", " +OK", "-ERROR", "+", "", "220 +OK"})
    EXPECT_EQ(parse_response(wrong).error().code, "pop3.response") << wrong;
}

TEST(Pop3Response, KnowsTheResponseCodes) {
  EXPECT_EQ(parse_response("-ERR [IN-USE] busy")->code, ResponseCode::in_use);
  EXPECT_EQ(parse_response("-ERR [login-delay] wait")->code, ResponseCode::login_delay);
  EXPECT_EQ(parse_response("-ERR [SYS/TEMP] later")->code, ResponseCode::sys_temp);
  EXPECT_EQ(parse_response("-ERR [SYS/PERM/X] never")->code, ResponseCode::sys_perm);
  EXPECT_EQ(parse_response("-ERR [AUTH] wrong")->code, ResponseCode::auth);
  EXPECT_EQ(parse_response("-ERR [XYZ] odd")->code, ResponseCode::other);
  EXPECT_EQ(parse_response("-ERR about [AUTH]")->code, ResponseCode::none);
  EXPECT_EQ(parse_response("-ERR [AUTH] wrong")->text, "wrong");
}

// Requirements §3.4: numbers parsed with overflow checks.
TEST(Pop3Number, ThatWouldOverflowIsNone) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(parse_number("18446744073709551615", most), most);
  EXPECT_EQ(parse_number("18446744073709551616", most), std::nullopt);
  EXPECT_EQ(parse_number("99999999999999999999999999", most), std::nullopt);
  EXPECT_EQ(parse_number("256", 255), std::nullopt);
  EXPECT_EQ(parse_number("9", 5), std::nullopt);
  for (const auto* wrong : {"", "-1", "+1", "1 ", "0x1", "1a"})
    EXPECT_EQ(parse_number(wrong, most), std::nullopt) << wrong;
}

// Requirements §3.3: UIDL 1-70 characters 0x21-0x7E.
TEST(Pop3Uidl, HasOneToSeventyPrintableCharacters) {
  EXPECT_TRUE(is_uidl("!~"));
  EXPECT_TRUE(is_uidl(std::string(70, 'u')));
  EXPECT_FALSE(is_uidl(std::string(71, 'u')));
  EXPECT_FALSE(is_uidl(""));
  EXPECT_FALSE(is_uidl("a b"));
  EXPECT_FALSE(is_uidl("a\x7f"));
  EXPECT_FALSE(is_uidl("\xc3\xa9"));
}

TEST(Pop3Capabilities, AreWholeKeywordsInAnyCase) {
  Capabilities capabilities;
  for (const auto* line :
       {"uidl", "STLSX", "X-USER", "SASL PLAIN CRAM-MD5 FUTURE", "LOGIN-DELAY 120", "IMPLEMENTATION A b"})
    capabilities.add(line);
  EXPECT_TRUE(capabilities.uidl);
  EXPECT_FALSE(capabilities.stls);
  EXPECT_FALSE(capabilities.user);
  EXPECT_THAT(capabilities.sasl, ::testing::ElementsAre(sasl::Mechanism::plain, sasl::Mechanism::cram_md5));
  EXPECT_EQ(capabilities.login_delay, std::chrono::seconds{120});
  EXPECT_EQ(capabilities.implementation, "A b");
}

TEST(Pop3Capabilities, AnAbsurdLoginDelayIsNotHonoured) {
  Capabilities capabilities;
  capabilities.add("LOGIN-DELAY 99999999999999999999");
  EXPECT_EQ(capabilities.login_delay, std::nullopt);
}

TEST(Pop3Top, ShowsTheHeaderAndTheFirstLinesInPiecesOfAnySize) {
  const std::string mail = "A: b\r\nC: d\r\n\r\n1\r\n\r\n3\r\n4\r\n";
  const std::string header = "A: b\r\nC: d\r\n\r\n";
  for (const auto& [lines, expected] : {std::pair<std::uint32_t, std::string>{0, header},
                                        {1, header + "1\r\n"},
                                        {3, header + "1\r\n\r\n3\r\n"},
                                        {9, mail}})
    for (std::size_t piece = 1; piece <= mail.size(); ++piece) {
      TopCutter cutter(lines);
      std::string shown;
      for (std::size_t at = 0; at < mail.size(); at += piece) {
        const auto part = std::string_view(mail).substr(at, piece);
        shown += part.substr(0, cutter.take(part));
      }
      EXPECT_EQ(shown, expected) << lines << " lines, pieces of " << piece;
    }
}

}  // namespace
}  // namespace sluis::pop3
