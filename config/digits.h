// Bounds as regular expressions: what a JSON Schema can say about numbers inside a text ("90s", "64KiB").
#pragma once

#include <cstdint>
#include <string>

namespace sluis::config {

// Matches exactly the decimal numbers from `least` to `most`, without leading zeros: alternatives, to be put into a
// group. ECMA-262, without anchors. Empty when there is no such number.
[[nodiscard]] std::string digits_between(std::uint64_t least, std::uint64_t most);

}  // namespace sluis::config
