#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/edifact/syntax.h"

namespace sluis::edifact {
namespace {

// All segments, or the code of the error that ended the reading.
std::vector<std::string> raw_segments(std::string_view octets, SyntaxLimits limits = {}) {
  const auto start = find_start(octets);
  if (!start) return {start.error().code};
  SegmentReader reader(octets, *start, limits);
  std::vector<std::string> all;
  for (;;) {
    const auto next = reader.next();
    if (!next) {
      all.push_back(next.error().code);
      return all;
    }
    if (!*next) return all;
    all.emplace_back((*next)->raw);
  }
}

Segment first_segment(std::string_view octets) {
  const auto start = find_start(octets);
  EXPECT_TRUE(start.ok());
  SegmentReader reader(octets, *start, {});
  const auto next = reader.next();
  EXPECT_TRUE(next.ok() && next->has_value());
  return **next;
}

// Requirements §2.1: optional UNA of nine octets sets the separators.
TEST(EdifactSyntax, TakesDefaultSeparatorsWithoutUna) {
  const auto start = find_start("UNB+UNOA:1+A+B'");
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->separators, Separators{});
  EXPECT_FALSE(start->una);
}

TEST(EdifactSyntax, TakesTheSeparatorsOfUna) {
  const std::string octets = "UNA|^,\\ ~UNB^UNOC|3^A^B~";
  const auto start = find_start(octets);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->separators, (Separators{'|', '^', ',', '\\', '~'}));
  EXPECT_EQ(start->position, 9U);
  EXPECT_EQ(first_segment(octets).value(1, 1), "3");
}

TEST(EdifactSyntax, KnowsTheSeparatorsOfLevelB) {
  const std::string octets =
      "UNB\x1dUNOB\x1f"
      "1\x1d"
      "A?B\x1d"
      "C\x1c";
  EXPECT_EQ(first_segment(octets).value(1, 0), "UNOB");
  EXPECT_EQ(first_segment(octets).value(2), "A?B");
}

TEST(EdifactSyntax, RefusesSeparatorsThatCannotBeToldApart) {
  for (const auto* una :
       {"UNA++.? 'UNB", "UNA:+.? +UNB", "UNA:+.+ 'UNB", "UNAA+.? 'UNB", "UNA:+.? \nUNB", "UNA: .? 'UNB"})
    EXPECT_EQ(find_start(una).error().code, "edifact.una") << una;
}

TEST(EdifactSyntax, StartsWithUnaOrUnbAndNothingElse) {
  for (const auto* other : {"<xml/>", "UNH+1+CUSDEC:1'", "UNBLESSED", "UNC", "ISA*00*"})
    EXPECT_EQ(find_start(other).error().code, "edifact.start") << other;
  EXPECT_EQ(find_start("").error().code, "edifact.truncated");
  EXPECT_EQ(find_start("UNA:+.? '\r\nUNH+1'").error().code, "edifact.start");
}

TEST(EdifactSyntax, IsRecognisedAtAGlance) {
  EXPECT_TRUE(looks_like_edifact("UNB+UNOC:3+A+B'"));
  EXPECT_TRUE(looks_like_edifact("\r\nUNA:+.? 'UNB+UNOC:3+"));
  EXPECT_FALSE(looks_like_edifact("UNANIMOUS agreement"));
  EXPECT_FALSE(looks_like_edifact("UNB"));
  EXPECT_FALSE(looks_like_edifact(""));
}

// Requirements §2.1: parse with the release character.
TEST(EdifactSyntax, TakesReleasedCharactersForText) {
  const Segment segment = first_segment(
      "UNB+a?+b:c?:d:e?'f:g??:?"
      "?'X");
  EXPECT_EQ(segment.value(1, 0), "a+b");
  EXPECT_EQ(segment.value(1, 1), "c:d");
  EXPECT_EQ(segment.value(1, 2), "e'f");
  EXPECT_EQ(segment.value(1, 3), "g?");
  EXPECT_EQ(segment.value(1, 4), "?");
}

TEST(EdifactSyntax, HasNoReleaseCharacterWhenUnaNamesASpace) {
  EXPECT_EQ(first_segment("UNA:+.  'UNB+a?+b c'").value(1), "a?");
  EXPECT_EQ(first_segment("UNA:+.  'UNB+a?+b c'").value(2), "b c");
}

TEST(EdifactSyntax, GivesNothingForWhatIsNotThere) {
  const Segment segment = first_segment("UNB+a+:b'");
  EXPECT_EQ(segment.value(2, 0), "");
  EXPECT_EQ(segment.value(2, 1), "b");
  EXPECT_EQ(segment.value(2, 2), "");
  EXPECT_EQ(segment.value(9, 9), "");
}

// Requirements §2.1: never assume newlines.
TEST(EdifactSyntax, NeedsNoLineBreaksAndMindsNone) {
  const std::vector<std::string> expected{"UNB+1", "UNH+2", "UNZ+3"};
  EXPECT_EQ(raw_segments("UNB+1'UNH+2'UNZ+3'"), expected);
  EXPECT_EQ(raw_segments("UNB+1'\nUNH+2'\r\n\r\nUNZ+3'\r\n"), expected);
}

TEST(EdifactSyntax, EndsAtAnUnterminatedSegment) {
  for (const auto* octets : {"UNB+1'UNH+2", "UNB+1'UNH+2?'", "UNB+1'UNH+2?", "UNB+1'U"})
    EXPECT_EQ(raw_segments(octets).back(), "edifact.truncated") << octets;
}

TEST(EdifactSyntax, SaysAtWhichOctetItEnded) {
  const auto start = find_start("UNB+1'unh+2'");
  SegmentReader reader("UNB+1'unh+2'", *start, {});
  ASSERT_TRUE(reader.next().ok());
  const auto next = reader.next();
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.error().code, "edifact.tag");
  EXPECT_THAT(next.error().what, ::testing::HasSubstr("octet 6"));
}

TEST(EdifactSyntax, BoundsSegments) {
  EXPECT_EQ(raw_segments("UNB+1'UNH+" + std::string(100, 'x') + "'", {50, 10}).back(), "edifact.limit.segment");
  EXPECT_EQ(raw_segments("UNB+1'UNH+" + std::string(100, 'x'), {50, 10}).back(), "edifact.limit.segment");
  EXPECT_EQ(raw_segments("UNB+1'UNH'UNT'UNZ'", {50, 3}).back(), "edifact.limit.segments");
}

}  // namespace
}  // namespace sluis::edifact
