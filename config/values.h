// Values that no row of a settings table describes: texts, names, lists of texts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/members.h"
#include "config/report.h"

namespace sluis::config {

// Each reports what is wrong and then returns nothing.

// One line of text. What looks like a reference to a secret is refused: it would end up on a screen.
[[nodiscard]] std::optional<std::string> read_text(const Node& value, const Path& at, Report& report);
// The same, over several lines.
[[nodiscard]] std::optional<std::string> read_long_text(const Node& value, const Path& at, Report& report);
// A name of ours, by is_name.
[[nodiscard]] std::optional<std::string> read_name(const Node& value, const Path& at, Report& report);
// One text or a list of them, not empty.
[[nodiscard]] std::optional<std::vector<std::string>> read_one_or_more(const Node& value, const Path& at,
                                                                       Report& report);

// False, and reported, when the value holds a reference to a secret.
bool refuse_reference(const Node& value, const Path& at, Report& report);
// False, and reported, when the value is not a mapping.
bool expect_mapping(const Node& value, const Path& at, Report& report);
bool expect_list(const Node& value, const Path& at, Report& report);
// The one member of a file that has no other ("flows"); reports every other. Null: the file says nothing.
const Node* only_member(const Node& root, const Table& table, Report& report);
// Reports every member whose name is not known.
void refuse_unknown(const Node& mapping, std::span<const std::string_view> known, const Path& at, Report& report);

// `unknown setting; did you mean "password"?`
[[nodiscard]] std::string unknown(std::string_view what, const std::optional<std::string>& nearest);
// `; did you mean "tulli"?`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace sluis::config
