// One generation's routing, ready to decide.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/channel/customer.h"
#include "core/delivery/routing.h"
#include "routing/flows.h"
#include "routing/matcher.h"
#include "routing/spec.h"
#include "routing/symbols.h"
#include "routing/template.h"

namespace sluis::routing {

struct TableChannel {
  std::string name;
  std::string_view environment;  // "test" | "production"
  bool customer_side = false;
  bool has_own_account = false;
  std::unordered_set<std::string> accounts;  // customers
};

struct CompiledSend {
  const TableChannel* channel = nullptr;  // null: destination `customer`
  Template address;                       // empty: the flow's own address
  std::vector<std::pair<std::string, Template>> options;
};

struct CompiledRoute {
  RouteSpec spec;
  std::vector<CompiledSend> send;
  Template lane;
};

// Routes in order with the matcher over their conditions; the matcher's numbers are positions in `routes`.
struct Tier {
  std::vector<CompiledRoute> routes;
  Matcher matcher;
};

// Everything a decision reads. Built by compile(), then immutable; channels keep their addresses, for sends point at
// them.
struct Table {
  Symbols symbols;
  FlowCatalogue flows;
  TextMap<std::unique_ptr<const TableChannel>> channels;
  TextMap<std::shared_ptr<const Customer>> customers;  // shared with their generation
  Tier shared;
  TextMap<Tier> own;  // by customer
};

// One route that was looked at, and how it ended.
struct RouteConsidered {
  std::string route;
  std::string customer;  // empty: of the shared table
  Place place;
  bool matched = false;
  std::string why;  // the first part of its condition that fails; for the match, the condition
};

// What `sluis route FILE` prints.
struct Explanation {
  Attributes attributes;                    // as recognised
  std::string conflict;                     // content and address disagree: the message would be held
  std::vector<RouteConsidered> considered;  // in the order of trial; the last one matched, if any did
  RouteDecision decision;
  [[nodiscard]] std::string text() const;
};

// The routing table and the flow catalogue of one generation.
// [Threading] immutable; any thread. [Errors] as values in RouteDecision and Recognition, in words for an operator.
class CompiledRouting final : public Routing {
 public:
  explicit CompiledRouting(std::unique_ptr<const Table> table);
  ~CompiledRouting() override;

  [[nodiscard]] Recognition recognise(const Message& message,
                                      const std::vector<std::string_view>& heads) const override;
  [[nodiscard]] RouteDecision decide(const Message& message) const override;
  [[nodiscard]] FlowRules rules(std::string_view flow) const override;

  // A message whose attributes are recognised already.
  [[nodiscard]] Explanation explain(const Message& message) const;
  // Recognises first; `heads` as for recognise().
  [[nodiscard]] Explanation explain(const Message& message, const std::vector<std::string_view>& heads) const;
  // The route that matches, or null; what decide() begins with.
  [[nodiscard]] const CompiledRoute* match(const Message& message) const;

  [[nodiscard]] std::vector<std::string> flow_names() const override;
  [[nodiscard]] const FlowCatalogue& flows() const { return table_->flows; }

 private:
  [[nodiscard]] std::string_view environment_of(const Message& message) const;
  [[nodiscard]] RouteDecision plan(const CompiledRoute& route, const Message& message,
                                   std::string_view environment) const;
  // Adds to the plan; or the decision that stands in the plan's place.
  [[nodiscard]] std::optional<RouteDecision> plan_send(const CompiledRoute& route, const CompiledSend& send,
                                                       const Message& message, std::string_view environment,
                                                       RoutePlan& plan) const;
  // Adds what destination `customer` means; or why it means nothing.
  [[nodiscard]] std::optional<std::string> plan_return(const Message& message, std::string_view environment,
                                                       PlannedDelivery delivery, RoutePlan& plan) const;

  std::unique_ptr<const Table> table_;
};

}  // namespace sluis::routing
