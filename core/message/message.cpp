#include "core/message/message.h"

namespace sluis {

std::string_view to_string(PartRole role) {
  static constexpr std::string_view names[] = {"payload", "attachment", "original"};
  return names[static_cast<int>(role)];
}

std::optional<PartRole> parse_part_role(std::string_view text) {
  for (const PartRole role : {PartRole::payload, PartRole::attachment, PartRole::original})
    if (to_string(role) == text) return role;
  return std::nullopt;
}

}  // namespace sluis
