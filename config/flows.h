// flows.yaml: the delivered catalogue, and the operator's own on top.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/secrets.h"
#include "routing/spec.h"

namespace sluis::config {

// The text of config/flows.yaml, as it was when this program was built.
[[nodiscard]] std::string_view delivered_flows();
inline constexpr std::string_view delivered_flows_file = "(delivered) flows.yaml";  // as errors name it

// Adds the file's flows. One that is in `flows` already and says nothing of duplicates keeps what was said there. False
// when a fault leaves open which flows there are.
bool read_flows(const Document& document, Secrets& secrets, std::vector<LocatedError>& errors,
                std::vector<routing::FlowSpec>& flows);

}  // namespace sluis::config
