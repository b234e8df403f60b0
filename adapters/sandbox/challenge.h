// The challenge of CRAM-MD5 (RFC 2195 §2): <unique@host>.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/runtime/clock.h"
#include "core/runtime/digest.h"
#include "core/runtime/random.h"

namespace sluis::sandbox {

inline std::string cram_challenge(const Clock& clock, Random& random, const std::string& host) {
  std::array<std::uint8_t, 12> octets{};
  random.fill(octets);
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  return "<" + to_hex(text) + "." + std::to_string(clock.wall().time_since_epoch().count()) + "@" + host + ">";
}

}  // namespace sluis::sandbox
