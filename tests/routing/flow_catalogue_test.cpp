// The delivered catalogue, config/flows.yaml, against the list of the authority's page.
#include <yaml-cpp/yaml.h>

#include <set>

#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::HasSubstr;
using testing::IsEmpty;

namespace {

// As much of the condition language as the catalogue uses; config/ has the whole of it.
Condition condition(const YAML::Node& node) {
  std::vector<Condition> parts;
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>();
    const YAML::Node& value = entry.second;
    if (value.IsMap() && value["matches"])
      parts.push_back(regex(name, value["matches"].as<std::string>()));
    else if (value.IsMap() && value["present"])
      parts.push_back(present(name, value["present"].as<bool>()));
    else if (value.IsSequence())
      parts.push_back(is(name, value.as<std::vector<std::string>>()));
    else if (const auto text = value.as<std::string>(); text.find('*') != std::string::npos)
      parts.push_back(glob(name, {text}));
    else
      parts.push_back(is(name, {text}));
  }
  return all(std::move(parts));
}

std::vector<FlowSpec> delivered() {
  std::vector<FlowSpec> out;
  for (const YAML::Node& node : YAML::LoadFile(SLUIS_FLOWS_YAML)["flows"]) {
    FlowSpec spec = flow(node["flow"].as<std::string>(), node["authority"].as<std::string>());
    spec.name = node["name"].as<std::string>();
    spec.direction = node["direction"].as<std::string>();
    spec.media_type = node["media-type"].as<std::string>();
    for (const YAML::Node& c : node["recognise"]) spec.recognise.push_back(condition(c));
    spec.address = node["address"].as<std::map<std::string, std::string>>();
    if (node["lane"]) spec.lane = node["lane"].as<std::string>();
    out.push_back(std::move(spec));
  }
  return out;
}

std::shared_ptr<const CompiledRouting> gateway() {
  TableInput in = broker();
  in.flows = delivered();
  in.routes = {route("out", glob("flow", {"*"}))};
  return compiled(in);
}

Recognition dropped(std::string_view content) {
  Message m = message("drop", "acme");
  m.parts.emplace_back();
  return gateway()->recognise(m, {content});
}

}  // namespace

TEST(FlowCatalogue, HasEveryFlowOfThePageByItsName) {
  const std::multiset<std::pair<std::string, std::string>> page = {
      {"Douane", "Uitvoer"},
      {"Douane", "Aangiftebehandeling AGS"},
      {"Douane", "Vervoer"},
      {"Douane", "Accijnsgoederenvervoer"},
      {"Douane", "Binnenbrengen / Uitgaan"},
      {"Douane", "Proviandering"},
      {"Douane", "CID Informatieverstrekking"},
      {"NVWA", "VWA-Cliënt"},
      {"NVWA", "PD-Cliënt"},
      {"NVWA", "E-logboek visvaartuigen"},
      {"Grensbewaking", "Melding personen aan boord"},
      {"NCA-SafeSeaNet", "Melding verwachte aankomst/vertrek schip"},
      {"NCA-SafeSeaNet", "Melding aankomst/vertrek schip"},
      {"NCA-SafeSeaNet", "Melding gevaarlijke stoffen aankomst/vertrek schip"},
      {"NCA-SafeSeaNet", "Melding afval en ladingresiduen"},
      {"NCA-SafeSeaNet", "Melding veiligheidsinlichtingen"},
      {"NCA-SafeSeaNet", "Melding uitgebreide inspectie"}};
  std::multiset<std::pair<std::string, std::string>> here;
  for (const FlowSpec& spec : delivered()) here.emplace(spec.authority, spec.name);
  EXPECT_EQ(here, page);
}

TEST(FlowCatalogue, HasOnlyKeysThatAreAgreedOn) {
  const std::set<std::string> keys = {"flow",      "authority", "name",      "direction", "media-type",
                                      "recognise", "address",   "duplicate", "lane"};
  for (const YAML::Node& node : YAML::LoadFile(SLUIS_FLOWS_YAML)["flows"])
    for (const auto& entry : node) EXPECT_TRUE(keys.contains(entry.first.as<std::string>())) << entry.first;
}

TEST(FlowCatalogue, NamesNoAddressThatIsNotPublic) {
  for (const FlowSpec& spec : delivered())
    EXPECT_EQ(spec.address, (std::map<std::string, std::string>{{"production", ""}, {"test", ""}})) << spec.flow;
}

TEST(FlowCatalogue, TellsTransitByItsRoot) {
  EXPECT_EQ(dropped(R"(<n:CC015C xmlns:n="http://ncts.dgtaxud.ec"/>)").attributes.get("flow"), "douane/vervoer");
}

TEST(FlowCatalogue, TellsExciseByItsNamespace) {
  EXPECT_EQ(dropped(R"(<IE815 xmlns="urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:IE815:V3.01"/>)").attributes.get("flow"),
            "douane/accijnsgoederenvervoer");
}

TEST(FlowCatalogue, TellsExportFromImportByTheDeclarationsType) {
  const auto declaration = [](std::string type) {
    return R"(<MetaData xmlns="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"><Declaration><TypeCode>)" + type +
           "</TypeCode></Declaration></MetaData>";
  };
  EXPECT_EQ(dropped(declaration("EXA")).attributes.get("flow"), "douane/uitvoer");
  EXPECT_EQ(dropped(declaration("IMA")).attributes.get("flow"), "douane/aangiftebehandeling-ags");
  EXPECT_FALSE(dropped(declaration("ZZZ")).attributes.has("flow"));
}

TEST(FlowCatalogue, KeepsALogbookInOrderPerVessel) {
  const auto routing = gateway();
  Message m = message("drop", "acme");
  m.attributes = dropped("<NLERS><RN>1</RN><NLLOG><RV>NLD1</RV></NLLOG></NLERS>").attributes;
  const RouteDecision decision = routing->decide(m);
  ASSERT_TRUE(std::holds_alternative<RoutePlan>(decision));
  EXPECT_EQ(std::get<RoutePlan>(decision).deliveries.at(0).lane, "nvwa/elogboek/production/acme/NLD1");
}

}  // namespace sluis::routing::tests
