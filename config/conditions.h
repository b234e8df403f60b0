// `when:` and `recognise:`, by the grammar in routing/spec.h.
#pragma once

#include <optional>

#include "config/report.h"
#include "routing/spec.h"

namespace sluis::config {

// Reports every fault in it and then returns nothing. A mapping is an `all`; one with a single member is that member.
[[nodiscard]] std::optional<routing::Condition> read_condition(const Node& node, const Path& at, Report& report);

}  // namespace sluis::config
