#include <gtest/gtest.h>

#include "protocols/edifact/charset.h"

namespace sluis::edifact {
namespace {

// Requirements §2.1: charset from UNB S001.
TEST(EdifactCharset, FollowsTheSyntaxIdentifier) {
  EXPECT_EQ(*to_utf8("UNOC", "Caf\xe9"), "Caf\xc3\xa9");
  EXPECT_EQ(*to_utf8("UNOD", "\xb9"), "\xc5\xa1");  // š
  EXPECT_EQ(*to_utf8("UNOE", "\xb4"), "\xd0\x94");  // Д
  EXPECT_EQ(*to_utf8("UNOF", "\xd9"), "\xce\xa9");  // Ω
  EXPECT_EQ(*to_utf8("UNOK", "\xfe"), "\xc5\x9f");  // ş
  EXPECT_EQ(*to_utf8("UNOY", "Caf\xc3\xa9"), "Caf\xc3\xa9");
}

TEST(EdifactCharset, RefusesWhatIsNoTextInIt) {
  EXPECT_EQ(to_utf8("UNOA", "Caf\xe9").error().code, "edifact.charset");
  EXPECT_EQ(to_utf8("UNOB", "Caf\xe9").error().code, "edifact.charset");
  EXPECT_EQ(to_utf8("UNOY", "Caf\xe9").error().code, "edifact.charset");
  EXPECT_EQ(to_utf8("UNOX", "\x1b(B").error().code, "edifact.charset");
}

TEST(EdifactCharset, PassesPlainTextWhateverTheIdentifier) {
  EXPECT_EQ(*to_utf8("KECA", "PLAIN 1"), "PLAIN 1");
}

}  // namespace
}  // namespace sluis::edifact
