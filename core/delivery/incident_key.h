// The names of the conditions that the engine and the intake open: "<channel>/<condition>/<what it is about>".
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/ids.h"

namespace sluis::incident_key {

inline std::string of_delivery(std::string_view channel, std::string_view condition, DeliveryId id) {
  return std::string(channel) + '/' + std::string(condition) + '/' + std::to_string(number(id));
}
inline std::string held(std::string_view channel, DeliveryId id) {
  return of_delivery(channel, "held", id);
}
inline std::string proof(std::string_view channel, DeliveryId id) {
  return of_delivery(channel, "proof", id);
}
inline std::string reply(std::string_view channel, DeliveryId id) {
  return of_delivery(channel, "reply", id);
}
inline std::string lane(std::string_view channel, DeliveryId id) {
  return of_delivery(channel, "lane", id);
}

inline std::string breaker(std::string_view channel) {
  return std::string(channel) + "/breaker";
}
inline std::string breaker(std::string_view channel, std::string_view account) {
  return std::string(channel) + "/breaker/" + std::string(account);
}

inline std::string unrouted(std::string_view channel, std::string_view flow) {
  return std::string(channel) + "/unrouted/" + std::string(flow.empty() ? "unknown" : flow);
}
inline std::string conflict(std::string_view channel, const MessageId& id) {
  return std::string(channel) + "/conflict/" + id.text();
}
inline std::string quarantine(std::string_view channel, const MessageId& id) {
  return std::string(channel) + "/quarantine/" + id.text();
}

// The delivery that a key of of_delivery() is about; none for every other key.
inline std::optional<DeliveryId> delivery_of(std::string_view key) {
  for (const std::string_view condition : {"/held/", "/proof/", "/reply/", "/lane/"}) {
    const auto at = key.rfind(condition);
    if (at == std::string_view::npos) continue;
    const std::string_view digits = key.substr(at + condition.size());
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc{} && end == digits.data() + digits.size() && !digits.empty()) return DeliveryId{value};
  }
  return std::nullopt;
}

}  // namespace sluis::incident_key
