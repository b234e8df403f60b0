// Every rule of digipoort.md §3.5 ("Message format") has a test that names it; the others are DESIGN §7.
#include "protocols/mime/parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/protocols/mime/mail_reading.h"

namespace sluis::mime {
namespace {

using test::mail;
using test::mixed;
using test::read;
using test::repeated;
using Story = std::vector<std::string>;

// §3.5 "lines <= 998"
TEST(MimeParser, TakesALineOf998OctetsAndRefusesOneOf999) {
  EXPECT_EQ(read(mail("\r\n" + std::string(998, 'x') + "\r\n")).error, "");
  EXPECT_EQ(read(mail("\r\n" + std::string(999, 'x') + "\r\n")).error, "mime.line_length");
}

// §3.5 "lines <= 998", as a counted tolerance (DESIGN §7)
TEST(MimeParser, CountsLongLinesWhenTheyAreTolerated) {
  const std::string line(100'000, 'x');
  const auto out = read(mail("\r\n" + line + "\r\n" + line), Tolerances{Tolerance::long_lines}, {}, 777);
  ASSERT_EQ(out.error, "");
  EXPECT_EQ(out.findings.count(Tolerance::long_lines), 2u);
  EXPECT_EQ(out.story, Story{"1 text/plain [" + line + "\r\n" + line + "]"});
}

// §3.5 "Date and From required"
TEST(MimeParser, RefusesAMailWithoutDateOrFrom) {
  EXPECT_EQ(read("From: a@example.nl\r\n\r\nx").error, "mime.header.missing");
  EXPECT_EQ(read("Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\nx").error, "mime.header.missing");
}

TEST(MimeParser, CountsAMissingDateWhenItIsTolerated) {
  const auto out = read("From: a@example.nl\r\n\r\nx", Tolerances{Tolerance::missing_date_or_from});
  EXPECT_EQ(out.error, "");
  EXPECT_EQ(out.findings.count(Tolerance::missing_date_or_from), 1u);
}

// §3.5 "single-instance headers enforced"
TEST(MimeParser, RefusesASecondFrom) {
  EXPECT_EQ(read(mail("from: b@example.nl\r\n\r\nx")).error, "mime.header.duplicate");
}

// §3.5 "single-instance headers enforced": in a part too, where only Content-* count
TEST(MimeParser, RefusesASecondContentTypeInAPart) {
  EXPECT_EQ(read(mixed("--b\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n--b--\r\n")).error,
            "mime.header.duplicate");
  EXPECT_EQ(read(mixed("--b\r\nFrom: x\r\nFrom: y\r\n\r\nx\r\n--b--\r\n")).error, "");
}

TEST(MimeParser, CallsAToleratedDuplicateHeaderAmbiguous) {
  const auto out = read(mail("From: b@example.nl\r\n\r\nx"), Tolerances{Tolerance::duplicate_headers});
  EXPECT_EQ(out.error, "");
  EXPECT_TRUE(out.findings.ambiguous());
  EXPECT_EQ(out.findings.count(Ambiguity::duplicate_header), 1u);
}

TEST(MimeParser, CallsTwoTransferEncodingsThatDisagreeAmbiguous) {
  const auto out = read(mail("Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\nYQ==\r\n"),
                        Tolerances{Tolerance::duplicate_headers});
  EXPECT_EQ(out.error, "");
  EXPECT_EQ(out.findings.count(Ambiguity::conflicting_transfer_encoding), 1u);
  EXPECT_EQ(out.story, Story{"1 text/plain [a]"});
}

// §3.5 "folding handled"
TEST(MimeParser, ReadsAFoldedContentType) {
  EXPECT_EQ(
      read(mail("Content-Type: application/EDIFACT;\r\n charset=us-ascii;\r\n\tname=\"a.edi\"\r\n\r\nUNB\r\n")).story,
      Story{"1 application/edifact [UNB\r\n]"});
}

// §3.5 "CTE 7bit/8bit/base64/QP"; binary is RFC 2045 §6.2
TEST(MimeParser, DecodesEveryTransferEncoding) {
  const auto body_of = [](std::string_view encoding, std::string_view coded) {
    return read(mail("Content-Transfer-Encoding: " + std::string(encoding) + "\r\n\r\n" + std::string(coded))).story;
  };
  EXPECT_EQ(body_of("7bit", "a\r\nb\r\n"), Story{"1 text/plain [a\r\nb\r\n]"});
  EXPECT_EQ(body_of("8bit", "\xC3\xA9\r\n"), Story{"1 text/plain [\xC3\xA9\r\n]"});
  EXPECT_EQ(body_of("binary", "a"), Story{"1 text/plain [a]"});
  EXPECT_EQ(body_of("BASE64 (as always)", "VU5B\r\nOis=\r\n"), Story{"1 text/plain [UNA:+]"});
  EXPECT_EQ(body_of("quoted-printable", "a=3D=\r\nb  \r\nc=20\r\n"), Story{"1 text/plain [a=b\r\nc \r\n]"});
}

// §3.5 "boundary <= 70"
TEST(MimeParser, TakesABoundaryOf70CharactersAndRefusesOneOf71) {
  const auto with = [](const std::string& b) {
    return read(
        mail("Content-Type: multipart/mixed; boundary=\"" + b + "\"\r\n\r\n--" + b + "\r\n\r\nx\r\n--" + b + "--\r\n"));
  };
  EXPECT_EQ(with(std::string(70, 'b')).story, (Story{"1 multipart/mixed", "1.1 text/plain [x]"}));
  EXPECT_EQ(with(std::string(71, 'b')).error, "mime.boundary");
}

// §3.5 "line-anchored boundary match"
TEST(MimeParser, SeesABoundaryOnlyAtTheStartOfALine) {
  EXPECT_EQ(read(mixed("--b\r\n\r\nx --b\r\n --b\r\n--b--\r\n")).story,
            (Story{"1 multipart/mixed", "1.1 text/plain [x --b\r\n --b]"}));
}

// §3.5 "exact (no prefix matching)"
TEST(MimeParser, TakesALongerBoundaryForTextAndSaysThatOthersMayNot) {
  const auto out = read(mixed("--b\r\n\r\nx\r\n--bc\r\ny\r\n--b--c\r\n--b--\r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain [x\r\n--bc\r\ny\r\n--b--c]"}));
  EXPECT_EQ(out.findings.count(Ambiguity::boundary_lookalike), 2u);
}

TEST(MimeParser, TellsNestedBoundariesApartWhenOneStartsLikeTheOther) {
  const auto out =
      read(mixed("--b\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n--b\r\n"
                 "Content-Type: application/xml\r\n\r\n<a/>\r\n--b--\r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 multipart/alternative", "1.1.1 text/plain [x]",
                              "1.2 application/xml [<a/>]"}));
  EXPECT_FALSE(out.findings.ambiguous());
}

// §3.5 "closing boundary may be missing (accept with a flag)"
TEST(MimeParser, AcceptsAMissingClosingBoundaryWithAFlag) {
  const auto out = read(mixed("--b\r\n\r\nx\r\n"));
  EXPECT_EQ(out.error, "");
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 text/plain [x\r\n]"}));
  EXPECT_EQ(out.findings.count(Ambiguity::missing_closing_boundary), 1u);
}

TEST(MimeParser, FlagsANestedMultipartThatTheOuterBoundaryCutsOff) {
  const auto out = read(mixed("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--b--\r\n"));
  EXPECT_EQ(out.story, (Story{"1 multipart/mixed", "1.1 multipart/mixed", "1.1.1 text/plain [x]"}));
  EXPECT_EQ(out.findings.count(Ambiguity::missing_closing_boundary), 1u);
}

// §3.5 "depth <= 10"
TEST(MimeParser, GoesTenLevelsDeepAndNoDeeper) {
  const auto nested = [](int levels) {
    std::string out(test::top);
    for (int i = 0; i < levels; ++i) {
      const std::string b = "n" + std::to_string(i) + "n";
      out += "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n";
    }
    return out + "\r\nx\r\n";
  };
  EXPECT_EQ(read(nested(10)).error, "");
  EXPECT_EQ(read(nested(11)).error, "mime.depth");
}

// §3.5 "parts <= 100"
TEST(MimeParser, CountsPartsUpToAHundred) {
  EXPECT_EQ(read(mixed(repeated("--b\r\n\r\nx\r\n", 99) + "--b--\r\n")).error, "");
  EXPECT_EQ(read(mixed(repeated("--b\r\n\r\nx\r\n", 100) + "--b--\r\n")).error, "mime.parts");
}

// §3.5 "header block <= 64 KiB"
TEST(MimeParser, RefusesAHeaderBlockOfMoreThan64KiB) {
  EXPECT_EQ(read(mail(repeated("X: " + std::string(900, 'x') + "\r\n", 71) + "\r\n")).error, "");
  EXPECT_EQ(read(mail(repeated("X: " + std::string(900, 'x') + "\r\n", 73) + "\r\n")).error, "mime.header.size");
  EXPECT_EQ(read(mixed("--b\r\nX: " + repeated("x\r\n ", 30'000) + "\r\n\r\n--b--\r\n")).error, "mime.header.size");
}

// §3.5 "header count <= 500"
TEST(MimeParser, RefusesMoreThan500HeaderFields) {
  EXPECT_EQ(read(mail(repeated("X: x\r\n", 498) + "\r\n")).error, "");
  EXPECT_EQ(read(mail(repeated("X: x\r\n", 499) + "\r\n")).error, "mime.header.count");
}

// §3.5 "RFC 2047/2231 for names"
TEST(MimeParser, GivesTheFileNameDecoded) {
  test::Recorder recorder;
  Parser parser(recorder);
  ASSERT_TRUE(parser.feed(mail("Content-Disposition: attachment; filename*=iso-8859-1''caf%E9.edi\r\n\r\n")));
  ASSERT_TRUE(parser.finish());
  EXPECT_EQ(recorder.infos.at(0).file_name, "caf\xC3\xA9.edi");
}

// §3.5 "message/rfc822 not descended by default"
TEST(MimeParser, KeepsAForwardedMailWholeUnlessAsked) {
  const std::string forwarded = mixed(
      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: "
      "application/xml\r\n\r\n<a/>\r\n--b--\r\n");
  EXPECT_EQ(
      read(forwarded).story,
      (Story{"1 multipart/mixed", "1.1 message/rfc822 [Subject: in\r\nContent-Type: application/xml\r\n\r\n<a/>]"}));
  Limits limits;
  limits.descend_messages = true;
  EXPECT_EQ(read(forwarded, {}, limits).story,
            (Story{"1 multipart/mixed", "1.1 message/rfc822", "1.1.1 application/xml [<a/>]"}));
}

// §3.5 "base64 decoder strict with counted tolerance for whitespace"
TEST(MimeParser, CountsBlanksInBase64AndRefusesThemWhenNotTolerated) {
  const std::string blanks = mail("Content-Transfer-Encoding: base64\r\n\r\nVU 5B \r\n");
  const auto out = read(blanks);
  EXPECT_EQ(out.story, Story{"1 text/plain [UNA]"});
  EXPECT_EQ(out.findings.count(Tolerance::base64_whitespace), 1u);
  EXPECT_EQ(read(blanks, Tolerances::none()).error, "mime.base64");
}

// §3.5 "base64 decoder strict"
TEST(MimeParser, RefusesBase64ThatIsNotBase64) {
  for (const std::string coded : {"VU5", "VU5B=", "V=5B", "VQ==VU5B", "VR==", "VU5*", "====", "VU5B\r\n--x"})
    EXPECT_EQ(read(mail("Content-Transfer-Encoding: base64\r\n\r\n" + coded)).error, "mime.base64") << coded;
}

// §3.5 "reject UU/yEnc": never decoded, and said to be unknown
TEST(MimeParser, LeavesUuencodeAsItIsAndCallsItAmbiguous) {
  const auto out = read(mail("Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#86)C\r\nend\r\n"));
  EXPECT_EQ(out.story, Story{"1 text/plain [begin 644 a\r\n#86)C\r\nend\r\n]"});
  EXPECT_EQ(out.findings.count(Ambiguity::unknown_transfer_encoding), 1u);
  EXPECT_EQ(read(mail("\r\n=ybegin line=128 size=1 name=a\r\n=yend\r\n")).story,
            Story{"1 text/plain [=ybegin line=128 size=1 name=a\r\n=yend\r\n]"});
}

// DESIGN §7 "bare CR/LF and NUL refused"
TEST(MimeParser, RefusesBareLineEndsAndNul) {
  EXPECT_EQ(read(mail("\r\na\nb\r\n")).error, "mime.bare_line_end");
  EXPECT_EQ(read(mail("\r\na\rb\r\n")).error, "mime.bare_line_end");
  EXPECT_EQ(read(mail("\r\na\r\r\nb")).error, "mime.bare_line_end");
  EXPECT_EQ(read(mail("\r\na\r")).error, "mime.bare_line_end");
  EXPECT_EQ(read(mail(std::string_view{"\r\na\0b\r\n", 7})).error, "mime.nul");
}

TEST(MimeParser, KeepsBareLineEndsAndNulAsDataWhenTheyAreTolerated) {
  const auto out = read(mail(std::string_view{"\r\na\nb\rc\0d\r\n", 11}),
                        Tolerances{Tolerance::bare_line_ends, Tolerance::nul}, {}, 1);
  ASSERT_EQ(out.error, "");
  EXPECT_EQ(out.story, Story{std::string("1 text/plain [a\nb\rc\0d\r\n]", 24)});
  EXPECT_EQ(out.findings.count(Tolerance::bare_line_ends), 2u);
  EXPECT_EQ(out.findings.count(Tolerance::nul), 1u);
}

TEST(MimeParser, FindsBoundariesInAMailWithBareLfWhenTolerated) {
  std::string text = mixed("--b\r\n\r\nx\r\ny\r\n--b--\r\n");
  std::erase(text, '\r');
  EXPECT_EQ(read(text, Tolerances{Tolerance::bare_line_ends}).story,
            (Story{"1 multipart/mixed", "1.1 text/plain [x\ny]"}));
}

TEST(MimeParser, ReadsTheSameHoweverTheOctetsArrive) {
  const std::string text = mixed(
      "pre\r\n--b\r\nContent-Type: multipart/alternative;\r\n boundary=\"b b\"\r\n\r\n--b "
      "b\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\na=3D =\r\n=C3=A9  \r\n--b b\r\n\r\n--b x\r\n-\r\n--b "
      "b--\r\n--b\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\nVU5B\r\nOis=\r\n--b--\r\nafter");
  const auto whole = read(text);
  ASSERT_EQ(whole.error, "");
  ASSERT_EQ(whole.story.size(), 5u);
  for (std::size_t step = 1; step < text.size(); ++step) {
    const auto cut = read(text, {}, {}, step);
    EXPECT_EQ(cut.story, whole.story) << step;
    EXPECT_EQ(cut.findings.ambiguities().size(), whole.findings.ambiguities().size()) << step;
  }
}

TEST(MimeParser, EndsEveryEntityItBeganWhereverTheMailIsCut) {
  const std::string text = mixed(
      "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822\r\n"
      "\r\nSubject: x\r\n\r\ny\r\n--c--\r\n--b--\r\n");
  Limits limits;
  limits.descend_messages = true;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    test::Recorder recorder;
    Parser parser(recorder, limits,
                  Tolerances{Tolerance::bare_line_ends, Tolerance::malformed_headers, Tolerance::missing_date_or_from});
    ASSERT_TRUE(parser.feed(std::string_view{text}.substr(0, size))) << size;
    ASSERT_TRUE(parser.finish()) << size;
    EXPECT_EQ(recorder.ended, recorder.infos.size()) << size;
    EXPECT_TRUE(recorder.balanced) << size;
  }
}

TEST(MimeParser, SurvivesDamageAndEndsEveryEntityOfWhatItAccepts) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string text = mixed(
      "--b\r\nContent-Type: multipart/alternative;\r\n boundary*0=c; "
      "boundary*1*=%63\r\n\r\n--cc\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\na=3D=\r\n\r\n--cc--\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nTo: =?utf-8?Q?=41?= "
      "<a@x.test>\r\n\r\nx\r\n--b\r\nContent-Disposition: attachment; "
      "filename*=utf-8''%41\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\nVU5BOis=\r\n--b--\r\n");
  Limits limits;
  limits.descend_messages = true;
  const Tolerances lax{Tolerance::bare_line_ends,    Tolerance::nul,
                       Tolerance::eight_bit_headers, Tolerance::malformed_headers,
                       Tolerance::duplicate_headers, Tolerance::missing_date_or_from};
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = text;
    for (std::size_t n = random() % 4; n > 0; --n) damaged[random() % damaged.size()] = static_cast<char>(random());
    test::Recorder recorder;
    Parser parser(recorder, limits, lax);
    if (!parser.feed(damaged) || !parser.finish()) continue;
    ++accepted;
    ASSERT_EQ(recorder.ended, recorder.infos.size());
    ASSERT_TRUE(recorder.balanced);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(MimeParser, StaysRefusedAfterTheFirstError) {
  test::Recorder recorder;
  Parser parser(recorder);
  ASSERT_FALSE(parser.feed("no field\r\n\r\n"));
  EXPECT_EQ(parser.feed(mail("\r\nx")).error().code, "mime.header.syntax");
  EXPECT_EQ(parser.finish().error().code, "mime.header.syntax");
}

class FullDisk final : public EntityHandler {
 public:
  Status begin_entity(const EntityInfo&, const Headers&) override { return {}; }
  Status body(std::string_view) override { return Error{"disk.full", "no space"}; }
  Status end_entity(const EntityInfo&) override { return {}; }
};

TEST(MimeParser, StopsWhenTheHandlerFails) {
  FullDisk handler;
  Parser parser(handler);
  EXPECT_EQ(parser.feed(mail("\r\n" + repeated("x\r\n", 20'000))).error().code, "disk.full");
}

class LargestBody final : public EntityHandler {
 public:
  Status begin_entity(const EntityInfo&, const Headers&) override { return {}; }
  Status body(std::string_view decoded) override {
    largest = std::max(largest, decoded.size());
    total += decoded.size();
    return {};
  }
  Status end_entity(const EntityInfo&) override { return {}; }
  std::size_t largest = 0;
  std::size_t total = 0;
};

TEST(MimeParser, HandsOnALargeBodyInPiecesOfBoundedSize) {
  LargestBody handler;
  Parser parser(handler, {}, Tolerances{Tolerance::long_lines});
  ASSERT_TRUE(parser.feed(mail("\r\n")));
  const std::string block(1 << 16, 'x');
  for (int i = 0; i < 512; ++i) ASSERT_TRUE(parser.feed(block));
  ASSERT_TRUE(parser.finish());
  EXPECT_EQ(handler.total, 512u << 16);
  EXPECT_LE(handler.largest, 64u * 1024);
}

}  // namespace
}  // namespace sluis::mime
