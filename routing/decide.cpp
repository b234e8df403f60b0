// From a message's attributes to its deliveries. Nothing here reads the message's bytes.
#include <fmt/format.h>

#include <algorithm>

#include "routing/compiled.h"

namespace sluis::routing {

namespace {

Unrouted refuse(const CompiledRoute& route, std::string_view why) {
  return Unrouted{fmt::format("route \"{}\" matches, but {}", route.spec.name, why)};
}

std::string nothing_matches(const Message& message, std::string_view environment) {
  std::string text = "no route matches";
  const auto say = [&](std::string_view name) {
    if (const auto value = attribute_text(message, environment, name)) text += fmt::format(", {} \"{}\"", name, *value);
  };
  say(attribute::from);
  say(attribute::customer);
  say(attribute::flow);
  if (!message.attributes.has(attribute::flow)) {
    if (const auto candidates = message.attributes.find("flow.candidates"))
      text += fmt::format("; the content could be {}: name the flow", *candidates);
    else
      text += "; the flow was not recognised";
  }
  return text;
}

}  // namespace

CompiledRouting::CompiledRouting(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
CompiledRouting::~CompiledRouting() = default;

std::vector<std::string> CompiledRouting::flow_names() const {
  std::vector<std::string> names;
  for (const FlowCatalogue::Entry& entry : table_->flows.entries()) names.push_back(entry.spec.flow);
  std::sort(names.begin(), names.end());
  return names;
}

FlowRules CompiledRouting::rules(std::string_view flow) const {
  const FlowCatalogue::Entry* entry = table_->flows.find(flow);
  return entry == nullptr ? FlowRules{} : entry->spec.rules;
}

std::string_view CompiledRouting::environment_of(const Message& message) const {
  if (const auto at = table_->channels.find(message.from); at != table_->channels.end()) return at->second->environment;
  return message.attributes.get(attribute::environment);  // a notice comes from no channel
}

const CompiledRoute* CompiledRouting::match(const Message& message) const {
  Facts facts(table_->symbols, message, environment_of(message));
  if (!message.customer.empty())
    if (const auto own = table_->own.find(message.customer); own != table_->own.end())
      if (const auto index = own->second.matcher.first(facts)) return &own->second.routes[*index];
  if (const auto index = table_->shared.matcher.first(facts)) return &table_->shared.routes[*index];
  return nullptr;
}

RouteDecision CompiledRouting::decide(const Message& message) const {
  const std::string_view environment = environment_of(message);
  const CompiledRoute* route = match(message);
  if (route == nullptr) return Unrouted{nothing_matches(message, environment)};
  return plan(*route, message, environment);
}

RouteDecision CompiledRouting::plan(const CompiledRoute& route, const Message& message,
                                    std::string_view environment) const {
  RoutePlan plan;
  plan.deliveries.reserve(route.send.size());
  // All or nothing: half of what a route promises is not what its author wrote.
  for (const CompiledSend& send : route.send)
    if (auto not_possible = plan_send(route, send, message, environment, plan)) return *std::move(not_possible);
  return plan;
}

std::optional<RouteDecision> CompiledRouting::plan_send(const CompiledRoute& route, const CompiledSend& send,
                                                        const Message& message, std::string_view environment,
                                                        RoutePlan& plan) const {
  const FlowCatalogue::Entry* flow = table_->flows.find(message.attributes.get(attribute::flow));
  PlannedDelivery delivery;
  delivery.route = route.spec.name;
  delivery.policy = route.spec.policy;
  delivery.lane_first = route.spec.lane_first;
  delivery.gates = route.spec.gates;
  delivery.reply_within = route.spec.reply_within;
  if (!route.lane.empty()) delivery.lane = route.lane.fill(message, environment).text;
  // The flow's own order rule is the authority's: it does not bind what goes to a customer.
  else if (flow != nullptr && send.channel != nullptr && !send.channel->customer_side)
    delivery.lane = flow->lane.fill(message, environment).text;
  for (const auto& [name, option] : send.options) delivery.options.set(name, option.fill(message, environment).text);

  Template::Filled address = send.address.fill(message, environment);
  if (!address.missing.empty())
    return refuse(route, fmt::format("its recipient needs {{{}}}, which the message does not have", address.missing));
  delivery.destination.address = std::move(address.text);
  if (send.channel == nullptr) {
    if (auto why = plan_return(message, environment, std::move(delivery), plan)) return refuse(route, *why);
    return std::nullopt;
  }

  const TableChannel& channel = *send.channel;
  if (!environment.empty() && environment != channel.environment)
    return refuse(route, fmt::format("the message is of {} and channel {} is of {}; they never mix", environment,
                                     channel.name, channel.environment));
  delivery.destination.channel = channel.name;
  if (!message.customer.empty() && channel.accounts.contains(message.customer))
    delivery.destination.account = message.customer;
  else if (!channel.has_own_account)
    return refuse(
        route, message.customer.empty()
                   ? fmt::format("the message has no customer and channel {} has no account of its own", channel.name)
                   : fmt::format("customer {} has no account on channel {}, which has none of its own",
                                 message.customer, channel.name));

  if (!channel.customer_side) {
    std::string& to = delivery.destination.address;
    if (to.empty() && flow != nullptr) {
      if (const auto own = flow->spec.address.find(std::string(channel.environment)); own != flow->spec.address.end())
        to = own->second;
    } else if (flow != nullptr) {
      // A recipient that the catalogue knows as another flow's: the table and the content disagree.
      const auto owners = table_->flows.at_address(channel.environment, to);
      if (!owners.empty() && std::find(owners.begin(), owners.end(), flow) == owners.end())
        return RouteConflict{fmt::format("route \"{}\" sends flow {} to {}, which is the address of {}",
                                         route.spec.name, flow->spec.flow, to, owners.front()->spec.flow)};
    }
  }
  plan.deliveries.push_back(std::move(delivery));
  return std::nullopt;
}

std::optional<std::string> CompiledRouting::plan_return(const Message& message, std::string_view environment,
                                                        PlannedDelivery delivery, RoutePlan& plan) const {
  if (message.customer.empty()) return "whose message it is, is not known";
  const auto at = table_->customers.find(message.customer);
  if (at == table_->customers.end()) return fmt::format("there is no customer {}", message.customer);
  const auto& channels = at->second->returns_for(message.attributes.get(attribute::flow));
  if (channels.empty()) return fmt::format("customer {} has no `return` channel for it", message.customer);
  delivery.to_customer = true;
  delivery.destination.account = message.customer;
  const std::size_t before = plan.deliveries.size();
  for (const std::string& name : channels) {
    // A customer with both environments lists the channels of both; each message takes those of its own.
    const auto channel = table_->channels.find(name);
    if (channel == table_->channels.end() || (!environment.empty() && channel->second->environment != environment))
      continue;
    if (!channel->second->accounts.contains(message.customer))
      return fmt::format("customer {} has no account on its `return` channel {}", message.customer, name);
    plan.deliveries.push_back(delivery);
    plan.deliveries.back().destination.channel = name;
  }
  if (plan.deliveries.size() == before)
    return fmt::format("customer {} has no `return` channel of environment {}", message.customer, environment);
  return std::nullopt;
}

}  // namespace sluis::routing
