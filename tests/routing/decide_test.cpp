#include "tests/routing/builders.h"

namespace sluis::routing::tests {

using testing::HasSubstr;
using testing::SizeIs;

namespace {

TableInput with(std::vector<RouteSpec> routes) {
  TableInput in = broker();
  in.routes = std::move(routes);
  return in;
}

RoutePlan plan(const TableInput& in, const Message& m) {
  const RouteDecision decision = compiled(in)->decide(m);
  if (const auto* plan = std::get_if<RoutePlan>(&decision)) return *plan;
  const auto* why = std::get_if<Unrouted>(&decision);
  ADD_FAILURE() << (why != nullptr ? why->reason : "a conflict");
  return {};
}

std::string unrouted(const TableInput& in, const Message& m) {
  const RouteDecision decision = compiled(in)->decide(m);
  const auto* why = std::get_if<Unrouted>(&decision);
  return why == nullptr ? "(routed)" : why->reason;
}

const Message declaration = message("drop", "acme", {{"flow", "douane/uitvoer"}, {"edifact.unb.recipient", "DOUANE"}});

}  // namespace

TEST(Decide, TakesTheFirstRouteThatMatches) {
  const TableInput in = with({route("imports", is("flow", {"nvwa/elogboek"})),
                              route("exports", is("flow", {"douane/uitvoer"})), route("rest", present("flow"))});
  ASSERT_THAT(plan(in, declaration).deliveries, SizeIs(1));
  EXPECT_EQ(plan(in, declaration).deliveries[0].route, "exports");
}

TEST(Decide, TriesACustomersOwnRoutesBeforeTheSharedOnes) {
  RouteSpec own = route("acme's way", present("flow"), {to("tulli")});
  own.customer = "acme";
  const TableInput in = with({route("exports", is("flow", {"douane/uitvoer"})), own});
  EXPECT_EQ(plan(in, declaration).deliveries.at(0).route, "acme's way");
  EXPECT_EQ(plan(in, message("drop", "bolt", {{"flow", "douane/uitvoer"}})).deliveries.at(0).route, "exports");
}

TEST(Decide, FallsThroughToTheSharedRoutesWhenNoOwnOneMatches) {
  RouteSpec own = route("acme's way", is("flow", {"nvwa/elogboek"}), {to("tulli")});
  own.customer = "acme";
  EXPECT_EQ(plan(with({own, route("exports", is("flow", {"douane/uitvoer"}))}), declaration).deliveries.at(0).route,
            "exports");
}

TEST(Decide, UsesTheCustomersOwnAccount) {
  EXPECT_EQ(plan(with({route("r", present("flow"))}), declaration).deliveries.at(0).destination,
            (Destination{"digipoort", "acme", ""}));
}

TEST(Decide, UsesTheChannelsAccountForCustomersWithoutOne) {
  const Message m = message("drop", "bolt", {{"flow", "douane/uitvoer"}});
  EXPECT_EQ(plan(with({route("r", present("flow"))}), m).deliveries.at(0).destination,
            (Destination{"digipoort", "", ""}));
}

TEST(Decide, RefusesWhenNeitherCustomerNorChannelHasAnAccount) {
  const Message m = message("drop", "bolt", {{"flow", "douane/uitvoer"}});
  EXPECT_THAT(unrouted(with({route("r", present("flow"), {to("tulli")})}), m),
              HasSubstr("customer bolt has no account on channel tulli"));
}

TEST(Decide, SaysWhatItLookedForWhenNothingMatches) {
  EXPECT_EQ(unrouted(with({route("r", is("flow", {"nvwa/elogboek"}))}), declaration),
            "no route matches, from \"drop\", customer \"acme\", flow \"douane/uitvoer\"");
}

TEST(Decide, SaysWhichFlowsTheContentCouldBe) {
  const Message m = message("drop", "acme", {{"flow.candidates", "douane/a, douane/b"}});
  EXPECT_THAT(unrouted(with({route("r", present("flow"))}), m),
              HasSubstr("could be douane/a, douane/b: name the flow"));
}

TEST(Decide, NeverMixesEnvironments) {
  const Message m = message("drop-test", "acme", {{"flow", "douane/uitvoer"}});
  EXPECT_THAT(unrouted(with({route("r", present("flow"))}), m), HasSubstr("never mix"));
}

TEST(Decide, ReturnsToTheCustomersChannelsOfTheMessagesEnvironment) {
  const TableInput in = with({route("back", is("from", {"digipoort", "digipoort-test"}), {to("customer")})});
  const auto production = plan(in, message("digipoort", "acme")).deliveries;
  ASSERT_THAT(production, SizeIs(1));
  EXPECT_EQ(production[0].destination, (Destination{"drop", "acme", ""}));
  EXPECT_TRUE(production[0].to_customer);
  EXPECT_EQ(plan(in, message("digipoort-test", "acme")).deliveries.at(0).destination.channel, "drop-test");
}

TEST(Decide, ReturnsToEveryChannelOfTheFlowsReturn) {
  TableInput in = with({route("back", is("from", {"digipoort"}), {to("customer")})});
  in.channels.push_back({"hook", Environment::production, true, true, false});
  in.accounts.insert({"hook", "acme"});
  auto acme = std::make_shared<Customer>();
  acme->id = "acme";
  acme->return_channels = {"drop"};
  acme->return_by_flow = {{"douane/*", {"drop", "hook"}}};
  in.customers[0] = acme;
  EXPECT_THAT(plan(in, message("digipoort", "acme", {{"flow", "douane/uitvoer"}})).deliveries, SizeIs(2));
  EXPECT_THAT(plan(in, message("digipoort", "acme", {{"flow", "nvwa/elogboek"}})).deliveries, SizeIs(1));
}

TEST(Decide, HoldsAnAnswerWhoseCustomerIsNotKnown) {
  EXPECT_THAT(unrouted(with({route("back", is("from", {"digipoort"}), {to("customer")})}), message("digipoort", "")),
              HasSubstr("whose message it is, is not known"));
}

TEST(Decide, FillsRecipientOptionsAndLaneFromAttributes) {
  Send send = to("digipoort", "{edifact.unb.recipient}@douane.example");
  send.options = {{"subject", "{flow} of {customer}"}};
  RouteSpec r = route("r", present("flow"), {send});
  r.lane = "{customer}/{edifact.unb.recipient}";
  const PlannedDelivery d = plan(with({r}), declaration).deliveries.at(0);
  EXPECT_EQ(d.destination.address, "DOUANE@douane.example");
  EXPECT_EQ(d.options, (Attributes{{"subject", "douane/uitvoer of acme"}}));
  EXPECT_EQ(d.lane, "acme/DOUANE");
}

TEST(Decide, RefusesARecipientThatTheMessageCannotFill) {
  EXPECT_THAT(unrouted(with({route("r", present("flow"), {to("digipoort", "{mail.to}")})}), declaration),
              HasSubstr("needs {mail.to}"));
}

TEST(Decide, TakesRecipientAndLaneOfTheFlowWhenTheRouteSaysNone) {
  TableInput in = with({route("r", present("flow"))});
  in.flows[0].address = {{"production", "uitvoer@douane.example"}, {"test", "uitvoer-t@douane.example"}};
  in.flows[0].lane = "uitvoer/{customer}";
  const PlannedDelivery d = plan(in, declaration).deliveries.at(0);
  EXPECT_EQ(d.destination.address, "uitvoer@douane.example");
  EXPECT_EQ(d.lane, "uitvoer/acme");
}

TEST(Decide, GivesTheFlowsRecipientToNoCustomersFolder) {
  TableInput in = with({route("r", present("flow"), {to("drop")})});
  in.flows[0].address = {{"production", "uitvoer@douane.example"}};
  in.flows[0].lane = "uitvoer/{customer}";
  const PlannedDelivery d = plan(in, declaration).deliveries.at(0);
  EXPECT_EQ(d.destination.address, "");
  EXPECT_EQ(d.lane, "");
}

TEST(Decide, NeverSendsAFlowToAnotherFlowsAddress) {
  TableInput in = with({route("r", present("flow"), {to("digipoort", "Logboek@NVWA.example")})});
  in.flows[1].address = {{"production", "logboek@nvwa.example"}};
  const RouteDecision decision = compiled(in)->decide(declaration);
  const auto* conflict = std::get_if<RouteConflict>(&decision);
  ASSERT_NE(conflict, nullptr);
  EXPECT_THAT(conflict->reason, HasSubstr("the address of nvwa/elogboek"));
}

TEST(Decide, CarriesPolicyGatesAndDeadlinesOfTheRoute) {
  RouteSpec r = route("r", present("flow"));
  r.policy = "customs";
  r.gates = {"operator", "attribute:mrn"};
  r.lane_first = true;
  r.reply_within = std::chrono::hours{2};
  const PlannedDelivery d = plan(with({r}), declaration).deliveries.at(0);
  EXPECT_EQ(d.policy, "customs");
  EXPECT_EQ(d.gates, r.gates);
  EXPECT_TRUE(d.lane_first);
  EXPECT_EQ(d.reply_within, r.reply_within);
}

TEST(Decide, SendsToEveryDestinationOrToNone) {
  const TableInput in = with({route("r", present("flow"), {to("digipoort"), to("tulli")})});
  EXPECT_THAT(plan(in, declaration).deliveries, SizeIs(2));
  EXPECT_THAT(unrouted(in, message("drop", "bolt", {{"flow", "douane/uitvoer"}})), HasSubstr("tulli"));
}

TEST(Decide, DecidesTheSameForOneCustomerAmongTenThousand) {
  TableInput in = with({route("r", present("flow"))});
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = "c" + std::to_string(i);
    in.customers.push_back(customer(id, {"drop"}));
    in.accounts.insert({"digipoort", id});
    RouteSpec own = route("own", is("flow", {"douane/uitvoer"}));
    own.customer = id;
    in.routes.push_back(std::move(own));
  }
  const auto routing = compiled(in);
  const auto decision = routing->decide(message("drop", "c9999", {{"flow", "douane/uitvoer"}}));
  ASSERT_TRUE(std::holds_alternative<RoutePlan>(decision));
  EXPECT_EQ(std::get<RoutePlan>(decision).deliveries.at(0).destination.account, "c9999");
  EXPECT_EQ(routing->match(message("drop", "acme", {{"flow", "douane/uitvoer"}}))->spec.name, "r");
}

}  // namespace sluis::routing::tests
