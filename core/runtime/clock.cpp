#include "core/runtime/clock.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <limits>

namespace sluis {

namespace {

Duration read_clock(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec});
}

std::tm to_tm(WallTime t) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  return tm;
}

// Reads exactly `digits` decimal digits at `pos`; -1 when they are not there.
int digits_at(std::string_view text, std::size_t pos, std::size_t digits) {
  if (pos + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t i = pos; i < pos + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

WallTime SystemClock::wall() const { return WallTime{read_clock(CLOCK_REALTIME)}; }
MonoTime SystemClock::mono() const { return MonoTime{read_clock(CLOCK_MONOTONIC)}; }

ManualClock::ManualClock(WallTime start) : wall_(start.time_since_epoch().count()) {}

std::string to_rfc3339(WallTime t) {
  const std::tm tm = to_tm(t);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t - std::chrono::floor<std::chrono::seconds>(t));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                     tm.tm_min, tm.tm_sec, ms.count());
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto bad = [&] { return Error{"time.syntax", fmt::format("\"{}\" is not an RFC 3339 time", text)}; };
  const int year = digits_at(text, 0, 4), month = digits_at(text, 5, 2), day = digits_at(text, 8, 2);
  const int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
  if (year < 0 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' || text[16] != ':' || hour > 23 ||
      minute > 59 || second > 60)
    return bad();
  const std::chrono::year_month_day ymd{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                        std::chrono::day{static_cast<unsigned>(day)}};
  if (!ymd.ok()) return bad();
  WallTime t = WallTime{std::chrono::sys_days{ymd}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
               std::chrono::seconds{second};
  std::size_t pos = 19;
  if (pos < text.size() && text[pos] == '.') {
    std::int64_t scale = 100'000;
    for (++pos; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos, scale /= 10)
      t += Duration{(text[pos] - '0') * scale};
  }
  if (pos + 1 == text.size() && (text[pos] == 'Z' || text[pos] == 'z')) return t;
  if (pos + 6 == text.size() && (text[pos] == '+' || text[pos] == '-') && text[pos + 3] == ':') {
    const int oh = digits_at(text, pos + 1, 2), om = digits_at(text, pos + 4, 2);
    if (oh < 0 || om < 0 || oh > 23 || om > 59) return bad();
    const auto offset = std::chrono::hours{oh} + std::chrono::minutes{om};
    return text[pos] == '+' ? t - offset : t + offset;
  }
  return bad();
}

std::string to_rfc5322_date(WallTime t) {
  // Names are fixed by RFC 5322 §3.3; strftime would follow the locale.
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm tm = to_tm(t);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days.at(static_cast<std::size_t>(tm.tm_wday)), tm.tm_mday,
                     months.at(static_cast<std::size_t>(tm.tm_mon)), tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

Result<Duration> parse_duration(std::string_view text) {
  struct Unit { std::string_view name; std::int64_t micros; };
  static constexpr std::array<Unit, 6> units{{{"ms", 1'000}, {"us", 1}, {"s", 1'000'000}, {"m", 60'000'000},
                                              {"h", 3'600'000'000}, {"d", 86'400'000'000}}};
  const auto bad = [&] {
    return Error{"duration.syntax", fmt::format("\"{}\" is not a duration; write for example 90s, 2m, 1h30m or 5d", text)};
  };
  std::int64_t total = 0;
  std::size_t pos = 0;
  if (text.empty()) return bad();
  while (pos < text.size()) {
    std::int64_t number = 0;
    const std::size_t start = pos;
    for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos) {
      number = number * 10 + (text[pos] - '0');
      if (number > 1'000'000'000) return bad();
    }
    if (pos == start) return bad();
    const Unit* found = nullptr;
    for (const Unit& unit : units)
      if (text.substr(pos).starts_with(unit.name) && (found == nullptr || unit.name.size() > found->name.size())) found = &unit;
    if (found == nullptr) return bad();
    pos += found->name.size();
    if (number > (std::numeric_limits<std::int64_t>::max() / 4 - total) / found->micros) return bad();
    total += number * found->micros;
  }
  return Duration{total};
}

std::string format_duration(Duration d) {
  if (d == Duration::zero()) return "0s";
  std::string out = d < Duration::zero() ? "-" : "";
  std::int64_t rest = std::abs(d.count());
  const auto take = [&](std::int64_t unit, const char* name) {
    if (rest >= unit) {
      out += fmt::format("{}{}", rest / unit, name);
      rest %= unit;
    }
  };
  take(86'400'000'000, "d");
  take(3'600'000'000, "h");
  take(60'000'000, "m");
  take(1'000'000, "s");
  if (out.empty() || out == "-") {
    take(1'000, "ms");
    if (rest > 0) out += fmt::format("{}us", rest);
  }
  return out;
}

}  // namespace sluis
