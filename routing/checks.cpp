#include "routing/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/channel/settings.h"
#include "routing/glob.h"

namespace sluis::routing {

namespace {

using Kind = Condition::Kind;

// Attributes without a prefix are core's own; adapters and recognisers put a prefix before theirs.
constexpr std::array<std::string_view, 8> core_attributes = {
    attribute::flow,      attribute::from, attribute::customer, attribute::environment,
    attribute::authority, attribute::kind, attribute::answer,   attribute::reference};

const ChannelFact* channel(const TableInput& input, std::string_view name) {
  const auto at =
      std::find_if(input.channels.begin(), input.channels.end(), [&](const ChannelFact& c) { return c.name == name; });
  return at == input.channels.end() ? nullptr : &*at;
}

struct Known {
  std::vector<std::string_view> channels, flows, customers, policies, attributes;
};

Known known_names(const TableInput& input, const FlowCatalogue& flows) {
  Known known;
  for (const ChannelFact& c : input.channels) known.channels.push_back(c.name);
  for (const FlowCatalogue::Entry& e : flows.entries()) known.flows.push_back(e.spec.flow);
  for (const auto& c : input.customers) known.customers.push_back(c->id);
  for (const std::string& p : input.policies) known.policies.push_back(p);
  known.attributes.assign(core_attributes.begin(), core_attributes.end());
  // For the look-ups below; the nearest name does not depend on the order.
  for (auto* names : {&known.channels, &known.flows, &known.customers, &known.policies})
    std::sort(names->begin(), names->end());
  return known;
}

void check_condition(const Condition& c, const Known& known, std::vector<LocatedError>& errors) {
  if (c.attribute.empty()) return;
  if (c.attribute.find('.') == std::string::npos &&
      std::find(known.attributes.begin(), known.attributes.end(), c.attribute) == known.attributes.end())
    errors.push_back(
        {c.place, fmt::format("unknown attribute \"{}\"{}", c.attribute, did_you_mean(c.attribute, known.attributes))});
  const std::vector<std::string_view>* names = c.attribute == attribute::from       ? &known.channels
                                               : c.attribute == attribute::flow     ? &known.flows
                                               : c.attribute == attribute::customer ? &known.customers
                                                                                    : nullptr;
  if (names == nullptr || (c.kind != Kind::equals && c.kind != Kind::glob)) return;
  const std::string_view what = c.attribute == attribute::from ? "channel" : std::string_view(c.attribute);
  for (const std::string& value : c.values) {
    if (c.kind == Kind::equals || !is_glob(value)) {
      if (!std::binary_search(names->begin(), names->end(), std::string_view(value)))
        errors.push_back({c.place, fmt::format("unknown {} \"{}\"{}", what, value, did_you_mean(value, *names))});
    } else if (std::none_of(names->begin(), names->end(), [&](std::string_view n) { return glob_matches(value, n); })) {
      errors.push_back({c.place, fmt::format("no {} matches \"{}\"", what, value)});
    }
  }
}

void check_gate(const RouteSpec& route, const std::string& gate, std::vector<LocatedError>& errors) {
  constexpr std::string_view prefix = "attribute:";
  if (gate == "operator" || gate == "answer" || (gate.starts_with(prefix) && gate.size() > prefix.size())) return;
  errors.push_back(
      {route.place, fmt::format("unknown gate \"{}\"; there are operator, answer and attribute:NAME", gate)});
}

// The channels a route takes messages from, when its condition says so.
std::optional<std::vector<std::string>> sources(const Condition& c) {
  if (c.kind == Kind::equals && c.attribute == attribute::from) return c.values;
  if (c.kind == Kind::all)
    for (const Condition& child : c.children)
      if (auto found = sources(child)) return found;
  return std::nullopt;
}

void check_environment(const RouteSpec& route, const Send& send, const ChannelFact& to, const TableInput& input,
                       std::vector<LocatedError>& errors) {
  const auto from = sources(route.when);
  if (!from || from->empty()) return;
  std::string others;
  for (const std::string& name : *from) {
    const ChannelFact* c = channel(input, name);
    if (c == nullptr || c->environment == to.environment) return;
    others += (others.empty() ? "" : ", ") + name;
  }
  errors.push_back(
      {send.place,
       fmt::format("route \"{}\" would send from {} ({}) to {} ({}); environments never mix", route.name, others,
                   to_string(to.environment == Environment::test ? Environment::production : Environment::test),
                   to.name, to_string(to.environment))});
}

void check_returns(const RouteSpec& route, const Send& send, const TableInput& input,
                   std::vector<LocatedError>& errors) {
  std::vector<std::string_view> without;
  for (const auto& customer : input.customers)
    if ((route.customer.empty() || route.customer == customer->id) && customer->return_channels.empty())
      without.push_back(customer->id);
  if (without.empty()) return;
  std::string who;
  constexpr std::size_t most = 5;
  for (std::size_t i = 0; i < without.size() && i < most; ++i)
    who += fmt::format("{}{}", i == 0 ? "" : ", ", without[i]);
  if (without.size() > most) who += fmt::format(" and {} more", without.size() - most);
  errors.push_back(
      {send.place, fmt::format("route \"{}\" sends to the customer, but no `return` is set for {}", route.name, who)});
}

}  // namespace

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& known) {
  const auto nearest = nearest_name(name, known);
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : std::string{};
}

void check_names(const std::vector<RouteSpec>& routes, const TableInput& input, const FlowCatalogue& flows,
                 std::vector<LocatedError>& errors) {
  const Known known = known_names(input, flows);
  std::vector<std::string_view> destinations = known.channels;
  destinations.emplace_back("customer");
  for (const RouteSpec& route : routes) {
    if (route.name.empty()) errors.push_back({route.place, "a route has no name"});
    if (route.send.empty()) errors.push_back({route.place, fmt::format("route \"{}\" has no `send`", route.name)});
    if (!route.customer.empty() &&
        !std::binary_search(known.customers.begin(), known.customers.end(), std::string_view(route.customer)))
      errors.push_back({route.place, fmt::format("unknown customer \"{}\"{}", route.customer,
                                                 did_you_mean(route.customer, known.customers))});
    if (!route.policy.empty() && !input.policies.contains(route.policy))
      errors.push_back({route.place, fmt::format("unknown policy \"{}\"{}", route.policy,
                                                 did_you_mean(route.policy, known.policies))});
    for (const std::string& gate : route.gates) check_gate(route, gate, errors);
    for (const Send& send : route.send)
      if (send.to != "customer" && channel(input, send.to) == nullptr)
        errors.push_back(
            {send.place, fmt::format("unknown channel \"{}\"{}", send.to, did_you_mean(send.to, destinations))});
    walk(route.when, [&](const Condition& c) { check_condition(c, known, errors); });
  }
}

void check_reach(const std::vector<RouteSpec>& routes, std::vector<LocatedError>& errors) {
  std::map<std::string_view, const RouteSpec*> by_name;
  for (std::size_t later = 0; later < routes.size(); ++later) {
    const RouteSpec& route = routes[later];
    if (const auto [at, fresh] = by_name.emplace(route.name, &route); !fresh)
      errors.push_back(
          {route.place, fmt::format("route \"{}\" is already at {}", route.name, at->second->place.text())});
    for (std::size_t earlier = 0; earlier < later; ++earlier)
      if (implies(route.when, routes[earlier].when)) {
        errors.push_back(
            {route.place, fmt::format("route \"{}\" can never be reached: \"{}\" at {} matches everything it would",
                                      route.name, routes[earlier].name, routes[earlier].place.text())});
        break;
      }
  }
}

void check_destinations(const std::vector<RouteSpec>& routes, const TableInput& input,
                        std::vector<LocatedError>& errors) {
  for (const RouteSpec& route : routes)
    for (const Send& send : route.send) {
      if (send.to == "customer") {
        check_returns(route, send, input, errors);
        continue;
      }
      const ChannelFact* to = channel(input, send.to);
      if (to == nullptr) continue;
      if (!to->sends) {
        errors.push_back(
            {send.place, fmt::format("channel \"{}\" only receives; nothing can be sent to it", to->name)});
        continue;
      }
      const auto any = input.accounts.lower_bound({to->name, {}});
      const bool somebody = route.customer.empty() ? any != input.accounts.end() && any->first == to->name
                                                   : input.accounts.contains({to->name, route.customer});
      if (!to->has_own_account && !somebody)
        errors.push_back(
            {send.place,
             route.customer.empty()
                 ? fmt::format("channel \"{}\" has no account: neither its own nor any customer's", to->name)
                 : fmt::format("customer \"{}\" has no account on channel \"{}\", which has none of its own",
                               route.customer, to->name)});
      check_environment(route, send, *to, input, errors);
    }
}

}  // namespace sluis::routing
