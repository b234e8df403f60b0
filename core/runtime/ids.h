// Ids that never change: UUID version 7 (RFC 9562 §5.7), so that they sort by time of arrival.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/random.h"
#include "core/runtime/result.h"

namespace sluis {

struct SLUIS_CORE_API Uuid {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] std::string text() const;   // 8-4-4-4-12, lower case
  [[nodiscard]] bool nil() const { return *this == Uuid{}; }
  static Result<Uuid> parse(std::string_view text);
  auto operator<=>(const Uuid&) const = default;
};

using MessageId = Uuid;

// A delivery's number, given by the store when it is committed; unique within one store, never reused.
enum class DeliveryId : std::int64_t {};
constexpr std::int64_t number(DeliveryId id) { return static_cast<std::int64_t>(id); }

// Makes UUIDv7 that are strictly increasing within one generator, also when the wall clock steps back.
// [Threading] any thread.
class SLUIS_CORE_API IdGenerator {
 public:
  IdGenerator(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
  Uuid next();

 private:
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::uint64_t last_ms_ = 0;
  std::uint16_t sequence_ = 0;
};

}  // namespace sluis
