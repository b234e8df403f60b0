#include "core/channel/delivery.h"

namespace sluis {

namespace {
constexpr std::string_view names[] = {"queued", "sending", "awaiting", "delivered", "blocked", "held", "rejected", "expired", "cancelled"};
}

std::string_view to_string(DeliveryState state) { return names[static_cast<int>(state)]; }

std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
  for (int i = 0; i < static_cast<int>(std::size(names)); ++i)
    if (names[i] == text) return static_cast<DeliveryState>(i);
  return std::nullopt;
}

}  // namespace sluis
