#include "core/runtime/ids.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluis {

std::string Uuid::text() const {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += hex[bytes[i] >> 4];
    out += hex[bytes[i] & 15];
  }
  return out;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  const Error bad{"uuid.syntax", fmt::format("\"{}\" is not a UUID", text.substr(0, 64))};
  if (text.size() != 36) return bad;
  Uuid id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return bad;
      continue;
    }
    const char c = text[i];
    int value = -1;
    if (c >= '0' && c <= '9') value = c - '0';
    if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
    if (value < 0) return bad;
    auto& byte = id.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(nibble % 2 == 0 ? value << 4 : byte | value);
    ++nibble;
  }
  return id;
}

Uuid IdGenerator::next() {
  Uuid id;
  random_.fill(id.bytes);
  const auto now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count());
  const std::lock_guard lock(mutex_);
  if (now > last_ms_) {
    last_ms_ = now;
    sequence_ = static_cast<std::uint16_t>(((id.bytes[6] & 0x07) << 8) | id.bytes[7]);   // half the range left for this millisecond
  } else if (++sequence_ > 0x0FFF) {
    ++last_ms_;   // borrow from the next millisecond rather than repeat
    sequence_ = 0;
  }
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(last_ms_ >> (8 * (5 - i)));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (sequence_ >> 8));
  id.bytes[7] = static_cast<std::uint8_t>(sequence_ & 0xFF);
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
  return id;
}

}  // namespace sluis
