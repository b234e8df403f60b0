#include "core/store/commands.h"

namespace sluis {

std::string_view to_string(WakeupKind k) {
  static constexpr std::string_view names[] = {"expire", "escalate", "proof", "reply", "report"};
  return names[static_cast<int>(k)];
}

}  // namespace sluis
