// Settings tables: what a channel, an account or the gateway can be told, as data. Validation, `sluis schema`, reference
// docs and forms are made from these tables (DESIGN §3.1).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "core/runtime/secret.h"

namespace sluis {

enum class SettingType {
  text,        // any UTF-8 line
  name,        // a name of ours, see is_name
  secret,      // ${file:…}, ${env:…}, ${credential:…}; never a plain value
  integer,     // bounds in `least`, `most`
  number,      // with a fraction if need be; bounds in thousandths
  bytes,       // "64KiB", "10MiB", "512"; bounds in octets
  duration,    // "90s", "2m"; bounds in microseconds
  boolean,     // true | false
  choice,      // one of `choices`
  path,        // absolute file or folder
  host,        // a host name or address
  address,     // host:port or address:port
  text_list,   // a list of text
  text_map,    // name: text
  listener_name  // of a listener of gateway.yaml
};
SLUIS_CORE_API std::string_view to_string(SettingType type);

// One row. Nested settings have dotted names: "submit.host".
struct SettingSpec {
  std::string_view name;
  SettingType type = SettingType::text;
  std::string_view sentence;                // mandatory, one sentence
  std::string_view otherwise = {};          // the default, written as in YAML; empty: none
  bool required = false;
  std::int64_t least = INT64_MIN;           // both bounds in the type's unit
  std::int64_t most = INT64_MAX;
  std::span<const std::string_view> choices = {};
};
using SettingsTable = std::span<const SettingSpec>;

using SettingValue =
    std::variant<std::string, Secret, std::int64_t, double, bool, Duration, std::vector<std::string>, std::map<std::string, std::string>>;

// Checked values: every default filled in, every type as its row says. The getters assert that the row exists.
// [Threading] immutable once built.
class SLUIS_CORE_API Settings {
 public:
  void set(std::string_view name, SettingValue value);
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;             // text, name, choice, path, host, address, listener_name; "" when unset
  [[nodiscard]] Secret secret(std::string_view name) const;                 // empty when unset
  [[nodiscard]] std::int64_t integer(std::string_view name) const;          // integer, bytes; 0 when unset
  [[nodiscard]] double number(std::string_view name) const;                 // 0 when unset
  [[nodiscard]] bool boolean(std::string_view name) const;                  // false when unset
  [[nodiscard]] Duration duration(std::string_view name) const;             // zero when unset
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] std::map<std::string, std::string> map(std::string_view name) const;
  bool operator==(const Settings&) const = default;

 private:
  const SettingValue* find(std::string_view name) const;
  std::map<std::string, SettingValue, std::less<>> values_;
};

// Checks one value written as text against its row; for a list or map it is called per item. Secrets are resolved by the
// caller (config). Error "setting.type" or "setting.bounds", in words for the one who wrote it.
SLUIS_CORE_API Result<SettingValue> parse_setting(const SettingSpec& spec, std::string_view text);
// Letters, digits, '-', '_' and '.', 64 at most, beginning with a letter or digit: it becomes part of metrics, lock names
// and addresses.
SLUIS_CORE_API bool is_name(std::string_view text);
inline constexpr std::string_view name_rule = "is not a name; use letters, digits, '-', '_' and '.', 64 at most";
// A row's bound in the words of its type: 1000 of a duration is "1ms", 1500 of a number is "1.5".
SLUIS_CORE_API std::string bound_text(const SettingSpec& spec, std::int64_t bound);
// The row with this name, or null; and for an unknown one the nearest name, for "did you mean".
SLUIS_CORE_API const SettingSpec* find_setting(SettingsTable table, std::string_view name);
SLUIS_CORE_API std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string_view> known);
SLUIS_CORE_API Result<std::uint64_t> parse_bytes(std::string_view text);
// Settings with every default of the table; what is required stays unset. For tests and adapters' own use.
SLUIS_CORE_API Settings default_settings(SettingsTable table);

}  // namespace sluis
