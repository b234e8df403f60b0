#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

namespace {

TableInput table() {
  TableInput in = broker();
  RouteSpec own = route("own", is("edifact.unh.type", {"CUSCAR"}));
  own.customer = "acme";
  in.routes = {route("logbooks", is("flow", {"nvwa/elogboek"})),
               route("by subject", all({is("from", {"drop"}), present("mail.subject")})),
               route("not exports", all({is("from", {"drop"}), none_of({glob("flow", {"douane/*"})})})),
               route("exports", regex("flow", "^douane/")),
               route("rest", all({})),
               own};
  return in;
}

const Message declaration = message("drop", "acme", {{"flow", "douane/uitvoer"}});

}  // namespace

TEST(Explain, SaysWhyEachRouteAboveTheMatchDidNot) {
  const Explanation why = compiled(table())->explain(declaration);
  EXPECT_THAT(why.considered,
              ElementsAre(Field(&RouteConsidered::why, "edifact.unh.type is not set; wanted \"CUSCAR\""),
                          Field(&RouteConsidered::why, "flow is \"douane/uitvoer\", not \"nvwa/elogboek\""),
                          Field(&RouteConsidered::why, "mail.subject is not set"),
                          Field(&RouteConsidered::why, "flow matches \"douane/*\", and the route excludes that"),
                          Field(&RouteConsidered::why, "flow matches /^douane//")));
  EXPECT_TRUE(why.considered.back().matched);
}

TEST(Explain, AgreesWithTheDecision) {
  const Explanation why = compiled(table())->explain(declaration);
  ASSERT_TRUE(std::holds_alternative<RoutePlan>(why.decision));
  EXPECT_EQ(std::get<RoutePlan>(why.decision).deliveries.at(0).route, why.considered.back().route);
}

TEST(Explain, RecognisesFirstWhenGivenTheBytes) {
  Message m = message("drop", "acme");
  m.parts.emplace_back();
  m.parts[0].file_name = "log.XML";
  const std::string document = "<NLERS><RN>1</RN></NLERS>";
  const Explanation why = compiled(table())->explain(m, {document});
  EXPECT_EQ(why.attributes.get("flow"), "nvwa/elogboek");
  EXPECT_EQ(why.considered.back().route, "logbooks");
}

TEST(Explain, IsReadableAsText) {
  const std::string text = compiled(table())->explain(declaration).text();
  EXPECT_THAT(text, HasSubstr("- acme's own (routes.yaml:"));
  EXPECT_THAT(text, HasSubstr("+ exports"));
  EXPECT_THAT(text, HasSubstr("digipoort account acme"));
}

}  // namespace sluis::routing::tests
