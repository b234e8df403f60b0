// The table's own tests.
#include <fmt/format.h>

#include <algorithm>

#include "routing/checks.h"

namespace sluis::routing {

namespace {

Message message_of(const RouteExample& example, const FlowCatalogue& flows) {
  Message message;
  for (const auto& [name, value] : example.message)
    if (name == attribute::from)
      message.from = value;
    else if (name == attribute::customer)
      message.customer = value;
    else
      message.attributes.set(name, value);
  // What recognition would have added beside the flow.
  if (const auto* flow = flows.find(message.attributes.get(attribute::flow));
      flow != nullptr && !flow->spec.authority.empty())
    message.attributes.set_if_absent(attribute::authority, flow->spec.authority);
  return message;
}

std::string first_words(const RouteDecision& decision) {
  if (const auto* unrouted = std::get_if<Unrouted>(&decision)) return unrouted->reason;
  if (const auto* conflict = std::get_if<RouteConflict>(&decision)) return conflict->reason;
  return {};
}

}  // namespace

void check_examples(const std::vector<RouteExample>& examples, const TableInput& input, const CompiledRouting& routing,
                    std::vector<LocatedError>& errors) {
  std::vector<std::string_view> routes = {"unrouted"};
  for (const RouteSpec& route : input.routes) routes.push_back(route.name);
  for (const RouteExample& example : examples) {
    const auto fail = [&](std::string what) { errors.push_back({example.place, "example: " + std::move(what)}); };
    if (std::find(routes.begin(), routes.end(), example.expect) == routes.end()) {
      fail(fmt::format("there is no route \"{}\"{}", example.expect, did_you_mean(example.expect, routes)));
      continue;
    }
    const Message message = message_of(example, routing.flows());
    const CompiledRoute* route = routing.match(message);
    const std::string why_not = first_words(routing.decide(message));
    if (example.expect == "unrouted") {
      if (why_not.empty()) fail(fmt::format("expected unrouted, got route \"{}\"", route->spec.name));
      continue;
    }
    if (route == nullptr || route->spec.name != example.expect) {
      std::string detail = route == nullptr ? "nothing matches" : fmt::format("got \"{}\"", route->spec.name);
      for (const RouteConsidered& c : routing.explain(message).considered)
        if (c.route == example.expect && !c.matched) detail += fmt::format("; {}", c.why);
      fail(fmt::format("expected route \"{}\", {}", example.expect, detail));
      continue;
    }
    // An example may speak of a customer who is not configured here; then only the match is of interest.
    const bool known = std::any_of(input.customers.begin(), input.customers.end(),
                                   [&](const auto& c) { return c->id == message.customer; });
    if (known && !why_not.empty()) fail(why_not);
  }
}

}  // namespace sluis::routing
