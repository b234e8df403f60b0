// Time is injected: nothing in the house calls the system clock or sleeps (DESIGN §3.4).
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis {

using Duration = std::chrono::microseconds;
using WallTime = std::chrono::sys_time<Duration>;                                     // certificates, deadlines, what people read
struct MonoTag { using duration = Duration; using rep = Duration::rep; using period = Duration::period;
                 static constexpr bool is_steady = true; using time_point = std::chrono::time_point<MonoTag, Duration>; };
using MonoTime = std::chrono::time_point<MonoTag, Duration>;                          // intervals; never jumps

using namespace std::chrono_literals;

// [Threading] any thread.
class SLUIS_CORE_API Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual MonoTime mono() const = 0;
};

class SLUIS_CORE_API SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] MonoTime mono() const override;
};

// A clock that tests move. advance() moves both; jump() only the wall clock, as an NTP step or an operator does.
class SLUIS_CORE_API ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::seconds{1'767'225'600}});   // 2026-01-01T00:00:00Z
  [[nodiscard]] WallTime wall() const override { return WallTime{Duration{wall_.load()}}; }
  [[nodiscard]] MonoTime mono() const override { return MonoTime{Duration{mono_.load()}}; }
  void advance(Duration by) { wall_ += by.count(); mono_ += by.count(); }
  void jump(Duration by) { wall_ += by.count(); }

 private:
  std::atomic<Duration::rep> wall_;
  std::atomic<Duration::rep> mono_{0};
};

// RFC 3339 in UTC with milliseconds: 2026-01-01T00:00:00.000Z.
SLUIS_CORE_API std::string to_rfc3339(WallTime t);
SLUIS_CORE_API Result<WallTime> parse_rfc3339(std::string_view text);
// RFC 5322 §3.3 date-time in UTC: "Thu, 01 Jan 2026 00:00:00 +0000".
SLUIS_CORE_API std::string to_rfc5322_date(WallTime t);
// "90s", "2m", "1h30m", "24h", "5d", "250ms"; a number without a unit is refused. Used by settings.
SLUIS_CORE_API Result<Duration> parse_duration(std::string_view text);
SLUIS_CORE_API std::string format_duration(Duration d);

}  // namespace sluis
