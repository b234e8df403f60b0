// The routing table: what goes in, what comes out, and every fault at once.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/channel/customer.h"
#include "routing/compiled.h"
#include "routing/predicate.h"
#include "routing/spec.h"

namespace sluis::routing {

// What the table must know of a channel: its own words, and those of its kind (ChannelKind).
struct ChannelFact {
  std::string name;
  Environment environment = Environment::test;
  bool customer_side = false;
  bool sends = true;
  bool has_own_account = false;  // `account:` in the channel's file: used by every customer without its own
};

struct TableInput {
  std::vector<RouteSpec> routes;  // in the order of the files; a customer's own may stand anywhere
  std::vector<FlowSpec> flows;    // the delivered catalogue, then the operator's
  std::vector<RouteExample> examples;
  std::vector<ChannelFact> channels;
  std::vector<std::shared_ptr<const Customer>> customers;  // shared with the generation they belong to
  std::set<std::pair<std::string, std::string>> accounts;  // (channel, customer)
  std::set<std::string> policies;
};

struct Compiled {
  std::shared_ptr<const CompiledRouting>
      routing;                       // null when there are errors; shared: work in flight keeps its generation's
  std::vector<LocatedError> errors;  // by file, line and column
};

// Checks everything against everything and builds the matcher. Never stops at the first fault. Pure.
[[nodiscard]] Compiled compile(TableInput input);

}  // namespace sluis::routing
