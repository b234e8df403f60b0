// bench-routing: what one routing decision costs (bench/routing/benchmark.py calls it). The shared table has --routes
// routes, each on its own value of an attribute, and every customer has three of its own, so that a decision looks at
// both; the message's route stands last of all.
#include <fmt/format.h>

#include <array>

#include "bench/harness/arguments.h"
#include "bench/harness/measured_region.h"
#include "routing/table.h"

namespace {

using namespace sluis;
using namespace sluis::routing;

Condition on(Condition::Kind kind, std::string attribute, std::vector<std::string> values) {
  Condition condition;
  condition.kind = kind;
  condition.attribute = std::move(attribute);
  condition.values = std::move(values);
  return condition;
}

std::string flow(std::uint64_t number) {
  return fmt::format("authority/flow-{}", number);
}

std::string customer_name(std::uint64_t number) {
  return fmt::format("customer-{}", number);
}

// What the message of route `number` has: its flow, and the attribute that presence asks for. `presence` asks for one
// of twenty attributes with one of fifty flows; `names` asks for another attribute in each route.
std::uint64_t flow_of(std::string_view kind, std::uint64_t number) {
  return kind == "presence" ? number % 50 : number;
}
std::string mark_of(std::string_view kind, std::uint64_t number) {
  return fmt::format("bench.mark-{}", kind == "presence" ? number / 50 : number);
}

// The condition of route `number`.
Condition when(std::string_view kind, std::uint64_t number) {
  Condition all;
  all.kind = Condition::Kind::all;
  all.children.push_back(on(Condition::Kind::equals, "from", {"drop", "api"}));
  if (kind == "equality") {
    all.children.push_back(on(Condition::Kind::equals, "flow", {flow(number)}));
  } else if (kind == "presence") {
    all.children.push_back(on(Condition::Kind::equals, "flow", {flow(flow_of(kind, number))}));
    all.children.push_back(on(Condition::Kind::present, mark_of(kind, number), {}));
  } else if (kind == "names") {
    all.children.push_back(on(Condition::Kind::present, mark_of(kind, number), {}));
  } else if (kind == "regex") {
    all.children.push_back(on(Condition::Kind::equals, "flow", {flow(number)}));
    all.children.push_back(on(Condition::Kind::regex, "edifact.unb.recipient", {"^DOU(ANE|AN)$"}));
  } else {
    bench::give_up("--kind is equality, presence, names or regex");
  }
  return all;
}

RouteSpec route(std::string name, Condition condition, int line) {
  RouteSpec spec;
  spec.name = std::move(name);
  spec.when = std::move(condition);
  spec.place = {"routes.yaml", line, 5};
  Send send;
  send.to = "digipoort";
  send.address = "{flow}@authority.example";
  send.place = spec.place;
  spec.send.push_back(std::move(send));
  spec.policy = "default";
  return spec;
}

TableInput table(std::uint64_t customers, std::uint64_t routes, const std::string& kind) {
  TableInput in;
  in.channels = {{"digipoort", Environment::production, false, true, true},
                 {"drop", Environment::production, true, true, false},
                 {"api", Environment::production, true, true, false}};
  in.policies = {"default"};
  int line = 0;
  for (std::uint64_t i = 0; i < routes; ++i) {
    FlowSpec spec;
    spec.flow = flow(i);
    spec.authority = "Authority";
    spec.place = {"flows.yaml", static_cast<int>(i) + 1, 5};
    in.flows.push_back(std::move(spec));
    in.routes.push_back(route(fmt::format("route {}", i), when(kind, i), ++line));
  }
  for (std::uint64_t i = 0; i < customers; ++i) {
    auto customer = std::make_shared<Customer>();
    customer->id = customer_name(i);
    customer->return_channels = {"drop"};
    in.customers.push_back(std::move(customer));
    in.accounts.insert({"digipoort", customer_name(i)});
    in.accounts.insert({"drop", customer_name(i)});
    for (int own = 0; own < 3; ++own) {
      Condition all;
      all.kind = Condition::Kind::all;
      all.children.push_back(on(Condition::Kind::equals, "file.extension", {fmt::format("own{}", own)}));
      RouteSpec spec = route(fmt::format("own {}", own), std::move(all), ++line);
      spec.customer = customer_name(i);
      in.routes.push_back(std::move(spec));
    }
  }
  return in;
}

}  // namespace

int main(int count, char** words) {
  const bench::Arguments arguments(count, words);
  const std::uint64_t customers = arguments.number("customers");
  const std::uint64_t routes = arguments.number("routes", 1000);
  const std::uint64_t decisions = arguments.number("decisions");
  const std::string kind = arguments.text("kind");
  const Compiled compiled = compile(table(customers, routes, kind));
  if (compiled.routing == nullptr) bench::give_up(compiled.errors.at(0).text());

  // As many different messages as fit a processor's second cache: their customers are spread over all there are.
  std::array<Message, 256> messages;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::uint64_t which = routes - 1 - i % std::min<std::uint64_t>(routes, 7);
    messages[i].from = "drop";
    messages[i].customer = customer_name(i * customers / messages.size());
    messages[i].attributes = {{"flow", flow(flow_of(kind, which))},    {"kind", "submission"},
                              {"file.name", "declaration.edi"},        {"file.extension", "edi"},
                              {"edifact.unb.sender", "8712345678906"}, {"edifact.unb.recipient", "DOUANE"}};
    messages[i].attributes.set(mark_of(kind, which), "");
    const RouteDecision decision = compiled.routing->decide(messages[i]);
    const auto* plan = std::get_if<RoutePlan>(&decision);
    if (plan == nullptr || plan->deliveries.at(0).route != fmt::format("route {}", which))
      bench::give_up("a message does not take the route that was made for it");
  }
  std::uint64_t planned = 0;
  const bench::MeasuredRegion region;
  for (std::uint64_t i = 0; i < decisions; ++i)
    planned += std::get<RoutePlan>(compiled.routing->decide(messages[i % messages.size()])).deliveries.size();
  auto values = region.finish();
  if (planned != decisions) bench::give_up("not every message was routed");
  values["microseconds"] = values["cpu_seconds"] * 1e6 / static_cast<double>(decisions);
  bench::report(values);
  return 0;
}
