#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "protocols/edifact/interchange.h"

namespace sluis::edifact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string declaration =
    "UNA:+.? '"
    "UNB+UNOC:3+8712345678906:14+NLDOUANE:ZZ+261126:1113+REF0001++EXPORT++1++1'"
    "UNH+1+CUSDEC:D:96B:UN:NL0100+CAR7'BGM+830+LRN?+001+9'LOC+9+NLRTM'RFF+ABE:LRN?+001'RFF+DM:M\xfcller'UNS+D'UNT+7+1'"
    "UNH+2+CUSDEC:D:96B:UN'BGM+830:::x+LRN2+9'UNT+3+2'"
    "UNZ+2+REF0001'";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(EdifactInterchange, TellsWhoSendsWhatToWhom) {
  const auto interchange = read_interchange(declaration);
  ASSERT_TRUE(interchange.ok()) << interchange.error().what;
  EXPECT_EQ(interchange->syntax_id, "UNOC");
  EXPECT_EQ(interchange->version, "3");
  EXPECT_EQ(interchange->sender, (Party{"8712345678906", "14"}));
  EXPECT_EQ(interchange->recipient, (Party{"NLDOUANE", "ZZ"}));
  EXPECT_EQ(interchange->date, "261126");
  EXPECT_EQ(interchange->time, "1113");
  EXPECT_EQ(interchange->control_reference, "REF0001");
  EXPECT_EQ(interchange->application_reference, "EXPORT");
  EXPECT_TRUE(interchange->ack_request);
  EXPECT_TRUE(interchange->test());
  EXPECT_EQ(interchange->unz_count, 2U);
}

TEST(EdifactInterchange, TellsWhatIsInEachMessage) {
  const auto interchange = read_interchange(declaration);
  ASSERT_TRUE(interchange.ok());
  ASSERT_EQ(interchange->messages.size(), 2U);
  const MessageHeader& first = interchange->messages[0];
  EXPECT_EQ(first.reference, "1");
  EXPECT_EQ(first.type, "CUSDEC");
  EXPECT_EQ(first.version, "D");
  EXPECT_EQ(first.release, "96B");
  EXPECT_EQ(first.agency, "UN");
  EXPECT_EQ(first.association_code, "NL0100");
  EXPECT_EQ(first.common_access_reference, "CAR7");
  EXPECT_EQ(first.document_name_code, "830");
  EXPECT_EQ(first.document_number, "LRN+001");
  EXPECT_THAT(first.references, ElementsAre(Reference{"ABE", "LRN+001"}, Reference{"DM", "M\xc3\xbcller"}));
  EXPECT_EQ(declaration.substr(first.position, 5), "UNH+1");
  EXPECT_EQ(interchange->messages[1].document_number, "LRN2");
}

TEST(EdifactInterchange, BoundsReferencesAndSaysHowManyThereAre) {
  Limits limits;
  limits.references = 1;
  const auto interchange = read_interchange(declaration, limits);
  ASSERT_TRUE(interchange.ok());
  EXPECT_EQ(interchange->messages[0].references.size(), 1U);
  EXPECT_EQ(interchange->messages[0].references_seen, 2U);
}

TEST(EdifactInterchange, BoundsMessages) {
  Limits limits;
  limits.messages = 1;
  EXPECT_EQ(read_interchange(declaration, limits).error().code, "edifact.limit.messages");
}

// Requirements §2.1: UNT and UNZ counts must match.
TEST(EdifactInterchange, RefusesWrongCounts) {
  for (const auto& [from, to] : {std::pair{"UNT+7+1", "UNT+6+1"},
                                 {"UNT+3+2", "UNT+4+2"},
                                 {"UNZ+2+", "UNZ+3+"},
                                 {"UNZ+2+", "UNZ++"},
                                 {"UNT+7+1", "UNT+x+1"},
                                 {"UNT+7+1", "UNT+99999999999999999999+1"}}) {
    const std::string wrong = replaced(declaration, from, to);
    const auto read = read_interchange(wrong);
    ASSERT_FALSE(read.ok()) << to;
    EXPECT_EQ(read.error().code, "edifact.count") << to;
    EXPECT_THAT(read.error().what, HasSubstr("octet " + std::to_string(wrong.find(to)))) << to;
  }
}

TEST(EdifactInterchange, RefusesTrailersThatCloseSomethingElse) {
  for (const auto& [from, to] : {std::pair{"UNT+7+1", "UNT+7+9"}, {"UNZ+2+REF0001", "UNZ+2+REF0002"}})
    EXPECT_EQ(read_interchange(replaced(declaration, from, to)).error().code, "edifact.reference") << to;
}

TEST(EdifactInterchange, RefusesServiceSegmentsWhereNoneMayBe) {
  for (const auto& [from, to] : {std::pair{"UNT+7+1'", ""},
                                 {"UNT+7+1'", "UNT+7+1'UNT+1+1'"},
                                 {"UNS+D'", "UNB+UNOC:3+A+B'"},
                                 {"UNH+2", "LOC+2"},
                                 {"UNZ+2", "UNE+2+1'UNZ+2"}})
    EXPECT_EQ(read_interchange(replaced(declaration, from, to)).error().code, "edifact.nesting") << to;
}

TEST(EdifactInterchange, RefusesWhatFollowsUnz) {
  EXPECT_TRUE(read_interchange(declaration + "\r\n").ok());
  EXPECT_EQ(read_interchange(declaration + declaration).error().code, "edifact.trailing");
  EXPECT_EQ(read_interchange(declaration + "\x1a").error().code, "edifact.trailing");
}

TEST(EdifactInterchange, RefusesAHeaderThatNamesNobody) {
  for (const auto& [from, to] :
       {std::pair{"8712345678906:14", ""}, {"NLDOUANE:ZZ", ":ZZ"}, {"+REF0001+", "++"}, {"UNOC:3", "X"}})
    EXPECT_EQ(read_interchange(replaced(declaration, from, to)).error().code, "edifact.unb") << from;
  EXPECT_EQ(read_interchange(replaced(declaration, "UNH+1+CUSDEC", "UNH+1+")).error().code, "edifact.unh");
}

TEST(EdifactInterchange, RefusesTextThatIsNotInItsCharacterSet) {
  EXPECT_EQ(read_interchange(replaced(declaration, "UNOC", "UNOA")).error().code, "edifact.charset");
}

TEST(EdifactInterchange, ReadsFunctionalGroups) {
  const std::string grouped =
      "UNB+UNOA:2+A+B+260101:0000+R1'"
      "UNG+CUSDEC+A+B+260101:0000+G1+UN+D:96B'UNH+1+CUSDEC:D:96B:UN'UNT+2+1'UNH+2+CUSDEC:D:96B:UN'UNT+2+2'UNE+2+G1'"
      "UNG+CUSRES+A+B+260101:0000+G2+UN+D:96B'UNH+1+CUSRES:D:96B:UN'UNT+2+1'UNE+1+G2'"
      "UNZ+2+R1'";
  const auto interchange = read_interchange(grouped);
  ASSERT_TRUE(interchange.ok()) << interchange.error().what;
  EXPECT_EQ(interchange->groups, 2U);
  EXPECT_EQ(interchange->messages.size(), 3U);
  EXPECT_EQ(read_interchange(replaced(grouped, "UNE+2", "UNE+1")).error().code, "edifact.count");
  EXPECT_EQ(read_interchange(replaced(grouped, "UNE+1+G2", "UNE+1+G1")).error().code, "edifact.reference");
  EXPECT_EQ(read_interchange(replaced(grouped, "UNZ+2", "UNZ+3")).error().code, "edifact.count");
  EXPECT_EQ(read_header(grouped)->first_message.type, "CUSDEC");
}

TEST(EdifactInterchange, ReadsOtherSeparatorsAndLineBreaks) {
  std::string other =
      "UNA|~.\\ "
      "\"\r\nUNB~UNOC|3~A|14~B+'~260101|0000~R1\"\r\nUNH~1~CUSRES|D|96B|UN\"\r\nBGM~961~N\\~1\"\r\nUNT~3~1\"\r\nUNZ~1~"
      "R1\"\r\n";
  const auto interchange = read_interchange(other);
  ASSERT_TRUE(interchange.ok()) << interchange.error().what;
  EXPECT_EQ(interchange->recipient.id, "B+'");
  EXPECT_EQ(interchange->messages.at(0).document_number, "N~1");
}

// Truncated anywhere: an error for the whole; for the header an error, or the same header as of the whole.
TEST(EdifactInterchange, CutAfterEveryOctetIsAnErrorOrTheSameHeader) {
  const std::size_t header_end = declaration.find("BGM");
  for (std::size_t size = 0; size < declaration.size(); ++size) {
    const std::string_view cut = std::string_view(declaration).substr(0, size);
    EXPECT_FALSE(read_interchange(cut).ok()) << size;
    const auto header = read_header(cut);
    EXPECT_EQ(header.ok(), size >= header_end) << size;
    if (!header.ok()) {
      EXPECT_THAT(header.error().code, ::testing::AnyOf("edifact.truncated", "edifact.start")) << size;
      continue;
    }
    EXPECT_EQ(header->interchange.control_reference, "REF0001");
    EXPECT_EQ(header->first_message.type, "CUSDEC");
  }
}

TEST(EdifactInterchange, EveryOctetChangedIsReadOrRefusedButNeverWorse) {
  for (std::size_t at = 0; at < declaration.size(); ++at)
    for (const char c : {'\'', '+', '?', '\0', '\xff', '9', 'U'}) {
      std::string changed = declaration;
      changed[at] = c;
      const auto read = read_interchange(changed);
      if (!read.ok()) {
        EXPECT_THAT(read.error().code, ::testing::StartsWith("edifact."));
      } else {
        EXPECT_EQ(read->messages.size(), 2U) << at;
      }
    }
}

}  // namespace
}  // namespace sluis::edifact
