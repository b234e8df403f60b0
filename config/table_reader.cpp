#include "config/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "config/values.h"

namespace sluis::config {

namespace {

std::string_view in_words(SettingType type) {
  static constexpr std::array<std::string_view, 15> words{
      "text",        "a name",     "a reference to a secret", "a whole number",    "a number",
      "a size",      "a duration", "true or false",           "one of its words",  "an absolute path",
      "a host name", "host:port",  "a list of texts",         "a mapping of texts",
      "the name of a listener"};
  return words[static_cast<std::size_t>(type)];
}

std::string_view in_words(Node::Kind kind) {
  return kind == Node::Kind::list ? "a list" : kind == Node::Kind::mapping ? "a mapping" : "a single value";
}

std::optional<SettingValue> read_list(const SettingSpec& spec, const Node& value, const Path& at, Report& report) {
  std::vector<std::string> items;
  bool sound = true;
  for (const Node& item : value.children) {
    const auto text = read_text(item, at, report);
    if (text && spec.choices.empty())
      items.push_back(*text);
    else if (text && std::find(spec.choices.begin(), spec.choices.end(), *text) != spec.choices.end())
      items.push_back(*text);
    else {
      if (text) report.at(item, at, fmt::format("\"{}\" is none of {}", *text, fmt::join(spec.choices, ", ")));
      sound = false;
    }
  }
  if (!sound) return std::nullopt;
  return SettingValue{std::move(items)};
}

std::optional<SettingValue> read_map(const Node& value, const Path& at, Report& report) {
  std::map<std::string, std::string> entries;
  bool sound = true;
  for (const Node& member : value.children) {
    const auto text = read_text(member, Path(at, member.key), report);
    if (text)
      entries.emplace(member.key, *text);
    else
      sound = false;
  }
  if (!sound) return std::nullopt;
  return SettingValue{std::move(entries)};
}

std::optional<SettingValue> read_scalar(const SettingSpec& spec, const Node& value, const Path& at, Report& report,
                                        Secrets& secrets) {
  if (spec.type == SettingType::secret) {
    const auto& secret = secrets.resolve(value.text);
    if (secret) return SettingValue{*secret};
    report.at(value, at, secret.error().what);
    return std::nullopt;
  }
  if (!refuse_reference(value, at, report)) return std::nullopt;
  // Other readers of the same file (an editor's schema check, a template) would take "587" for text.
  const bool plain_only =
      spec.type == SettingType::integer || spec.type == SettingType::number || spec.type == SettingType::boolean;
  if (value.quoted && plain_only) {
    report.at(value, at, fmt::format("must be {}; write it without quotes", in_words(spec.type)));
    return std::nullopt;
  }
  if (spec.required && value.text.empty()) {
    report.at(value, at, "must not be empty");
    return std::nullopt;
  }
  auto parsed = parse_setting(spec, value.text);
  if (parsed) return *std::move(parsed);
  report.at(value, at, parsed.error().what);
  return std::nullopt;
}

}  // namespace

std::optional<SettingValue> read_value(const SettingSpec& spec, const Node& value, const Path& at, Report& report,
                                       Secrets& secrets) {
  if (value.is_null()) {
    report.at_key(value, at, fmt::format("has no value; it must be {}", in_words(spec.type)));
    return std::nullopt;
  }
  const Node::Kind wanted = spec.type == SettingType::text_list  ? Node::Kind::list
                            : spec.type == SettingType::text_map ? Node::Kind::mapping
                                                                 : Node::Kind::scalar;
  if (value.kind != wanted) {
    report.at(value, at, fmt::format("must be {}, not {}", in_words(spec.type), in_words(value.kind)));
    return std::nullopt;
  }
  if (wanted == Node::Kind::list) return read_list(spec, value, at, report);
  if (wanted == Node::Kind::mapping) return read_map(value, at, report);
  return read_scalar(spec, value, at, report, secrets);
}

TableReader::TableReader(SettingsTable table, std::span<const Member> members)
    : table_(table), members_(members), defaults_(default_settings(table)) {}

std::string_view TableReader::name(std::size_t i) const {
  return i < table_.size() ? table_[i].name : members_[i - table_.size()].name;
}

bool TableReader::required(std::size_t i) const {
  return i < table_.size() ? table_[i].required : members_[i - table_.size()].required;
}

std::optional<std::size_t> TableReader::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (name(i) == wanted) return i;
  return std::nullopt;
}

bool TableReader::is_group(std::string_view group) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (name(i).size() > group.size() && name(i)[group.size()] == '.' && name(i).starts_with(group)) return true;
  return false;
}

const Node* TableReader::find(const Node& mapping, std::string_view dotted) {
  if (!mapping.is_mapping()) return nullptr;
  if (const Node* whole = mapping.find(dotted)) return whole;
  for (auto dot = dotted.find('.'); dot != std::string_view::npos; dot = dotted.find('.', dot + 1))
    if (const Node* group = mapping.find(dotted.substr(0, dot))) return find(*group, dotted.substr(dot + 1));
  return nullptr;
}

void TableReader::see_group(std::string_view group, Reading& reading) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (name(i) == group || (name(i).starts_with(group) && name(i).substr(group.size()).starts_with('.')))
      reading.seen[i] = true;
}

void TableReader::read_unknown(const Node& member, const std::string& prefix, const Path& at, Reading& reading) const {
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < size(); ++i)
    if (name(i).starts_with(prefix)) {
      const std::string_view rest = name(i).substr(prefix.size());
      known.push_back(rest.substr(0, rest.find('.')));
    }
  const auto nearest = nearest_name(member.key, known);
  reading.report.at_key(member, Path(at, member.key), unknown("setting", nearest));
  // What was meant is not missing as well.
  if (nearest) see_group(prefix + *nearest, reading);
}

void TableReader::read_members(const Node& mapping, const std::string& prefix, const Path& at, Reading& reading) const {
  for (const Node& member : mapping.children) {
    const Path here(at, member.key);
    const std::string dotted = prefix + member.key;
    if (const auto found = find(dotted)) {
      // "submit.host" in one piece and under `submit:` are the same setting.
      if (reading.seen[*found]) reading.report.at_key(member, here, "is given twice");
      reading.seen[*found] = true;
      if (*found >= table_.size()) continue;
      if (auto value = read_value(table_[*found], member, here, reading.report, reading.secrets))
        reading.settings.set(dotted, *std::move(value));
    } else if (!is_group(dotted)) {
      read_unknown(member, prefix, at, reading);
    } else if (member.is_mapping()) {
      read_members(member, dotted + ".", here, reading);
    } else {
      member.is_null()
          ? reading.report.at_key(member, here, "has no value; it must be a mapping")
          : reading.report.at(member, here, fmt::format("must be a mapping, not {}", in_words(member.kind)));
      see_group(dotted, reading);
    }
  }
}

void TableReader::finish(const Node& mapping, const Path& at, Reading& reading) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (reading.seen[i] || !required(i)) continue;
    // At the innermost mapping that is there: `submit:` for submit.host.
    const Node* place = &mapping;
    for (auto dot = name(i).find('.'); dot != std::string_view::npos; dot = name(i).find('.', dot + 1))
      if (const Node* group = find(mapping, name(i).substr(0, dot))) place = group;
    reading.report.at_key(*place, Path(at, name(i)), "is required");
  }
}

Settings TableReader::read(const Node& mapping, const Path& at, Report& report, Secrets& secrets) const {
  assert(mapping.is_mapping());
  Reading reading{defaults_, std::vector<bool>(size(), false), report, secrets};
  read_members(mapping, {}, at, reading);
  finish(mapping, at, reading);
  return std::move(reading.settings);
}

}  // namespace sluis::config
