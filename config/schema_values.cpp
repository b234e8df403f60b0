#include "config/schema_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "config/digits.h"

namespace sluis::config {

namespace {

// Scalars that YAML takes for something else than text; to us they are the text that is written.
const SchemaJson any_scalar = {"string", "number", "boolean"};
constexpr std::string_view no_reference = R"((?!.*\$\{(?:file|env|credential):))";
constexpr std::string_view one_line = R"([^\x00-\x1f\x7f])";

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

std::uint64_t lower(const SettingSpec& spec) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(spec.least, 0));
}
std::uint64_t upper(const SettingSpec& spec) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(spec.most, 0));
}

// The numbers before each unit that keep within the bounds.
std::string within(const SettingSpec& spec, std::span<const Unit> units, std::string_view zeros) {
  constexpr std::uint64_t many = 999'999'999'999'999'999;
  std::vector<std::string> out;
  for (const Unit& unit : units) {
    const std::uint64_t least = lower(spec) / unit.size + (lower(spec) % unit.size == 0 ? 0 : 1);
    const std::string digits = digits_between(least, spec.most == INT64_MAX ? many : upper(spec) / unit.size);
    if (!digits.empty()) out.push_back(fmt::format("{}(?:{}){}", zeros, digits, unit.name));
  }
  return fmt::format("{}", fmt::join(out, "|"));
}

std::string duration_pattern(const SettingSpec& spec) {
  static constexpr std::array<Unit, 6> units{
      {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}}};
  // Without a bound, any number: that parse_duration ends at some thousand years would fill a screen.
  return fmt::format(R"(^(?:{}|(?:\d+(?:us|ms|s|m|h|d)){{2,}})$)", within(spec, units, "0*"));
}

std::string bytes_pattern(const SettingSpec& spec) {
  static constexpr std::array<Unit, 7> units{{{"", 1},
                                              {"KiB", 1ULL << 10},
                                              {"MiB", 1ULL << 20},
                                              {"GiB", 1ULL << 30},
                                              {"kB", 1000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000}}};
  return fmt::format("^(?:{})$", within(spec, units, ""));
}

SchemaJson of_pattern(std::string pattern, std::string_view message) {
  return {{"type", "string"}, {"pattern", std::move(pattern)}, {"patternErrorMessage", message}};
}

SchemaJson words(std::span<const std::string_view> choices) {
  SchemaJson out = {{"type", "string"}, {"enum", SchemaJson::array()}};
  for (const std::string_view word : choices) out["enum"].push_back(word);
  return out;
}

SchemaJson bounded(const SettingSpec& spec, SchemaJson out) {
  const auto bound = [&](const char* keyword, std::int64_t value) {
    out[keyword] = spec.type == SettingType::number ? SchemaJson(static_cast<double>(value) / 1000) : SchemaJson(value);
  };
  if (spec.least != INT64_MIN) bound("minimum", spec.least);
  if (spec.most != INT64_MAX) bound("maximum", spec.most);
  return out;
}

SchemaJson bytes_schema(const SettingSpec& spec) {
  SettingSpec octets = spec;
  octets.least = std::max<std::int64_t>(spec.least, 0);
  SchemaJson out = of_pattern(bytes_pattern(octets), "must be a size: 512, 64KiB, 10MiB");
  out["type"] = {"integer", "string"};
  return bounded(octets, std::move(out));
}

SchemaJson typed(const SettingSpec& spec) {
  switch (spec.type) {
    case SettingType::text: return text_schema();
    case SettingType::name:
    case SettingType::listener_name: return name_schema();
    case SettingType::secret:
      return of_pattern(
          fmt::format(R"(^\$\{{(?:(?:file|env):{0}+|credential:(?!\.{{1,2}}\}}$)(?:(?!/){0})+)\}}$)", one_line),
          "a secret does not stand in the configuration; write ${file:…}, ${env:…} or ${credential:…}");
    case SettingType::integer: return bounded(spec, {{"type", "integer"}});
    case SettingType::number: return bounded(spec, {{"type", "number"}});
    case SettingType::bytes: return bytes_schema(spec);
    case SettingType::duration: return of_pattern(duration_pattern(spec), "must be a duration: 90s, 2m, 1h30m, 5d");
    case SettingType::boolean: return {{"type", "boolean"}};
    case SettingType::choice: return words(spec.choices);
    case SettingType::path:
      return of_pattern(fmt::format("^{}/{}*$", no_reference, one_line), "must be an absolute path");
    case SettingType::host:
      return of_pattern(fmt::format(R"(^{}[^\x00-\x20\x7f/@]{{1,253}}$)", no_reference),
                        "must be a host name or address");
    case SettingType::address:
      return of_pattern(
          fmt::format(R"(^{0}(?:\[{1}+\]|(?:(?!:){1})+):(?:{2})$)", no_reference, one_line, digits_between(0, 65535)),
          "must be host:port, 127.0.0.1:port or [::1]:port");
    case SettingType::text_list:
      return {{"type", "array"}, {"items", spec.choices.empty() ? text_schema() : words(spec.choices)}};
    case SettingType::text_map: return {{"type", "object"}, {"additionalProperties", text_schema()}};
  }
  return {};
}

SchemaJson default_value(const SettingSpec& spec) {
  const Settings settings = default_settings({&spec, 1});
  switch (spec.type) {
    case SettingType::integer: return settings.integer(spec.name);
    case SettingType::number: return settings.number(spec.name);
    case SettingType::boolean: return settings.boolean(spec.name);
    case SettingType::text_list: return settings.list(spec.name);
    default: return spec.otherwise;  // as it is written
  }
}

}  // namespace

std::string bounds_text(const SettingSpec& spec) {
  const auto word = [&](std::int64_t bound) {
    if (spec.type == SettingType::bytes)
      for (const auto& [unit, size] : {Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20}, Unit{"KiB", 1ULL << 10}})
        if (bound > 0 && static_cast<std::uint64_t>(bound) % size == 0)
          return fmt::format("{}{}", static_cast<std::uint64_t>(bound) / size, unit);
    return bound_text(spec, bound);
  };
  const bool low = spec.least != INT64_MIN;
  const bool high = spec.most != INT64_MAX;
  if (low && high) return fmt::format("{} to {}", word(spec.least), word(spec.most));
  if (low) return fmt::format("at least {}", word(spec.least));
  if (high) return fmt::format("at most {}", word(spec.most));
  return {};
}

SchemaJson text_schema() {
  return {{"type", any_scalar},
          {"pattern", fmt::format("^{}{}*$", no_reference, one_line)},
          {"patternErrorMessage", "must be one line, and is no secret, so it cannot be a reference"}};
}

SchemaJson lines_schema() {
  return {{"type", any_scalar},
          {"pattern", R"(^(?![\s\S]*\$\{(?:file|env|credential):))"},
          {"patternErrorMessage", "is no secret, so it cannot be a reference"}};
}

SchemaJson name_schema() {
  return {{"type", any_scalar},
          {"pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
          {"minimum", 0},
          {"patternErrorMessage", name_rule}};
}

SchemaJson value_schema(const SettingSpec& spec) {
  SchemaJson out = {{"description", spec.sentence}};
  const std::string bounds = bounds_text(spec);
  if (!bounds.empty()) out["description"] = fmt::format("{} ({})", spec.sentence, bounds);
  out.update(typed(spec));
  if (spec.required && spec.type == SettingType::text) out["minLength"] = 1;
  if (!spec.otherwise.empty()) out["default"] = default_value(spec);
  return out;
}

SchemaJson setting_json(const SettingSpec& spec) {
  SchemaJson out = {{"name", spec.name},
                    {"type", to_string(spec.type)},
                    {"default", spec.otherwise},
                    {"required", spec.required},
                    {"sentence", spec.sentence}};
  if (!spec.choices.empty()) out["choices"] = std::vector<std::string>(spec.choices.begin(), spec.choices.end());
  if (const std::string bounds = bounds_text(spec); !bounds.empty()) out["bounds"] = bounds;
  return out;
}

}  // namespace sluis::config
