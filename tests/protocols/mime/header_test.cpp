#include "protocols/mime/header.h"

#include <gtest/gtest.h>

#include "protocols/mime/encoded_word.h"

namespace sluis::mime {
namespace {

Result<Headers> parse(std::string_view text, Tolerances tolerances = {}) {
  Strictness strictness{tolerances, {}};
  return parse_headers(text, strictness);
}

TEST(MimeHeader, FindsFieldsInAnyCaseInTheirOrder) {
  const auto headers = parse("Received: a\r\nSUBJECT:  x \r\nReceived: b\r\n\r\nbody: no\r\n");
  ASSERT_TRUE(headers);
  EXPECT_EQ(headers->count("received"), 2u);
  EXPECT_EQ(*headers->find("received"), "a");
  EXPECT_EQ(headers->only("Subject").value(), "x");
  EXPECT_EQ(headers->find("body"), nullptr);
}

TEST(MimeHeader, RefusesToChooseBetweenTwo) {
  const auto headers = parse("Received: a\r\nReceived: b\r\n");
  EXPECT_EQ(headers->only("Received").error().code, "mime.header.duplicate");
  EXPECT_EQ(headers->only("Date").error().code, "mime.header.missing");
}

// RFC 5322 §2.2.3
TEST(MimeHeader, UnfoldsByTakingTheLineEndAway) {
  EXPECT_EQ(*parse("Subject: a\r\n  b\r\n\tc\r\n")->find("Subject"), "a  b\tc");
}

TEST(MimeHeader, FlagsAContinuationOfBlanksOnly) {
  Strictness strictness;
  const auto headers = parse_headers("Subject: a\r\n \r\n b\r\n", strictness);
  ASSERT_TRUE(headers);
  EXPECT_EQ(strictness.findings.count(Ambiguity::blank_folded_line), 1u);
}

TEST(MimeHeader, RefusesLinesThatAreNoFields) {
  for (const std::string_view text :
       {"From a@b Thu Jan 1\r\n", "Subject : x\r\n", ": x\r\n", "  x\r\n", "S\x7F: x\r\n"})
    EXPECT_EQ(parse(text).error().code, "mime.header.syntax") << text;
}

TEST(MimeHeader, SkipsALineThatIsNoFieldWhenTolerated) {
  Strictness strictness{Tolerances{Tolerance::malformed_headers}, {}};
  const auto headers = parse_headers("Oops\r\n more\r\nSubject: x\r\n", strictness);
  ASSERT_TRUE(headers);
  EXPECT_EQ(headers->fields().size(), 1u);
  EXPECT_EQ(strictness.findings.count(Tolerance::malformed_headers), 1u);
  EXPECT_TRUE(strictness.findings.ambiguous());
}

TEST(MimeHeader, RefusesEightBitOctetsUnlessTolerated) {
  EXPECT_EQ(parse("Subject: \xC3\xA9\r\n").error().code, "mime.header.eight_bit");
  EXPECT_EQ(parse("Subject: \xC3\xA9\r\n", Tolerances{Tolerance::eight_bit_headers})->decoded("Subject"), "\xC3\xA9");
}

// RFC 2047 §8
TEST(EncodedWords, DecodesTheExamplesOfTheStandard) {
  EXPECT_EQ(decode_words("=?US-ASCII?Q?Keith_Moore?="), "Keith Moore");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?Andr=E9?= Pirard"), "Andr\xC3\xA9 Pirard");
  EXPECT_EQ(decode_words("(=?ISO-8859-1?Q?a?= b)"), "(a b)");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a_b?= =?ISO-8859-2?Q?_b?="), "a b b");
  EXPECT_EQ(decode_words("=?ISO-8859-1*en?B?SWYgeW91?="), "If you");
}

TEST(EncodedWords, JoinsACharacterThatIsCutInTwo) {
  EXPECT_EQ(decode_words("=?UTF-8?Q?=C3?= =?UTF-8?Q?=A9?="), "\xC3\xA9");
}

TEST(EncodedWords, LeavesWhatItCannotDecode) {
  for (const std::string_view text :
       {"=?x-none?Q?a?=", "=?utf-8?X?a?=", "=?utf-8?Q?a", "=?utf-8?B?***?=", "=?utf-8?Q?=FF?=", "=?"})
    EXPECT_EQ(decode_words(text), text);
}

TEST(EncodedWords, NeverBringsBackALineEnd) {
  EXPECT_EQ(decode_words("=?utf-8?Q?a=0D=0ABcc:_x=00?="), "a  Bcc: x ");
}

TEST(EncodedWords, ReplacesOctetsThatAreNoText) {
  EXPECT_EQ(decode_words("a\xE9\x62"), "a\xEF\xBF\xBD\x62");
}

TEST(EncodedWords, EncodesWhatDecodesToTheSame) {
  const std::string long_word(2000, 'w');
  for (const std::string& text :
       {std::string("Aangifte 123"), std::string("=?not?a?word?="), std::string(" blank in front"),
        std::string("r\xC3\xA9\x66\xC3\xA9rence \xE2\x82\xAC \xF0\x9F\x9A\xA2"), long_word}) {
    const std::string coded = encode_words(text);
    EXPECT_EQ(decode_words(coded), text);
    std::size_t at = 0;
    while (at < coded.size()) {
      const auto end = std::min(coded.find("\r\n", at), coded.size());
      EXPECT_LE(end - at, 76u);
      at = end + 2;
    }
  }
}

}  // namespace
}  // namespace sluis::mime
