// Flows are named in levels (douane/uitvoer); a pattern is a name, or a prefix with "/*" (douane/*).
#pragma once

#include <string_view>

namespace sluis {

constexpr bool matches_flow(std::string_view pattern, std::string_view flow) {
  if (!pattern.ends_with("/*")) return pattern == flow;
  return flow.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace sluis
