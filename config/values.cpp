#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/secrets.h"

namespace sluis::config {

namespace {

bool expect_scalar(const Node& value, const Path& at, Report& report) {
  if (value.is_scalar()) return true;
  if (value.is_null())
    report.at_key(value, at, "has no value");
  else
    report.at(value, at,
              value.is_list() ? "must be a single text, not a list" : "must be a single text, not a mapping");
  return false;
}

}  // namespace

std::string unknown(std::string_view what, const std::optional<std::string>& nearest) {
  return nearest ? fmt::format("unknown {}; did you mean \"{}\"?", what, *nearest) : fmt::format("unknown {}", what);
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
  const auto nearest = nearest_name(name, known);
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : std::string{};
}

bool refuse_reference(const Node& value, const Path& at, Report& report) {
  if (!Secrets::is_reference(value.text)) return true;
  report.at(value, at, "is no secret, so it cannot be a reference; write the value itself");
  return false;
}

std::optional<std::string> read_long_text(const Node& value, const Path& at, Report& report) {
  if (!expect_scalar(value, at, report) || !refuse_reference(value, at, report)) return std::nullopt;
  return value.text;
}

std::optional<std::string> read_text(const Node& value, const Path& at, Report& report) {
  auto text = read_long_text(value, at, report);
  if (!text) return text;
  if (std::any_of(text->begin(), text->end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    report.at(value, at, "must be one line, without control characters");
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> read_name(const Node& value, const Path& at, Report& report) {
  auto text = read_text(value, at, report);
  if (!text || is_name(*text)) return text;
  report.at(value, at, fmt::format("\"{}\" {}", *text, name_rule));
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_one_or_more(const Node& value, const Path& at, Report& report) {
  std::vector<std::string> out;
  if (!value.is_list()) {
    auto text = read_text(value, at, report);
    if (!text) return std::nullopt;
    out.push_back(*std::move(text));
    return out;
  }
  if (value.children.empty()) {
    report.at(value, at, "is an empty list");
    return std::nullopt;
  }
  bool sound = true;
  for (const Node& item : value.children) {
    auto text = read_text(item, at, report);
    if (text)
      out.push_back(*std::move(text));
    else
      sound = false;
  }
  if (!sound) return std::nullopt;
  return out;
}

bool expect_mapping(const Node& value, const Path& at, Report& report) {
  if (value.is_mapping()) return true;
  if (value.is_null())
    report.at_key(value, at, "has no value; it must be a mapping");
  else
    report.at(value, at, value.is_list() ? "must be a mapping, not a list" : "must be a mapping, not a single value");
  return false;
}

bool expect_list(const Node& value, const Path& at, Report& report) {
  if (value.is_list()) return true;
  if (value.is_null())
    report.at_key(value, at, "has no value; it must be a list");
  else
    report.at(value, at, value.is_mapping() ? "must be a list, not a mapping" : "must be a list, not a single value");
  return false;
}

const Node* only_member(const Node& root, const Table& table, Report& report) {
  if (root.is_null() || !expect_mapping(root, {}, report)) return nullptr;
  const std::string_view name = table.members.front().name;
  refuse_unknown(root, {&name, 1}, {}, report);
  return root.find(name);
}

void refuse_unknown(const Node& mapping, std::span<const std::string_view> known, const Path& at, Report& report) {
  for (const Node& member : mapping.children)
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      report.at_key(member, Path(at, member.key), unknown("setting", nearest_name(member.key, known)));
}

}  // namespace sluis::config
