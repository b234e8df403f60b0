#include "config/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "config/values.h"

namespace sluis::config {

namespace {

using routing::Condition;
using Kind = Condition::Kind;

std::optional<Condition> read_test(const Node& test, const Path& at, Report& report);

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

// `all`, `any`, and `not` when it is a list.
bool read_children(const Node& list, const Path& at, Report& report, std::vector<Condition>& children) {
  if (!expect_list(list, at, report)) return false;
  if (list.children.empty()) {
    report.at(list, at, "is an empty list");
    return false;
  }
  bool sound = true;
  for (const Node& item : list.children) {
    auto child = read_condition(item, at, report);
    if (child)
      children.push_back(*std::move(child));
    else
      sound = false;
  }
  return sound;
}

// { matches: … } or { present: … }
std::optional<Condition> read_operator(const Node& test, const Path& at, Report& report) {
  static constexpr std::array<std::string_view, 2> operators{"matches", "present"};
  Condition condition;
  condition.attribute = test.key;
  condition.place = report.key_place(test);
  const std::size_t before = report.count();
  refuse_unknown(test, operators, at, report);
  if (report.count() != before) return std::nullopt;
  if (test.children.size() != 1) {
    report.at(test, at, "needs either `matches` or `present`");
    return std::nullopt;
  }
  const Node& value = test.children.front();
  const Path here(at, value.key);
  const auto text = read_text(value, here, report);
  if (!text) return std::nullopt;
  if (value.key == "matches") {
    condition.kind = Kind::regex;
    condition.values.push_back(*text);
    return condition;
  }
  condition.kind = Kind::present;
  if (value.quoted || (*text != "true" && *text != "false")) {
    report.at(value, here, fmt::format("\"{}\" is neither true nor false", *text));
    return std::nullopt;
  }
  condition.present = *text == "true";
  return condition;
}

std::optional<Condition> read_combination(const Node& test, const Path& at, Report& report) {
  Condition condition;
  condition.place = report.key_place(test);
  condition.kind = test.key == "all" ? Kind::all : test.key == "any" ? Kind::any : Kind::none_of;
  if (condition.kind == Kind::none_of && test.is_mapping()) {
    auto child = read_condition(test, at, report);
    if (!child) return std::nullopt;
    condition.children.push_back(*std::move(child));
    return condition;
  }
  if (!read_children(test, at, report, condition.children)) return std::nullopt;
  return condition;
}

// One member of a mapping of attributes.
std::optional<Condition> read_test(const Node& test, const Path& at, Report& report) {
  if (test.key == "all" || test.key == "any" || test.key == "not") return read_combination(test, at, report);
  if (test.key.empty()) {
    report.at(test, at, "an attribute has no name");
    return std::nullopt;
  }
  if (test.is_mapping()) return read_operator(test, at, report);
  auto values = read_one_or_more(test, at, report);
  if (!values) return std::nullopt;
  Condition condition;
  condition.kind = std::any_of(values->begin(), values->end(), has_wildcard) ? Kind::glob : Kind::equals;
  condition.attribute = test.key;
  condition.values = *std::move(values);
  condition.place = report.key_place(test);
  return condition;
}

}  // namespace

std::optional<Condition> read_condition(const Node& node, const Path& at, Report& report) {
  if (!expect_mapping(node, at, report)) return std::nullopt;
  Condition all;
  all.place = report.place(node);
  bool sound = true;
  for (const Node& member : node.children) {
    auto child = read_test(member, Path(at, member.key), report);
    if (child)
      all.children.push_back(*std::move(child));
    else
      sound = false;
  }
  if (!sound) return std::nullopt;
  if (all.children.size() == 1) {
    Condition only = std::move(all.children.front());
    return only;
  }
  return all;
}

}  // namespace sluis::config
