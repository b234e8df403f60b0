// Where two honest readers would see two different mails: each place is flagged (digipoort.md §4.6, "log as ambiguous
// and quarantine"), and the mails beside it that are clear are not.
#include <gtest/gtest.h>

#include "tests/protocols/mime/mail_reading.h"

namespace sluis::mime {
namespace {

using test::mail;
using test::mixed;
using test::read;
using Story = std::vector<std::string>;

TEST(MimeAmbiguity, FlagsTextBehindTheClosingBoundary) {
  const auto out = read(mixed("--b\r\n\r\nx\r\n--b--\r\n\r\n--b\r\n\r\nsmuggled\r\n--b--\r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain [x]"}));
  EXPECT_TRUE(out.findings.count(Ambiguity::text_after_close) > 0);
}

TEST(MimeAmbiguity, TakesEmptyLinesBehindTheClosingBoundaryForNothing) {
  EXPECT_FALSE(read(mixed("--b\r\n\r\nx\r\n--b--\r\n\r\n \r\n")).findings.ambiguous());
}

TEST(MimeAmbiguity, PassesOverThePreamble) {
  const auto out = read(mixed("This is a multi-part message in MIME format.\r\n--b\r\n\r\nx\r\n--b--"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain [x]"}));
  EXPECT_FALSE(out.findings.ambiguous());
}

TEST(MimeAmbiguity, CountsBlanksBehindABoundary) {
  const auto out = read(mixed("--b \t\r\n\r\nx\r\n--b-- \r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain [x]"}));
  EXPECT_EQ(out.findings.count(Tolerance::boundary_padding), 2u);
}

TEST(MimeAmbiguity, FlagsAMultipartWithoutBoundaryAndKeepsItWhole) {
  const auto out = read(mail("Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n"));
  EXPECT_EQ(out.story, Story{"1 multipart/mixed [--b\r\n\r\nx\r\n]"});
  EXPECT_EQ(out.findings.count(Ambiguity::missing_boundary_parameter), 1u);
}

TEST(MimeAmbiguity, FlagsABoundaryThatANestedMultipartRepeats) {
  const auto out = read(mixed("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"));
  EXPECT_EQ(out.findings.count(Ambiguity::repeated_boundary), 1u);
}

TEST(MimeAmbiguity, FlagsAMultipartThatSaysItIsBase64AndReadsItAsItStands) {
  const auto out =
      read(mail("Content-Transfer-Encoding: base64\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                "--b\r\n\r\nx\r\n--b--\r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain [x]"}));
  EXPECT_EQ(out.findings.count(Ambiguity::encoded_composite), 1u);
}

TEST(MimeAmbiguity, FlagsBlanksAtTheEndOfAQuotedPrintableLine) {
  const auto out = read(mail("Content-Transfer-Encoding: quoted-printable\r\n\r\na \r\nb=20\r\n"));
  EXPECT_EQ(out.story, Story{"1 text/plain [a\r\nb \r\n]"});
  EXPECT_EQ(out.findings.count(Ambiguity::quoted_printable_padding), 1u);
}

TEST(MimeAmbiguity, CallsAnUnreadableContentTypeBytesAndAmbiguous) {
  const auto out = read(mail("Content-Type: xml\r\n\r\nx"));
  EXPECT_EQ(out.story, Story{"1 application/octet-stream [x]"});
  EXPECT_EQ(out.findings.count(Ambiguity::malformed_content_type), 1u);
}

TEST(MimeAmbiguity, GivesAPartWithoutBodyAnEmptyOneAndFlagsTheMissingEmptyLine) {
  const auto out = read(mixed("--b\r\n--b\r\nContent-Type: text/html\r\n\r\n--b--\r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain []", "1.2 text/html []"}));
  EXPECT_EQ(out.findings.count(Ambiguity::header_without_end), 1u);
}

TEST(MimeAmbiguity, TakesTheDefaultTypeOfADigest) {
  EXPECT_EQ(
      read(mail("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n\r\n--b--\r\n")).story,
      (Story{"1 multipart/digest", "1.1 message/rfc822 [Subject: x\r\n]"}));
}

}  // namespace
}  // namespace sluis::mime
