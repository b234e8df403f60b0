// Why a message goes where it goes: the same predicates, asked in words.
#include <fmt/format.h>

#include "routing/compiled.h"

namespace sluis::routing {

Explanation CompiledRouting::explain(const Message& message) const {
  Explanation out;
  out.attributes = message.attributes;
  Facts facts(table_->symbols, message, environment_of(message));
  const auto consider = [&](const Tier& tier) {
    for (std::size_t i = 0; i < tier.routes.size(); ++i) {
      const RouteSpec& spec = tier.routes[i].spec;
      const Predicate& predicate = tier.matcher.at(static_cast<Matcher::Index>(i));
      const bool matched = predicate.holds(facts);
      out.considered.push_back({spec.name, spec.customer, spec.place, matched,
                                matched ? describe(spec.when) : first_failure(spec.when, predicate, facts)});
      if (matched) return true;
    }
    return false;
  };
  const auto own = table_->own.find(message.customer);
  if (own == table_->own.end() || !consider(own->second)) consider(table_->shared);
  out.decision = decide(message);
  return out;
}

Explanation CompiledRouting::explain(const Message& message, const std::vector<std::string_view>& heads) const {
  Recognition recognition = recognise(message, heads);
  Message recognised = message;
  recognised.attributes = std::move(recognition.attributes);
  Explanation out = explain(recognised);
  out.conflict = std::move(recognition.conflict);
  return out;
}

std::string Explanation::text() const {
  std::string out = "attributes\n";
  for (const auto& [name, value] : attributes) out += fmt::format("  {} = {}\n", name, value);
  if (!conflict.empty()) out += fmt::format("held: {}\n", conflict);
  out += "routes\n";
  for (const RouteConsidered& r : considered)
    out += fmt::format("  {} {}{} ({}): {}\n", r.matched ? "+" : "-", r.customer.empty() ? "" : r.customer + "'s ",
                       r.route, r.place.text(), r.why);
  if (const auto* plan = std::get_if<RoutePlan>(&decision)) {
    out += "deliveries\n";
    for (const PlannedDelivery& d : plan->deliveries)
      out += fmt::format("  {} account {}{}{}\n", d.destination.channel,
                         d.destination.account.empty() ? "of the channel" : d.destination.account,
                         d.destination.address.empty() ? "" : ", to " + d.destination.address,
                         d.lane.empty() ? "" : ", lane " + d.lane);
  } else if (const auto* unrouted = std::get_if<Unrouted>(&decision)) {
    out += fmt::format("unrouted: {}\n", unrouted->reason);
  } else {
    out += fmt::format("conflict: {}\n", std::get<RouteConflict>(decision).reason);
  }
  return out;
}

}  // namespace sluis::routing
