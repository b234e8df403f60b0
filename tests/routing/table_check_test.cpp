#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

namespace {

std::vector<std::string> faults(std::vector<RouteSpec> routes) {
  TableInput in = broker();
  in.routes = std::move(routes);
  const Compiled out = compile(std::move(in));
  EXPECT_EQ(out.routing == nullptr, !out.errors.empty());
  return texts(out.errors);
}

}  // namespace

TEST(TableCheck, AcceptsASoundTable) {
  EXPECT_THAT(faults({route("out", all({is("from", {"drop"}), is("flow", {"douane/uitvoer"})})),
                      route("back", is("from", {"digipoort"}), {to("customer")})}),
              IsEmpty());
}

TEST(TableCheck, PointsAtAnUnknownDestinationAndSuggestsOne) {
  EXPECT_THAT(faults({route("out", present("flow"), {to("digiport")})}),
              ElementsAre("routes.yaml:4:13: unknown channel \"digiport\"; did you mean \"digipoort\"?"));
}

TEST(TableCheck, PointsAtAnUnknownSource) {
  EXPECT_THAT(faults({route("out", is("from", {"drp"}))}),
              ElementsAre("routes.yaml:3:5: unknown channel \"drp\"; did you mean \"drop\"?"));
}

TEST(TableCheck, PointsAtAnUnknownFlowAlsoInsideNot) {
  EXPECT_THAT(faults({route("out", none_of({is("flow", {"douane/uitvoor"})}))}),
              ElementsAre(HasSubstr("did you mean \"douane/uitvoer\"?")));
}

TEST(TableCheck, PointsAtAFlowGlobThatNothingMatches) {
  EXPECT_THAT(faults({route("out", glob("flow", {"duane/*"}))}), ElementsAre(HasSubstr("no flow matches \"duane/*\"")));
}

TEST(TableCheck, PointsAtAnUnknownCustomerAndPolicy) {
  RouteSpec r = route("out", is("customer", {"acne"}));
  r.policy = "custom";
  EXPECT_THAT(faults({r}),
              testing::UnorderedElementsAre(HasSubstr("unknown customer \"acne\"; did you mean \"acme\"?"),
                                            HasSubstr("unknown policy \"custom\"; did you mean \"customs\"?")));
}

TEST(TableCheck, PointsAtAMisspeltCoreAttribute) {
  EXPECT_THAT(faults({route("out", is("custmer", {"x"}))}),
              ElementsAre(HasSubstr("unknown attribute \"custmer\"; did you mean \"customer\"?")));
}

TEST(TableCheck, PointsAtABadExpressionAndABadTemplate) {
  EXPECT_THAT(
      faults({route("out", regex("edifact.unh.type", "("), {to("digipoort", "{x")})}),
      ElementsAre(AllOf(StartsWith("routes.yaml:3:5: edifact.unh.type:"), HasSubstr("not a regular expression")),
                  AllOf(StartsWith("routes.yaml:4:13:"), HasSubstr("template"))));
}

TEST(TableCheck, PointsAtAnUnknownGate) {
  RouteSpec r = route("out", present("flow"));
  r.gates = {"operator", "attribute:", "anwser"};
  EXPECT_THAT(faults({r}), SizeIs(2));
}

TEST(TableCheck, ReportsEveryFaultAtOnceInTheOrderOfTheFile) {
  RouteSpec first = route("a", is("flow", {"nope"}), {to("nowhere")});
  RouteSpec second = route("b", is("from", {"nobody"}));
  first.place.line = second.when.place.line = 1;
  const auto all_faults = faults({first, second});
  EXPECT_THAT(all_faults, SizeIs(3));
  EXPECT_THAT(all_faults.front(), HasSubstr("nobody"));
}

TEST(TableCheck, FindsARouteBehindACatchAll) {
  EXPECT_THAT(faults({route("everything", all({})), route("exports", is("flow", {"douane/uitvoer"}))}),
              ElementsAre(AllOf(HasSubstr("\"exports\" can never be reached"), HasSubstr("\"everything\""))));
}

TEST(TableCheck, FindsARouteBehindALessSpecificOne) {
  EXPECT_THAT(faults({route("all exports", is("flow", {"douane/uitvoer", "nvwa/elogboek"})),
                      route("exports", all({is("from", {"drop"}), is("flow", {"douane/uitvoer"})}))}),
              ElementsAre(HasSubstr("never be reached")));
}

TEST(TableCheck, LeavesARouteAloneBehindAMoreSpecificOne) {
  EXPECT_THAT(faults({route("exports", all({is("from", {"drop"}), is("flow", {"douane/uitvoer"})})),
                      route("rest", is("flow", {"douane/uitvoer"}))}),
              IsEmpty());
}

TEST(TableCheck, LetsACustomersOwnRouteSayTheSameAsASharedOne) {
  RouteSpec own = route("exports", is("flow", {"douane/uitvoer"}));
  own.customer = "acme";
  EXPECT_THAT(faults({route("exports", is("flow", {"douane/uitvoer"})), own}), IsEmpty());
}

TEST(TableCheck, FindsTwoRoutesOfOneName) {
  EXPECT_THAT(
      faults({route("exports", is("flow", {"douane/uitvoer"})), route("exports", is("flow", {"nvwa/elogboek"}))}),
      ElementsAre(HasSubstr("already at routes.yaml:")));
}

TEST(TableCheck, FindsEnvironmentsThatWouldMix) {
  EXPECT_THAT(
      faults({route("out", is("from", {"drop-test"}))}),
      ElementsAre(AllOf(StartsWith("routes.yaml:4:13:"), HasSubstr("drop-test (test) to digipoort (production)"))));
}

TEST(TableCheck, AllowsASourceListOfBothEnvironments) {
  EXPECT_THAT(faults({route("out", is("from", {"drop-test", "drop"}))}), IsEmpty());
}

TEST(TableCheck, FindsCustomersWithoutReturn) {
  TableInput in = broker();
  in.customers.push_back(customer("cold", {}));
  in.routes = {route("back", is("from", {"digipoort"}), {to("customer")})};
  EXPECT_THAT(texts(compile(in).errors), ElementsAre(HasSubstr("no `return` is set for cold")));
}

TEST(TableCheck, FindsAChannelWhereNobodyHasAnAccount) {
  TableInput in = broker();
  in.accounts.erase({"tulli", "acme"});
  in.routes = {route("out", present("flow"), {to("tulli")})};
  EXPECT_THAT(texts(compile(in).errors), ElementsAre(HasSubstr("channel \"tulli\" has no account")));
}

TEST(TableCheck, FindsACustomersOwnRouteToAChannelWithoutItsAccount) {
  RouteSpec own = route("out", present("flow"), {to("tulli")});
  own.customer = "bolt";
  EXPECT_THAT(faults({own}), ElementsAre(HasSubstr("customer \"bolt\" has no account on channel \"tulli\"")));
}

TEST(TableCheck, FindsAChannelThatOnlyReceives) {
  EXPECT_THAT(faults({route("out", present("flow"), {to("feed")})}), ElementsAre(HasSubstr("only receives")));
}

TEST(TableCheck, FindsAnAnyWithNothingInIt) {
  EXPECT_THAT(faults({route("out", any({}))}), ElementsAre(HasSubstr("never hold")));
}

TEST(TableCheck, FindsFlowsThatCannotBe) {
  TableInput in = broker();
  in.flows.push_back(flow("douane/uitvoer", "Douane"));
  in.flows.push_back(flow("has blank", "X"));
  in.flows.back().direction = "inward";
  in.flows.back().address = {{"staging", "a@b"}};
  EXPECT_THAT(texts(compile(in).errors), SizeIs(4));
}

TEST(TableCheck, LaysTheOperatorsFlowOverTheDeliveredOne) {
  TableInput in = broker();
  FlowSpec mine = flow("douane/uitvoer", "");
  mine.place.file = "operator/flows.yaml";
  mine.address = {{"production", "uitvoer@douane.example"}};
  in.flows.push_back(mine);
  const auto routing = compiled(in);
  const FlowSpec& spec = routing->flows().find("douane/uitvoer")->spec;
  EXPECT_EQ(spec.authority, "Douane");
  EXPECT_THAT(spec.recognise, SizeIs(1));
  EXPECT_EQ(spec.address.at("production"), "uitvoer@douane.example");
}

namespace {

std::vector<std::string> example_faults(std::map<std::string, std::string> message, std::string expect) {
  TableInput in = broker();
  in.routes = {route("exports", all({is("from", {"drop"}), is("flow", {"douane/uitvoer"})})),
               route("tulli", is("flow", {"nvwa/elogboek"}), {to("tulli")})};
  in.examples = {{std::move(message), std::move(expect), {"routes.yaml", 20, 5}}};
  return texts(compile(in).errors);
}

}  // namespace

TEST(TableExamples, PassWhenTheirRouteIsTaken) {
  EXPECT_THAT(example_faults({{"from", "drop"}, {"customer", "acme"}, {"flow", "douane/uitvoer"}}, "exports"),
              IsEmpty());
  EXPECT_THAT(example_faults({{"from", "drop"}}, "unrouted"), IsEmpty());
}

TEST(TableExamples, FailWithTheReasonTheirRouteWasNotTaken) {
  EXPECT_THAT(example_faults({{"from", "drop"}, {"flow", "nvwa/elogboek"}, {"customer", "acme"}}, "exports"),
              ElementsAre("routes.yaml:20:5: example: expected route \"exports\", got \"tulli\"; flow is "
                          "\"nvwa/elogboek\", not \"douane/uitvoer\""));
}

TEST(TableExamples, FailWhenTheRouteMatchesAndCannotSend) {
  EXPECT_THAT(example_faults({{"from", "drop"}, {"flow", "nvwa/elogboek"}, {"customer", "bolt"}}, "tulli"),
              ElementsAre(HasSubstr("no account on channel tulli")));
}

TEST(TableExamples, FailWhenUnroutedWasExpected) {
  EXPECT_THAT(example_faults({{"from", "drop"}, {"flow", "douane/uitvoer"}, {"customer", "acme"}}, "unrouted"),
              ElementsAre(HasSubstr("got route \"exports\"")));
}

TEST(TableExamples, PointAtARouteThatDoesNotExist) {
  EXPECT_THAT(example_faults({{"from", "drop"}}, "export"), ElementsAre(HasSubstr("did you mean \"exports\"?")));
}

}  // namespace sluis::routing::tests
