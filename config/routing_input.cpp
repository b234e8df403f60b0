#include "config/routing_input.h"

#include <algorithm>
#include <utility>

namespace sluis::config {

namespace {

using routing::Condition;
using routing::TableInput;

TableInput certain_input(RoutingText text, const Generation& generation, const Channels& channels) {
  TableInput input;
  input.routes = std::move(text.routes);
  input.examples = std::move(text.examples);
  input.flows = std::move(text.flows);
  for (const auto& [name, channel] : channels.known())
    input.channels.push_back({name, channel.config.environment, channel.kind->customer_side, channel.kind->sends,
                              channel.config.own_account != nullptr});
  for (const auto& [id, customer] : generation.customers) input.customers.push_back(customer);
  for (const auto& [key, account] : generation.accounts) input.accounts.insert(input.accounts.end(), key);
  for (const auto& [name, policy] : generation.policies) input.policies.insert(name);
  return input;
}

void grant_customers(TableInput& input, const Doubts& doubts) {
  // A customer without `return` was told so in its own file.
  for (auto& customer : input.customers)
    if (customer->return_channels.empty()) {
      auto granted = std::make_shared<Customer>(*customer);
      granted->return_channels.emplace_back("customer");
      customer = std::move(granted);
    }
  for (const std::string& id : doubts.customers) {
    if (std::none_of(input.customers.begin(), input.customers.end(), [&](const auto& c) { return c->id == id; })) {
      auto granted = std::make_shared<Customer>();
      granted->id = id;
      granted->return_channels.emplace_back("customer");
      input.customers.push_back(std::move(granted));
    }
  }
  // Whether anyone has an account on a channel is open as long as one file is.
  if (!doubts.customers.empty())
    for (auto& channel : input.channels) channel.has_own_account = true;
}

void grant_flows(TableInput& input) {
  std::set<std::string> known;
  for (const auto& flow : input.flows) known.insert(flow.flow);
  for (const auto& route : input.routes)
    routing::walk(route.when, [&](const Condition& condition) {
      if (condition.attribute != attribute::flow) return;
      for (const std::string& value : condition.values) {
        const std::string name = value.ends_with("/*") ? value.substr(0, value.size() - 1) + "any" : value;
        if (name.find_first_of("*?") == std::string::npos && known.insert(name).second) {
          routing::FlowSpec flow;
          flow.flow = name;
          input.flows.push_back(std::move(flow));
        }
      }
    });
}

// The doubts in their friendliest light; a doubtful channel's environment is one or the other.
TableInput granted_input(TableInput input, const Doubts& doubts, Environment environment) {
  for (const std::string& name : doubts.channels)
    if (std::none_of(input.channels.begin(), input.channels.end(), [&](const auto& c) { return c.name == name; }))
      input.channels.push_back({name, environment, true, true, true});
  grant_customers(input, doubts);
  if (doubts.policies)
    for (const auto& route : input.routes) input.policies.insert(route.policy);
  if (doubts.flows) grant_flows(input);
  input.examples.clear();
  return input;
}

bool same(const LocatedError& a, const LocatedError& b) {
  return a.text() == b.text();
}

}  // namespace

routing::Compiled compile_routing(RoutingText text, const Generation& generation, const Channels& channels,
                                  const Doubts& doubts) {
  TableInput input = certain_input(std::move(text), generation, channels);
  if (!doubts.anything) return routing::compile(std::move(input));
  if (doubts.channels.empty()) {
    auto compiled = routing::compile(granted_input(std::move(input), doubts, Environment::test));
    compiled.routing = nullptr;
    return compiled;
  }
  // What is wrong in either case is wrong; what is wrong in one only may be the doubtful channel's fault.
  const auto as_test = routing::compile(granted_input(input, doubts, Environment::test));
  auto as_production = routing::compile(granted_input(std::move(input), doubts, Environment::production));
  std::erase_if(as_production.errors, [&](const LocatedError& error) {
    return std::none_of(as_test.errors.begin(), as_test.errors.end(),
                        [&](const LocatedError& other) { return same(error, other); });
  });
  as_production.routing = nullptr;
  return as_production;
}

}  // namespace sluis::config
