// Which flow a message belongs to: the customer's choice, then the address, then the content; and when they disagree.
#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::HasSubstr;

namespace {

TableInput catalogue() {
  TableInput in = broker();
  in.flows = {flow("douane/export", "Douane",
                   {all({is("t.type", {"CUSDEC"}), is("t.code", {"830"})}), is("t.type", {"CUSDEC"})}),
              flow("douane/import", "Douane",
                   {all({is("t.type", {"CUSDEC"}), is("t.code", {"929"})}), is("t.type", {"CUSDEC"})}),
              flow("douane/stores", "Douane"),
              flow("nvwa/client", "NVWA", {present("t.type")}),
              flow("nvwa/logbook", "NVWA", {is("t.root", {"NLERS"})}),
              flow("port/arrival", "Port")};
  in.flows[0].address = {{"production", "export@douane.example"}};
  in.flows[2].address = {{"production", "stores@douane.example"}, {"test", "stores-t@douane.example"}};
  in.flows[3].address = {{"production", "client@nvwa.example"}};
  return in;
}

Recognition named(std::string from, Attributes attributes) {
  return compiled(catalogue())->recognise(message(std::move(from), "", std::move(attributes)), {});
}

std::string flow_of(const Recognition& r) {
  return std::string(r.attributes.get("flow"));
}

}  // namespace

TEST(FlowNaming, TheClosestDescriptionOfTheContentWins) {
  EXPECT_EQ(flow_of(named("drop", {{"t.type", "CUSDEC"}, {"t.code", "929"}})), "douane/import");
}

TEST(FlowNaming, ContentThatFitsTwoFlowsEquallyNamesNone) {
  const Recognition r = named("drop", {{"t.type", "CUSDEC"}});
  EXPECT_EQ(flow_of(r), "");
  EXPECT_EQ(r.attributes.get("flow.candidates"), "douane/export, douane/import");
  EXPECT_EQ(r.attributes.get("authority"), "Douane");
  EXPECT_EQ(r.conflict, "");
}

TEST(FlowNaming, AConditionOfPresenceAloneNamesNoFlow) {
  EXPECT_EQ(flow_of(named("drop", {{"t.type", "ORDERS"}})), "");
}

TEST(FlowNaming, TheAddressDecidesBetweenFlowsOfOneContent) {
  EXPECT_EQ(flow_of(named("drop", {{"t.type", "CUSDEC"}, {"mail.to", "Customs <Export@Douane.example>, b@x"}})),
            "douane/export");
}

TEST(FlowNaming, TheEnvelopeIsBelievedBeforeTheHeader) {
  EXPECT_EQ(flow_of(named("drop", {{"mail.recipient", "stores@douane.example"}, {"mail.to", "client@nvwa.example"}})),
            "douane/stores");
}

TEST(FlowNaming, AnAnswersFlowIsItsSenders) {
  EXPECT_EQ(flow_of(named("digipoort", {{"mail.from", "stores@douane.example"}, {"mail.to", "client@nvwa.example"}})),
            "douane/stores");
}

TEST(FlowNaming, AddressesCountInTheirOwnEnvironmentOnly) {
  EXPECT_EQ(flow_of(named("drop-test", {{"mail.to", "stores@douane.example"}})), "");
  EXPECT_EQ(flow_of(named("drop-test", {{"mail.to", "stores-t@douane.example"}})), "douane/stores");
}

TEST(FlowNaming, TheCustomersChoiceStandsBeforeTheContent) {
  EXPECT_EQ(flow_of(named("drop", {{"flow", "douane/import"}, {"t.type", "CUSDEC"}, {"t.code", "830"}})),
            "douane/import");
}

TEST(FlowNaming, ContentOfAnotherFlowContradictsTheChoice) {
  const Recognition r = named("drop", {{"flow", "nvwa/logbook"}, {"t.type", "CUSDEC"}});
  EXPECT_THAT(r.conflict,
              HasSubstr("nvwa/logbook was chosen, but the content is that of douane/export, douane/import"));
}

TEST(FlowNaming, AnAddressOfAnotherFlowContradictsTheChoice) {
  EXPECT_THAT(named("drop", {{"flow", "nvwa/logbook"}, {"mail.to", "stores@douane.example"}}).conflict,
              HasSubstr("address of douane/stores"));
}

TEST(FlowNaming, ContentOfAnotherAuthorityContradictsTheAddress) {
  const Recognition r = named("drop", {{"mail.to", "stores@douane.example"}, {"t.root", "NLERS"}});
  EXPECT_THAT(
      r.conflict,
      HasSubstr("stores@douane.example is the address of douane/stores, but the content is that of nvwa/logbook"));
  EXPECT_EQ(flow_of(r), "");
}

TEST(FlowNaming, ContentOfTheSameAuthorityDoesNotContradictAFlowOfUnknownContent) {
  const Recognition r = named("drop", {{"flow", "douane/stores"}, {"t.type", "CUSDEC"}});
  EXPECT_EQ(r.conflict, "");
  EXPECT_EQ(flow_of(r), "douane/stores");
}

TEST(FlowNaming, ContentThatTheFlowMayHaveDoesNotContradictIt) {
  EXPECT_EQ(named("drop", {{"mail.to", "client@nvwa.example"}, {"t.type", "CUSDEC"}}).conflict, "");
}

TEST(FlowNaming, ContentThatNobodyKnowsContradictsNothing) {
  const Recognition r = named("drop", {{"flow", "nvwa/logbook"}, {"t.root", "Encrypted"}});
  EXPECT_EQ(r.conflict, "");
  EXPECT_EQ(r.attributes.get("authority"), "NVWA");
}

TEST(FlowNaming, AnAdaptersOwnFlowOutsideTheCatalogueStands) {
  EXPECT_EQ(flow_of(named("drop", {{"flow", "tulli/import"}})), "tulli/import");
}

}  // namespace sluis::routing::tests
