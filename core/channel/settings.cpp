#include "core/channel/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace sluis {

namespace {

constexpr double thousandths = 1000;

// Levenshtein distance, small strings only.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Error bounds(const SettingSpec& spec, std::string_view text) {
  const std::string_view unit = spec.type == SettingType::bytes ? " octets" : "";
  const auto word = [&](std::int64_t bound) { return bound_text(spec, bound).append(unit); };
  return Error{"setting.bounds", fmt::format("{} is out of bounds: {} to {}", text,
                                             spec.least == INT64_MIN ? "no least" : word(spec.least),
                                             spec.most == INT64_MAX ? "no most" : word(spec.most))};
}

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // A leading zero is octal to some and decimal to others: ask.
  const bool octal = text.size() > 1 && text[0] == '0';
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || octal)
    return Error{"setting.type", fmt::format("\"{}\" is not a whole number", text)};
  return value;
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return Error{"setting.type", fmt::format("\"{}\" is not a number; write for example 2 or 0.5, without quotes", text)};
  return value;
}

Result<SettingValue> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  const Error bad{"setting.type", fmt::format("\"{}\" is not an address; write host:port, 127.0.0.1:port or [::1]:port", text)};
  if (colon == std::string_view::npos || colon == 0) return bad;
  const auto port = parse_integer(text.substr(colon + 1));
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (!port || *port < 0 || *port > 65535 || (!bracketed && host.find(':') != std::string_view::npos)) return bad;
  return SettingValue{std::string(text)};
}

}  // namespace

std::string_view to_string(SettingType type) {
  static constexpr std::string_view names[] = {"text", "name", "secret", "integer", "number", "bytes", "duration", "boolean",
                                               "choice", "path", "host", "address", "list of text", "map of text", "listener"};
  return names[static_cast<int>(type)];
}

void Settings::set(std::string_view name, SettingValue value) { values_.insert_or_assign(std::string(name), std::move(value)); }
bool Settings::has(std::string_view name) const { return find(name) != nullptr; }

const SettingValue* Settings::find(std::string_view name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? nullptr : &at->second;
}

namespace {
template <class T>
T read(const SettingValue* value) {
  if (value == nullptr) return T{};
  const T* typed = std::get_if<T>(value);
  assert(typed != nullptr && "read as another type than the table says");
  return typed == nullptr ? T{} : *typed;
}
}  // namespace

std::string Settings::text(std::string_view name) const { return read<std::string>(find(name)); }
Secret Settings::secret(std::string_view name) const { return read<Secret>(find(name)); }
std::int64_t Settings::integer(std::string_view name) const { return read<std::int64_t>(find(name)); }
double Settings::number(std::string_view name) const { return read<double>(find(name)); }
bool Settings::boolean(std::string_view name) const { return read<bool>(find(name)); }
Duration Settings::duration(std::string_view name) const { return read<Duration>(find(name)); }
std::vector<std::string> Settings::list(std::string_view name) const { return read<std::vector<std::string>>(find(name)); }
std::map<std::string, std::string> Settings::map(std::string_view name) const { return read<std::map<std::string, std::string>>(find(name)); }

Result<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit { std::string_view name; std::uint64_t octets; };
  static constexpr std::array<Unit, 6> units{{{"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30},
                                              {"kB", 1000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}}};
  std::uint64_t factor = 1;
  std::string_view digits = text;
  for (const Unit& unit : units)
    if (text.ends_with(unit.name)) {
      factor = unit.octets;
      digits = text.substr(0, text.size() - unit.name.size());
      break;
    }
  const auto number = parse_integer(digits);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > (UINT64_MAX >> 1) / factor)
    return Error{"setting.type", fmt::format("\"{}\" is not a size; write for example 512, 64KiB or 10MiB", text)};
  return static_cast<std::uint64_t>(*number) * factor;
}

Result<SettingValue> parse_setting(const SettingSpec& spec, std::string_view text) {
  if (has_control_characters(text)) return Error{"setting.type", "control characters are not allowed"};
  switch (spec.type) {
    case SettingType::text:
    case SettingType::text_list:
    case SettingType::text_map: return SettingValue{std::string(text)};
    case SettingType::listener_name:
    case SettingType::name:
      if (is_name(text)) return SettingValue{std::string(text)};
      return Error{"setting.type", fmt::format("\"{}\" {}", text, name_rule)};
    case SettingType::secret: return SettingValue{Secret{std::string(text)}};
    case SettingType::integer: {
      const auto value = parse_integer(text);
      if (!value) return value.error();
      if (*value < spec.least || *value > spec.most)
        return bounds(spec, text);
      return SettingValue{*value};
    }
    case SettingType::number: {
      const auto value = parse_number(text);
      if (!value) return value.error();
      const bool low = spec.least != INT64_MIN && *value < static_cast<double>(spec.least) / thousandths;
      const bool high = spec.most != INT64_MAX && *value > static_cast<double>(spec.most) / thousandths;
      if (low || high) return bounds(spec, text);
      return SettingValue{*value};
    }
    case SettingType::bytes: {
      const auto value = parse_bytes(text);
      if (!value) return value.error();
      const auto octets = static_cast<std::int64_t>(*value);
      if (octets < spec.least || octets > spec.most)
        return bounds(spec, text);
      return SettingValue{octets};
    }
    case SettingType::duration: {
      const auto value = parse_duration(text);
      if (!value) return Error{"setting.type", value.error().what};
      if (value->count() < spec.least || value->count() > spec.most)
        return bounds(spec, text);
      return SettingValue{*value};
    }
    case SettingType::boolean:
      if (text == "true") return SettingValue{true};
      if (text == "false") return SettingValue{false};
      return Error{"setting.type", fmt::format("\"{}\" is neither true nor false", text)};
    case SettingType::choice:
      if (std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end()) return SettingValue{std::string(text)};
      return Error{"setting.type", fmt::format("\"{}\" is none of {}", text, fmt::join(spec.choices, ", "))};
    case SettingType::path:
      // An address may hold a password: it is not repeated.
      if (text.find("://") != std::string_view::npos && text.front() != '/')
        return Error{"setting.type", "must be an absolute path, not the address of a server"};
      if (text.empty() || text.front() != '/') return Error{"setting.type", fmt::format("\"{}\" is not an absolute path", text)};
      return SettingValue{std::string(text)};
    case SettingType::host:
      if (text.empty() || text.size() > 253 || text.find_first_of(" /@") != std::string_view::npos)
        return Error{"setting.type", fmt::format("\"{}\" is not a host name or address", text)};
      return SettingValue{std::string(text)};
    case SettingType::address: return parse_address(text);
  }
  return Error{"setting.type", "unknown type"};
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string bound_text(const SettingSpec& spec, std::int64_t bound) {
  if (spec.type == SettingType::duration) return format_duration(Duration{bound});
  if (spec.type == SettingType::number) return fmt::format("{}", static_cast<double>(bound) / thousandths);
  return std::to_string(bound);
}

const SettingSpec* find_setting(SettingsTable table, std::string_view name) {
  for (const SettingSpec& spec : table)
    if (spec.name == name) return &spec;
  return nullptr;
}

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string_view> known) {
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : known)
    if (const std::size_t d = distance(name, candidate); d < least) {
      least = d;
      best = candidate;
    }
  return best;
}

Settings default_settings(SettingsTable table) {
  Settings settings;
  for (const SettingSpec& spec : table) {
    if (spec.type == SettingType::text_list) {
      std::vector<std::string> items;   // a list's default is written "a, b"
      std::string_view rest = spec.otherwise;
      while (!rest.empty()) {
        const auto comma = rest.find(", ");
        items.emplace_back(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 2);
      }
      if (!items.empty()) settings.set(spec.name, std::move(items));
      continue;
    }
    if (spec.otherwise.empty() || spec.type == SettingType::text_map) continue;
    auto value = parse_setting(spec, spec.otherwise);
    assert(value.ok() && "a default breaks its own row");
    if (value) settings.set(spec.name, std::move(*value));
  }
  return settings;
}

}  // namespace sluis
