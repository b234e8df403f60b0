#include "config/document.h"

#include <gtest/gtest.h>

#include <string>

namespace sluis::config {
namespace {

std::vector<std::string> faults(std::string_view text) {
  std::vector<LocatedError> errors;
  const Document document = parse_document("a.yaml", text, errors);
  EXPECT_EQ(document.understood, errors.empty());
  std::vector<std::string> out;
  for (const auto& error : errors) out.push_back(error.text());
  return out;
}
using Lines = std::vector<std::string>;

TEST(Document, KeepsTextsAsTheyAreWrittenWithTheirPlaces) {
  std::vector<LocatedError> errors;
  const Document d = parse_document("a.yaml", "a: no\nb: { c: 0123, d: \"x\" }\n", errors);
  ASSERT_TRUE(d.understood);
  const Node& c = *d.root.find("b")->find("c");
  EXPECT_EQ(d.root.find("a")->text, "no");
  EXPECT_EQ(c.text, "0123");
  EXPECT_FALSE(c.quoted);
  EXPECT_TRUE(d.root.find("b")->find("d")->quoted);
  EXPECT_EQ(c.key_line, 2);
  EXPECT_EQ(c.key_column, 6);
  EXPECT_EQ(c.column, 9);
}

TEST(Document, AnEmptyFileIsUnderstoodAndNull) {
  std::vector<LocatedError> errors;
  const Document d = parse_document("a.yaml", "# nothing\n", errors);
  EXPECT_TRUE(d.understood);
  EXPECT_TRUE(d.root.is_null());
}

TEST(Document, ASyntaxErrorHasItsPlace) {
  EXPECT_EQ(faults("a: b\nc: [1, 2\n"), (Lines{"a.yaml:3:1: this is not YAML: end of sequence flow not found"}));
}
TEST(Document, DuplicateKeysAreRefused) {
  EXPECT_EQ(faults("a: 1\nb: 2\na: 3\n"), (Lines{"a.yaml:3:1: \"a\" is given twice, first in line 1"}));
}
TEST(Document, DuplicateKeysAreFoundInLargeMappingsToo) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(faults(text + "k7: 2\n"), (Lines{"a.yaml:51:1: \"k7\" is given twice, first in line 8"}));
}
TEST(Document, AnchorsAliasesAndMergeKeysAreRefusedWhereTheyStand) {
  EXPECT_EQ(faults("a: &x { k: 1 }\nb: *x\nc:\n  <<: *x\n"),
            (Lines{"a.yaml:1:4: anchors (&name) are not used here; write the value where it is needed",
                   "a.yaml:2:4: aliases (*name) are not used here; write the value itself",
                   "a.yaml:4:3: merge keys (<<) are not used here; write the values themselves",
                   "a.yaml:4:7: aliases (*name) are not used here; write the value itself"}));
}
TEST(Document, TagsAreRefused) {
  EXPECT_EQ(faults("a: !!binary aGk=\n"), (Lines{"a.yaml:1:4: tags (!name) are not used here"}));
}
TEST(Document, ASecondDocumentIsRefused) {
  EXPECT_EQ(faults("a: 1\n---\nb: 2\n"), (Lines{"a.yaml:2:1: a second document; one file holds one"}));
}
TEST(Document, TabsCannotIndent) {
  EXPECT_EQ(faults("a:\n\tb: 1\n"), (Lines{"a.yaml:2:1: a tab cannot indent; use spaces"}));
}
TEST(Document, WhatIsNotUtf8IsRefused) {
  EXPECT_EQ(faults("a: caf\xE9\n"), (Lines{"a.yaml:1:7: this is not UTF-8"}));
}
TEST(Document, ControlCharactersAreRefused) {
  EXPECT_EQ(faults(std::string_view("a: b\0c\n", 7)), (Lines{"a.yaml:1:5: control characters are not allowed"}));
}
TEST(Document, NestingIsBounded) {
  EXPECT_EQ(faults("a: " + std::string(31, '[') + std::string(31, ']') + "\n"), Lines{});
  EXPECT_EQ(faults("a: " + std::string(40, '[') + std::string(40, ']') + "\n"),
            (Lines{"a.yaml:1:35: nested deeper than 32 levels"}));
  // Unclosed, it looks like a key to yaml-cpp; it ends at once all the same.
  EXPECT_EQ(faults("a: " + std::string(100'000, '[')).size(), 1U);
}
TEST(Document, AnAliasBombIsNeverExpanded) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + ", " + before +
            ", " + before + "]\n";
  }
  EXPECT_EQ(faults(text).size(), 30U + 29U * 4U);
}
TEST(Document, KeysAreTexts) {
  EXPECT_EQ(faults("? [a, b]\n: c\n"), (Lines{"a.yaml:1:3: a key must be text, not a list or mapping"}));
}

}  // namespace
}  // namespace sluis::config
