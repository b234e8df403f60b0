#include "routing/recognise.h"
#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

Recognition edifact(std::string_view interchange, Side side) {
  Recognition out;
  EXPECT_TRUE(recognise_edifact(interchange, side, out));
  return out;
}

constexpr std::string_view declaration =
    "UNB+UNOC:3+BROKER:14+DOUANE:ZZ+240102:1200+REF1++++++1'UNH+M1+CUSDEC:D:96B:UN:NL01'BGM+830+DOC7+9'UNT+3+M1'UNZ+1+"
    "REF1'";
constexpr std::string_view refusal =
    "UNB+UNOC:3+DOUANE:ZZ+BROKER:14+240102:1201+C1'UNH+1+CONTRL:2:2:UN'UCI+REF1+BROKER:14+DOUANE:ZZ+7'UCM+M1+CUSDEC:D:"
    "96B:UN+4+12'UNT+4+1'UNZ+1+C1'";
constexpr std::string_view response =
    "UNB+UNOC:3+DOUANE:ZZ+BROKER:14+240102:1202+C2'UNH+1+CUSRES:D:96B:UN'BGM+962+X1'RFF+ABE:DOC7'RFF+ABT:24NL01'UNT+5+"
    "1'UNZ+1+C2'";

}  // namespace

TEST(RecogniseEdifact, TellsInterchangeMessageAndDocument) {
  const Recognition r = edifact(declaration, Side::customer);
  const Attributes expected{{"edifact.unb.sender", "BROKER"},
                            {"edifact.unb.sender-qualifier", "14"},
                            {"edifact.unb.recipient", "DOUANE"},
                            {"edifact.unb.reference", "REF1"},
                            {"edifact.unb.test", "1"},
                            {"edifact.unb.recipient-qualifier", "ZZ"},
                            {"edifact.unh.type", "CUSDEC"},
                            {"edifact.unh.version", "D.96B"},
                            {"edifact.unh.association", "NL01"},
                            {"edifact.unh.count", "1"},
                            {"edifact.bgm.code", "830"},
                            {"edifact.bgm.number", "DOC7"},
                            {"reference", "REF1"}};
  EXPECT_EQ(r.attributes, expected);
}

TEST(RecogniseEdifact, KeysAreScopedBySenderAndRecipient) {
  EXPECT_THAT(edifact(declaration, Side::customer).references,
              ElementsAre(Reference{"unb", "BROKER|DOUANE", "REF1"}, Reference{"unh", "BROKER|DOUANE", "REF1/M1"},
                          Reference{"edifact-document", "BROKER|DOUANE", "DOC7"}));
}

TEST(RecogniseEdifact, ControlEchoesTheKeysOfWhatWasSent) {
  const Recognition sent = edifact(declaration, Side::customer);
  const Recognition answer = edifact(refusal, Side::authority);
  EXPECT_THAT(answer.answers_to,
              ElementsAre(Reference{"unb", "BROKER|DOUANE", "REF1"}, Reference{"unh", "BROKER|DOUANE", "REF1/M1"}));
  for (const Reference& key : answer.answers_to) EXPECT_THAT(sent.references, Contains(key));
  EXPECT_EQ(answer.attributes.get("kind"), "answer");
}

TEST(RecogniseEdifact, RefusedInPartIsRefused) {
  EXPECT_EQ(edifact(refusal, Side::authority).attributes.get("answer"), "refused");
}

TEST(RecogniseEdifact, AcknowledgedIsAcceptedAndReceivedIsOnlyReceived) {
  const auto control = [](char action) {
    return std::string("UNB+UNOC:3+DOUANE+BROKER+240102:1201+C1'UNH+1+CONTRL:2:2:UN'UCI+REF1+BROKER+DOUANE+") + action +
           "'UNT+3+1'UNZ+1+C1'";
  };
  EXPECT_EQ(edifact(control('7'), Side::authority).attributes.get("answer"), "accepted");
  EXPECT_EQ(edifact(control('8'), Side::authority).attributes.get("answer"), "received");
  EXPECT_EQ(edifact(control('4'), Side::authority).attributes.get("answer"), "refused");
}

TEST(RecogniseEdifact, CustomsResponseFindsTheDeclarationByItsDocument) {
  const Recognition answer = edifact(response, Side::authority);
  EXPECT_EQ(answer.answers_to.at(0), (Reference{"edifact-document", "BROKER|DOUANE", "DOC7"}));
  EXPECT_THAT(answer.answers_to, Contains(Reference{"mrn", "", "24NL01"}));
  EXPECT_THAT(answer.references, Contains(Reference{"mrn", "", "24NL01"}));
  EXPECT_EQ(answer.attributes.get("answer"), "received");
}

TEST(RecogniseEdifact, TheRecipientTellsACustomerOnlyWhenNoCustomerSentIt) {
  EXPECT_EQ(edifact(refusal, Side::authority).attributes.get("demux.edi"), "BROKER");
  EXPECT_FALSE(edifact(declaration, Side::customer).attributes.has("demux.edi"));
}

TEST(RecogniseEdifact, ReadsTheFrontOfAnInterchangeThatGoesOn) {
  std::string large(declaration.substr(0, declaration.find("UNT")));
  while (large.size() < inline_content_limit) large += "FTX+AAA+++filler'";
  const Recognition r = edifact(std::string_view(large).substr(0, inline_content_limit), Side::customer);
  EXPECT_EQ(r.attributes.get("edifact.bgm.code"), "830");
  EXPECT_FALSE(r.attributes.has("edifact.fault"));
  EXPECT_THAT(r.references, Contains(Reference{"unh", "BROKER|DOUANE", "REF1/M1"}));
}

TEST(RecogniseEdifact, SaysWhatIsWrongWithAWholeInterchange) {
  const Recognition r = edifact("UNB+UNOC:3+A+B+240102:1200+R'UNH+1+CUSDEC:D:96B:UN'UNT+9+1'UNZ+1+R'", Side::customer);
  EXPECT_TRUE(r.attributes.has("edifact.fault"));
  EXPECT_EQ(r.attributes.get("edifact.unh.type"), "CUSDEC");
}

TEST(RecogniseEdifact, LeavesWhatIsNotEdifactAlone) {
  Recognition r;
  EXPECT_FALSE(recognise_edifact("<UNB/>", Side::customer, r));
  EXPECT_TRUE(r.attributes.empty());
}

TEST(RecogniseEdifact, ScopesCustomsNumbersByAuthority) {
  Message m = message("digipoort", "");
  m.parts.emplace_back();
  const Recognition r = compiled(broker())->recognise(m, {response});
  EXPECT_EQ(r.attributes.get("flow"), "douane/uitvoer");
  EXPECT_THAT(r.answers_to, Contains(Reference{"mrn", "Douane", "24NL01"}));
}

}  // namespace sluis::routing::tests
