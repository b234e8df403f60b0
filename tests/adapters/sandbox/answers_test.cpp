#include "adapters/digipoort/sandbox/answers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/edifact/answer.h"
#include "protocols/xml/outline.h"

namespace sluis::sandbox::digipoort {
namespace {

const std::string declaration =
    "UNB+UNOC:3+8712345678906:14+DOUANE:ZZ+260101:1200+REF?+1'UNH+1+CUSDEC:D:96B:UN'BGM+830+LRN-1'RFF+ABO:ORDER77'"
    "UNT+4+1'UNZ+1+REF?+1'";

AnswerContext context(bool refuse = false) {
  return {ManualClock().wall(), "0123456789AB", refuse};
}

edifact::AnswerReferences read(const Answer& answer) {
  const auto read = edifact::read_answers(answer.payload);
  EXPECT_TRUE(read) << answer.payload;
  return read ? read->front() : edifact::AnswerReferences{};
}

TEST(DigipoortAnswers, ContrlSaysReceivedAndEchoesTheInterchange) {
  const auto out = answers_to(declaration, context());
  ASSERT_EQ(out.answers.size(), 2U);
  EXPECT_TRUE(out.answers[0].at_once);
  EXPECT_EQ(out.reference, "REF+1");
  const auto contrl = read(out.answers[0]);
  EXPECT_TRUE(contrl.contrl());
  EXPECT_EQ(contrl.interchange_reference, "REF+1");
  EXPECT_EQ(contrl.sender, (edifact::Party{"8712345678906", "14"}));
  EXPECT_EQ(contrl.action, edifact::Action::received);
}

TEST(DigipoortAnswers, AnswersGoBackFromRecipientToSender) {
  for (const Answer& answer : answers_to(declaration, context()).answers) {
    const auto interchange = edifact::read_interchange(answer.payload);
    ASSERT_TRUE(interchange) << answer.payload;
    EXPECT_EQ(interchange->sender, (edifact::Party{"DOUANE", "ZZ"}));
    EXPECT_EQ(interchange->recipient, (edifact::Party{"8712345678906", "14"}));
    EXPECT_LE(interchange->control_reference.size(), 14U);
  }
}

TEST(DigipoortAnswers, CusresCarriesDocumentNumberReferencesAndMrn) {
  const auto cusres = read(answers_to(declaration, context()).answers.at(1)).message;
  EXPECT_EQ(cusres.type, "CUSRES");
  EXPECT_EQ(cusres.document_number, "LRN-1");
  const auto& references = cusres.references;
  EXPECT_NE(std::find(references.begin(), references.end(), edifact::Reference{"ABO", "ORDER77"}), references.end());
  ASSERT_FALSE(references.empty());
  EXPECT_EQ(references.back().qualifier, "MRN");
  EXPECT_EQ(references.back().value.size(), 18U);
  EXPECT_TRUE(references.back().value.starts_with("26NL")) << references.back().value;
}

TEST(DigipoortAnswers, SameDeclarationGetsTheSameMrn) {
  EXPECT_EQ(answers_to(declaration, context()).answers.at(1).payload,
            answers_to(declaration, context()).answers.at(1).payload);
}

TEST(DigipoortAnswers, RefusalIsAContrlWithActionFourAndNothingElse) {
  const auto out = answers_to(declaration, context(true));
  ASSERT_EQ(out.answers.size(), 1U);
  EXPECT_EQ(read(out.answers[0]).action, edifact::Action::refused);
}

TEST(DigipoortAnswers, MalformedInterchangeIsRefusedWithItsError) {
  std::string wrong = declaration;
  wrong.replace(wrong.find("UNT+4"), 5, "UNT+9");
  const auto out = answers_to(wrong, context());
  ASSERT_EQ(out.answers.size(), 1U);
  EXPECT_EQ(read(out.answers[0]).action, edifact::Action::refused);
  EXPECT_EQ(read(out.answers[0]).syntax_error, "29");
}

TEST(DigipoortAnswers, EveryMessageOfAnInterchangeGetsItsCusres) {
  const std::string two =
      "UNB+UNOC:3+A+B+260101:1200+R'UNH+1+CUSDEC:D:96B:UN'BGM+830+L1'UNT+3+1'UNH+2+CUSDEC:D:96B:UN'BGM+830+L2'UNT+3+2'"
      "UNZ+2+R'";
  const auto cusres = edifact::read_interchange(answers_to(two, context()).answers.at(1).payload);
  ASSERT_TRUE(cusres);
  ASSERT_EQ(cusres->messages.size(), 2U);
  EXPECT_EQ(cusres->messages[1].document_number, "L2");
  EXPECT_NE(cusres->messages[0].references.back(), cusres->messages[1].references.back());
}

TEST(DigipoortAnswers, TextOutsideAsciiComesBackAsUtf8UnderUnow) {
  const std::string latin = "UNB+UNOC:3+A\xe9+B+260101:1200+R'UNH+1+CUSDEC:D:96B:UN'UNT+2+1'UNZ+1+R'";
  const auto contrl = edifact::read_interchange(answers_to(latin, context()).answers.at(0).payload);
  ASSERT_TRUE(contrl);
  EXPECT_EQ(contrl->syntax_id, "UNOW");
  EXPECT_EQ(contrl->recipient.id, "A\xc3\xa9");
}

TEST(DigipoortAnswers, XmlAnswerCorrelatesToTheMessageIdentification) {
  const auto out = answers_to(
      "<CC015C xmlns='http://ncts.dgtaxud.ec'><messageSender>ACME</messageSender><messageRecipient>NTA.NL"
      "</messageRecipient><messageIdentification>M&amp;1</messageIdentification><TransitOperation><LRN>L1</LRN>"
      "</TransitOperation></CC015C>",
      context());
  ASSERT_EQ(out.answers.size(), 1U) << out.why_none;
  EXPECT_EQ(out.reference, "M&1");
  const auto answer = xml::read_outline(out.answers[0].payload);
  ASSERT_TRUE(answer) << out.answers[0].payload;
  EXPECT_EQ(answer->root.namespace_uri, "http://ncts.dgtaxud.ec");
  ASSERT_NE(answer->field("MessageHeader/CorrelationIdentifier"), nullptr);
  EXPECT_EQ(*answer->field("MessageHeader/CorrelationIdentifier"), "M&1");
  EXPECT_EQ(*answer->field("MessageHeader/MessageRecipient"), "ACME");
  EXPECT_EQ(*answer->field("Response/LRN"), "L1");
}

TEST(DigipoortAnswers, LogbookAnswerCarriesTheRecordNumberAndAStatus) {
  const std::string report =
      "<nlvis:NLERS xmlns:nlvis='http://www.vishub.nl/xsd/NLVIS-Basis-v2.0'><NAD>VCC</NAD><NFR>SKIPPER</NFR>"
      "<RN>NL20260001</RN><NLLOG><RV>1</RV></NLLOG></nlvis:NLERS>";
  for (const bool refuse : {false, true}) {
    const auto out = answers_to(report, context(refuse));
    ASSERT_EQ(out.answers.size(), 1U) << out.why_none;
    const auto answer = xml::read_outline(out.answers[0].payload);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->root.local_name, "NLERS");
    EXPECT_EQ(*answer->field("NLRET/RN"), "NL20260001");
    EXPECT_EQ(*answer->field("NLRET/RS") == "000", !refuse);
    EXPECT_EQ(*answer->field("NAD"), "SKIPPER");
  }
}

TEST(DigipoortAnswers, WhatHasNoReferenceGetsNoAnswerAndASentence) {
  for (const char* payload : {"hello", "<a/>", "", "UNB+", "<NLERS/>"}) {
    const auto out = answers_to(payload, context());
    EXPECT_TRUE(out.answers.empty()) << payload;
    EXPECT_FALSE(out.why_none.empty()) << payload;
  }
}

}  // namespace
}  // namespace sluis::sandbox::digipoort
