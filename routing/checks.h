// What is wrong with a table as a whole: names that nothing has, routes that nothing reaches, environments that would
// mix.
#pragma once

#include <vector>

#include "routing/compiled.h"
#include "routing/table.h"

namespace sluis::routing {

// Each adds every fault it finds. [Preconditions] `routes` are of one tier, in order, their conditions compile.

// Channels, flows, customers, policies, gates and core attributes that a route names, with the nearest name that
// exists.
void check_names(const std::vector<RouteSpec>& routes, const TableInput& input, const FlowCatalogue& flows,
                 std::vector<LocatedError>& errors);
// A route whose condition never gets its turn, for an earlier one holds whenever it does; and two routes of one name.
void check_reach(const std::vector<RouteSpec>& routes, std::vector<LocatedError>& errors);
// Channels that cannot be a destination for anyone, or only for messages of the other environment; customers without
// return.
void check_destinations(const std::vector<RouteSpec>& routes, const TableInput& input,
                        std::vector<LocatedError>& errors);

// Runs the table's own examples.
void check_examples(const std::vector<RouteExample>& examples, const TableInput& input, const CompiledRouting& routing,
                    std::vector<LocatedError>& errors);

// `; did you mean "douane/uitvoer"?`, or nothing when no known name is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace sluis::routing
