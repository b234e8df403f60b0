// routes.yaml, and `routes:` in a customer's file.
#pragma once

#include <string>
#include <vector>

#include "config/document.h"
#include "config/report.h"
#include "config/secrets.h"
#include "routing/spec.h"

namespace sluis::config {

// A list of routes; `customer` is empty for the shared table. A route with a fault is left out.
void read_routes(const Node& list, const std::string& customer, const Path& at, Report& report, Secrets& secrets,
                 std::vector<routing::RouteSpec>& routes);

struct RoutesFile {
  std::vector<routing::RouteSpec> routes;
  std::vector<routing::RouteExample> examples;
};
[[nodiscard]] RoutesFile read_routes_file(const Document& document, Secrets& secrets,
                                          std::vector<LocatedError>& errors);

}  // namespace sluis::config
