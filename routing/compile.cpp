#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "routing/checks.h"
#include "routing/table.h"

namespace sluis::routing {

namespace {

// Templates of one route. Channels that do not exist are check_names()'s to report.
CompiledRoute compile_route(const RouteSpec& spec, const Table& table, std::vector<LocatedError>& errors) {
  CompiledRoute out;
  const auto text = [&](const std::string& source, const Place& place) {
    auto compiled = Template::compile(source);
    if (compiled) return *std::move(compiled);
    errors.push_back({place, compiled.error().what});
    return Template{};
  };
  for (const Send& send : spec.send) {
    CompiledSend compiled;
    if (send.to != "customer")
      if (const auto at = table.channels.find(send.to); at != table.channels.end()) compiled.channel = at->second.get();
    compiled.address = text(send.address, send.place);
    for (const auto& [name, value] : send.options) compiled.options.emplace_back(name, text(value, send.place));
    out.send.push_back(std::move(compiled));
  }
  out.lane = text(spec.lane, spec.place);
  out.spec = spec;
  return out;
}

void fill(Tier& tier, const std::vector<RouteSpec>& routes, Table& table, std::vector<LocatedError>& errors) {
  for (const RouteSpec& spec : routes) {
    tier.matcher.add(compile_condition(spec.when, table.symbols, errors));
    tier.routes.push_back(compile_route(spec, table, errors));
  }
  tier.matcher.build();
}

void fill_channels(Table& table, const TableInput& input) {
  for (const ChannelFact& fact : input.channels) {
    auto channel = std::make_unique<TableChannel>();
    channel->name = fact.name;
    channel->environment = to_string(fact.environment);
    channel->customer_side = fact.customer_side;
    channel->has_own_account = fact.has_own_account;
    for (auto at = input.accounts.lower_bound({fact.name, {}}); at != input.accounts.end() && at->first == fact.name;
         ++at)
      if (!at->second.empty()) channel->accounts.insert(at->second);
    table.channels.emplace(fact.name, std::move(channel));
  }
}

}  // namespace

Compiled compile(TableInput input) {
  Compiled out;
  auto table = std::make_unique<Table>();
  table->flows.build(input.flows, out.errors);
  fill_channels(*table, input);
  for (const auto& customer : input.customers) table->customers.emplace(customer->id, customer);

  std::map<std::string, std::vector<RouteSpec>> tiers;  // "" is the shared table
  for (const RouteSpec& spec : input.routes) tiers[spec.customer].push_back(spec);
  check_names(input.routes, input, table->flows, out.errors);
  check_destinations(input.routes, input, out.errors);
  for (const auto& [customer, routes] : tiers) {
    check_reach(routes, out.errors);
    fill(customer.empty() ? table->shared : table->own[customer], routes, *table, out.errors);
  }
  // Examples run on a table without other faults: a misspelt channel would only repeat itself in each of them.
  if (out.errors.empty()) {
    out.routing = std::make_shared<const CompiledRouting>(std::move(table));
    check_examples(input.examples, input, *out.routing, out.errors);
    if (!out.errors.empty()) out.routing = nullptr;
  }
  std::stable_sort(out.errors.begin(), out.errors.end(), [](const LocatedError& a, const LocatedError& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) < std::tie(b.place.file, b.place.line, b.place.column);
  });
  return out;
}

}  // namespace sluis::routing
