#include "routing/recognise.h"

#include <random>

#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

Recognition xml(std::string_view document, Side side) {
  Recognition out;
  EXPECT_TRUE(recognise_xml(document, side, out));
  return out;
}

Recognition recognised(Message m, std::string_view head) {
  m.parts.emplace_back();
  return compiled(broker())->recognise(m, {head});
}

constexpr std::string_view transit =
    R"(<ns:CC028C xmlns:ns="http://ncts.dgtaxud.ec" PhaseID="NCTS5.1"><messageSender>NTA.NL</messageSender>)"
    R"(<messageRecipient>NL123</messageRecipient><messageIdentification>M2</messageIdentification>)"
    R"(<correlationIdentifier>M1</correlationIdentifier><TransitOperation><LRN>L1</LRN><MRN>24NL0001</MRN></TransitOperation></ns:CC028C>)";

constexpr std::string_view logbook =
    R"(<?xml version="1.0" encoding="iso-8859-2"?><nlvis:NLERS xmlns:nlvis="http://www.vishub.nl/xsd/NLVIS-Basis-v2.0" SID="197">)"
    R"(<nlvis:NAD>VCC</nlvis:NAD><nlvis:NFR>1437</nlvis:NFR><nlvis:RN>20120831223734219</nlvis:RN>)"
    R"(<nlvis:NLLOG><nlvis:XR>SL-9</nlvis:XR><nlvis:RV>NLD000544858</nlvis:RV></nlvis:NLLOG></nlvis:NLERS>)";

}  // namespace

TEST(RecogniseXml, TellsRootNamespaceAndHeaderFields) {
  const Recognition r = xml(transit, Side::authority);
  EXPECT_EQ(r.attributes.get("xml.root"), "CC028C");
  EXPECT_EQ(r.attributes.get("xml.namespace"), "http://ncts.dgtaxud.ec");
  EXPECT_EQ(r.attributes.get("xml.attribute.PhaseID"), "NCTS5.1");
  EXPECT_EQ(r.attributes.get("xml.field.TransitOperation/MRN"), "24NL0001");
}

TEST(RecogniseXml, AnAnswerEchoesWhatTheOtherPartySent) {
  const Recognition r = xml(transit, Side::authority);
  EXPECT_THAT(r.answers_to, ElementsAre(Reference{"message-identification", "NL123|NTA.NL", "M1"},
                                        Reference{"lrn", "", "L1"}, Reference{"mrn", "", "24NL0001"}));
  EXPECT_EQ(r.attributes.get("kind"), "answer");
}

TEST(RecogniseXml, AnAnswersCorrelationFindsTheSubmissionsOwnKey) {
  const Recognition sent = xml(
      R"(<CC015C><messageSender>NL123</messageSender><messageRecipient>NTA.NL</messageRecipient>)"
      R"(<messageIdentification>M1</messageIdentification><TransitOperation><LRN>L1</LRN></TransitOperation></CC015C>)",
      Side::customer);
  const Recognition answer = xml(transit, Side::authority);
  EXPECT_THAT(sent.references, Contains(answer.answers_to.at(0)));
  EXPECT_THAT(sent.references, Contains(answer.answers_to.at(1)));
  EXPECT_THAT(sent.answers_to, IsEmpty());
}

TEST(RecogniseXml, ReadsTheHeaderOfExciseMessages) {
  const Recognition r = xml(
      R"(<e:IE801 xmlns:e="urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:IE801:V3.01" xmlns:t="urn:x"><e:Header>)"
      R"(<t:MessageSender>NDEA.NL</t:MessageSender><t:MessageRecipient>NDEA.DE</t:MessageRecipient>)"
      R"(<t:MessageIdentifier>I9</t:MessageIdentifier><t:CorrelationIdentifier>C9</t:CorrelationIdentifier></e:Header></e:IE801>)",
      Side::authority);
  EXPECT_THAT(r.references, ElementsAre(Reference{"message-identification", "NDEA.NL|NDEA.DE", "I9"}));
  EXPECT_THAT(r.answers_to, ElementsAre(Reference{"message-identification", "NDEA.DE|NDEA.NL", "C9"}));
}

TEST(RecogniseXml, KnowsALogbooksRecordNumberAndVessel) {
  const Recognition r = xml(logbook, Side::customer);
  EXPECT_THAT(r.references, ElementsAre(Reference{"nlers-rn", "1437|VCC", "20120831223734219"}));
  EXPECT_EQ(r.attributes.get("nlers.vessel"), "NLD000544858");
  EXPECT_EQ(r.attributes.get("reference"), "20120831223734219");
}

TEST(RecogniseXml, KnowsWhetherALogbookReportWasTaken) {
  const Recognition r =
      xml("<NLERS><NAD>1437</NAD><NFR>VCC</NFR><RN>9</RN><NLRET><RN>20120831223734219</RN><RS>104</RS></NLRET></NLERS>",
          Side::authority);
  EXPECT_THAT(r.answers_to, Contains(Reference{"nlers-rn", "1437|VCC", "20120831223734219"}));
  EXPECT_EQ(r.attributes.get("answer"), "refused");
  EXPECT_EQ(xml("<NLERS><NLRET><RS>000</RS></NLRET></NLERS>", Side::authority).attributes.get("answer"), "accepted");
}

TEST(RecogniseXml, ADoctypeIsAFaultAndTellsNothing) {
  const Recognition r = xml("<!DOCTYPE NLERS><NLERS/>", Side::customer);
  EXPECT_TRUE(r.attributes.has("xml.fault"));
  EXPECT_FALSE(r.attributes.has("xml.root"));
}

TEST(RecogniseXml, BoundsWhatOneDocumentCanAdd) {
  std::string document = "<r>";
  for (int i = 0; i < 100; ++i)
    document += "<f" + std::to_string(i) + ">" + std::string(i == 0 ? 900 : 1, 'x') + "</f" + std::to_string(i) + ">";
  const Recognition r = xml(document + "</r>", Side::customer);
  EXPECT_LE(r.attributes.size(), 41U);
  EXPECT_FALSE(r.attributes.has("xml.field.f0"));
}

TEST(RecogniseXml, LeavesWhatIsNotXmlAlone) {
  for (const std::string_view text : {"", "<", "plain", "< 5", "UNB+UNOA:1", "-----BEGIN PGP MESSAGE-----"}) {
    Recognition r;
    EXPECT_FALSE(recognise_xml(text, Side::customer, r)) << text;
    EXPECT_TRUE(r.attributes.empty());
  }
}

TEST(RecogniseMail, AnswersTheMailItRepliesToNearestFirst) {
  Recognition r;
  r.attributes = {{"mail.in-reply-to", "<b@x>"}, {"mail.references", "<a@x> <b@x>"}, {"mail.message-id", "<c@x>"}};
  recognise_mail(r);
  EXPECT_THAT(r.answers_to, ElementsAre(Reference{"message-id", "", "b@x"}, Reference{"message-id", "", "a@x"}));
  EXPECT_THAT(r.references, ElementsAre(Reference{"message-id", "", "c@x"}));
}

TEST(RecogniseMail, TakesAnIdentifierWithoutBrackets) {
  Recognition r;
  r.attributes = {{"mail.in-reply-to", "b@x"}};
  recognise_mail(r);
  EXPECT_THAT(r.answers_to, ElementsAre(Reference{"message-id", "", "b@x"}));
}

TEST(RecogniseFile, TellsNameAndExtension) {
  Recognition r;
  Part part;
  part.file_name = "Export.2024.XML";
  recognise_file(part, r);
  EXPECT_EQ(r.attributes, (Attributes{{"file.extension", "xml"}, {"file.name", "Export.2024.XML"}}));
}

TEST(Recognise, LooksAtThePayloadNotAtWhatLiesBesideIt) {
  Message m = message("drop", "acme");
  m.parts.resize(2);
  m.parts[0].role = PartRole::original;
  const Recognition r = compiled(broker())->recognise(m, {"<other/>", logbook});
  EXPECT_EQ(r.attributes.get("flow"), "nvwa/elogboek");
  EXPECT_EQ(r.attributes.get("authority"), "NVWA");
}

TEST(Recognise, ScopesNumbersByAuthority) {
  EXPECT_THAT(recognised(message("drop", "acme"), logbook).references,
              ElementsAre(Reference{"nlers-rn", "NVWA|1437|VCC", "20120831223734219"}));
}

TEST(Recognise, CallsWhatACustomerHandsInASubmission) {
  EXPECT_EQ(recognised(message("drop", "acme"), "opaque").attributes.get("kind"), "submission");
  EXPECT_FALSE(recognised(message("digipoort", ""), "opaque").attributes.has("kind"));
}

TEST(Recognise, TakesTheEnvironmentFromTheChannelAlone) {
  EXPECT_EQ(
      recognised(message("drop-test", "acme", {{"environment", "production"}}), "opaque").attributes.get("environment"),
      "test");
}

TEST(Recognise, LeavesUnknownContentOpaque) {
  const Recognition r = recognised(message("drop", "acme"), std::string_view("\0\1\2", 3));
  EXPECT_FALSE(r.attributes.has("flow"));
  EXPECT_EQ(r.conflict, "");
}

// Recognition sees whatever anyone mails: cut anywhere and changed anywhere, it must give an answer, and no key without
// value.
class RecogniseDamaged : public testing::TestWithParam<unsigned> {};

TEST_P(RecogniseDamaged, GivesAnAnswerAndNoEmptyKey) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937 random(GetParam());
  const auto routing = compiled(broker());
  constexpr std::string_view control =
      "UNA:+.? 'UNB+UNOC:3+DOUANE:ZZ+BROKER:14+240102:1201+C1'UNH+1+CONTRL:2:2:UN'UCI+REF1+BROKER:14+DOUANE:ZZ+7'"
      "UCM+M1+CUSDEC:D:96B:UN+4+12'UNT+4+1'UNZ+1+C1'";
  for (const std::string_view whole : {transit, logbook, control}) {
    std::string damaged(whole);
    for (int n = static_cast<int>(random() % 6); n > 0; --n)
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    if (random() % 2 == 0) damaged.resize(random() % damaged.size());
    for (const char* from : {"drop", "digipoort", "elsewhere"}) {
      Message m = message(from, "");
      m.parts.emplace_back();
      const Recognition r = routing->recognise(m, {damaged});
      for (const auto* keys : {&r.references, &r.answers_to})
        for (const Reference& key : *keys) ASSERT_FALSE(key.value.empty()) << key.kind;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecogniseDamaged, testing::Range(1U, 201U));

}  // namespace sluis::routing::tests
