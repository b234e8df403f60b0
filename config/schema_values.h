// One row of a settings table as a JSON Schema.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/channel/settings.h"

namespace sluis::config {

using SchemaJson = nlohmann::ordered_json;  // settings stay in the order of their table

// Takes what YAML 1.2 makes of a value that parse_setting takes, and refuses what it refuses, with two exceptions: a
// duration of several units ("1h30m") or without an upper bound is not held to the bounds, and what YAML hides (0587 is
// 587, 0x10 is 16) is not seen. Descriptions hold the bounds in words; `patternErrorMessage` is what YAML editors show
// instead of a pattern.
[[nodiscard]] SchemaJson value_schema(const SettingSpec& spec);

// Text on one line, and over several: any scalar, as texts stay what is written (`0123`, `no`). Not a secret's
// reference.
[[nodiscard]] SchemaJson text_schema();
[[nodiscard]] SchemaJson lines_schema();
[[nodiscard]] SchemaJson name_schema();

// One row as data, for `sluis adapters` and the reference pages.
[[nodiscard]] SchemaJson setting_json(const SettingSpec& spec);

// "1s to 1d", "at least 1s", "at most 5"; empty: no bounds.
[[nodiscard]] std::string bounds_text(const SettingSpec& spec);

}  // namespace sluis::config
