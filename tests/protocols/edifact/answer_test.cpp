#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "protocols/edifact/answer.h"

namespace sluis::edifact {
namespace {

std::string contrl(std::string_view body, std::size_t segments) {
  return "UNB+UNOA:3+NLDOUANE:ZZ+BROKER:14+260101:0000+A1'UNH+7+CONTRL:2:2:UN'" + std::string(body) + "UNT+" +
         std::to_string(segments + 2) + "+7'UNZ+1+A1'";
}

AnswerReferences only(const std::string& octets) {
  const auto answers = read_answers(octets);
  EXPECT_TRUE(answers.ok()) << (answers.ok() ? "" : answers.error().what);
  if (!answers.ok() || answers->size() != 1) return {};
  return answers->front();
}

// Requirements §2.1: for CONTRL, correlate on the echoed references.
TEST(EdifactAnswer, EchoesTheInterchangeItAnswers) {
  const auto answer = only(contrl("UCI+REF0001+BROKER:14+NLDOUANE:ZZ+7'", 1));
  EXPECT_TRUE(answer.contrl());
  EXPECT_EQ(answer.message.reference, "7");
  EXPECT_EQ(answer.interchange_reference, "REF0001");
  EXPECT_EQ(answer.sender, (Party{"BROKER", "14"}));
  EXPECT_EQ(answer.recipient, (Party{"NLDOUANE", "ZZ"}));
  EXPECT_EQ(answer.action, Action::accepted);
}

TEST(EdifactAnswer, KnowsTheActionCodes) {
  for (const auto& [code, action] : {std::pair{"4", Action::refused},
                                     {"7", Action::accepted},
                                     {"8", Action::received},
                                     {"", Action::unknown},
                                     {"5", Action::unknown},
                                     {"77", Action::unknown}})
    EXPECT_EQ(only(contrl("UCI+R+A+B+" + std::string(code) + "'", 1)).action, action) << code;
}

TEST(EdifactAnswer, SaysWhichMessageOfAnAcknowledgedInterchangeIsRefused) {
  const auto answer = only(contrl("UCI+R+A+B+7'UCM+1+CUSDEC:D:96B:UN+4+12'UCM+2+CUSDEC:D:96B:UN+7'", 3));
  ASSERT_EQ(answer.messages.size(), 2U);
  EXPECT_EQ(answer.messages[0].type, "CUSDEC");
  EXPECT_EQ(answer.messages[0].syntax_error, "12");
  EXPECT_EQ(answer.action_for("1"), Action::refused);
  EXPECT_EQ(answer.action_for("2"), Action::accepted);
  EXPECT_EQ(answer.action_for("3"), Action::accepted);
}

TEST(EdifactAnswer, RefusesEveryMessageOfARefusedInterchange) {
  const auto answer = only(contrl("UCI+R+A+B+4+23'UCM+1+CUSDEC:D:96B:UN+7'", 2));
  EXPECT_EQ(answer.syntax_error, "23");
  EXPECT_EQ(answer.action_for("1"), Action::refused);
  EXPECT_EQ(answer.action_for("2"), Action::refused);
}

TEST(EdifactAnswer, EchoesGroups) {
  const auto answer = only(contrl("UCI+R+A+B+7'UCF+G1+A+B+4+18'", 2));
  ASSERT_EQ(answer.groups.size(), 1U);
  EXPECT_EQ(answer.groups[0].reference, "G1");
  EXPECT_EQ(answer.groups[0].action, Action::refused);
  EXPECT_EQ(answer.groups[0].syntax_error, "18");
}

TEST(EdifactAnswer, BoundsEchoes) {
  Limits limits;
  limits.messages = 1;
  EXPECT_EQ(read_answers(contrl("UCI+R+A+B+7'UCM+1+X+4'UCM+2+X+4'", 3), limits).error().code, "edifact.limit.messages");
}

// Requirements §2.1: for CUSRES, the document references.
TEST(EdifactAnswer, GivesTheDocumentReferencesOfCusres) {
  const auto answers = read_answers(
      "UNB+UNOA:3+NLDOUANE:ZZ+BROKER:14+260101:0000+A1'"
      "UNH+1+CUSRES:D:96B:UN'BGM+962+N1+8'RFF+ABE:LRN001'RFF+ABT:26NL0001'UNT+5+1'"
      "UNH+2+CONTRL:2:2:UN'UCI+R+A+B+8'UNT+3+2'UNZ+2+A1'");
  ASSERT_TRUE(answers.ok()) << answers.error().what;
  ASSERT_EQ(answers->size(), 2U);
  const auto& cusres = answers->front();
  EXPECT_FALSE(cusres.contrl());
  EXPECT_EQ(cusres.message.document_name_code, "962");
  EXPECT_THAT(cusres.message.references,
              ::testing::ElementsAre(Reference{"ABE", "LRN001"}, Reference{"ABT", "26NL0001"}));
  EXPECT_EQ(cusres.action, Action::unknown);
  EXPECT_EQ(answers->back().action, Action::received);
}

}  // namespace
}  // namespace sluis::edifact
