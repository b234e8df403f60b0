// Shell-like patterns of the routing table: `*` is any run of characters, `/` included, `?` exactly one.
#pragma once

#include <string_view>

namespace sluis::routing {

[[nodiscard]] inline bool is_glob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

// Compares the whole text; `?` is one UTF-8 character. Never recurses: only the last `*` is taken back, so the time is
// bounded by the product of the lengths. [Threading] pure.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace sluis::routing
