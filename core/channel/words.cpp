// The words of health and severity, as screens show them.
#include "core/channel/channel.h"
#include "core/channel/context.h"

namespace sluis {

std::string_view to_string(Severity s) { return s == Severity::warning ? "warning" : "critical"; }

std::string_view to_string(Health::State s) {
  static constexpr std::string_view names[] = {"starting", "up", "degraded", "down", "stopped"};
  return names[static_cast<int>(s)];
}

}  // namespace sluis
