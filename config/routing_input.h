// The routing table's compiler, fed with what is understood; and kept from blaming a route for another file's fault.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/channels.h"
#include "core/delivery/generation.h"
#include "routing/table.h"

namespace sluis::config {

// What is there, but not understood: names that routes may use all the same.
struct Doubts {
  std::set<std::string, std::less<>> channels;
  std::set<std::string> customers;
  bool policies = false;  // there may be others than those known
  bool flows = false;
  bool anything = false;  // some error was found already, so the table's own examples say nothing
};

struct RoutingText {
  std::vector<routing::RouteSpec> routes;
  std::vector<routing::RouteExample> examples;
  std::vector<routing::FlowSpec> flows;
};

// Errors are those that hold whatever the doubts turn out to be. A routing comes only without doubts and errors.
[[nodiscard]] routing::Compiled compile_routing(RoutingText text, const Generation& generation,
                                                const Channels& channels, const Doubts& doubts);

}  // namespace sluis::config
