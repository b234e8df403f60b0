#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "config/channels.h"
#include "config/schema_values.h"
#include "config/tables.h"

namespace sluis::config {

namespace {

using Json = SchemaJson;

struct Entry {
  std::string_view name;  // dotted when below
  Json schema;
  bool required = false;
};

// A mapping of these members and no others; dotted names become mappings of their own.
Json mapping_of(const std::vector<Entry>& entries) {
  Json out = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  std::vector<std::string> required;
  const auto require = [&](std::string_view name) {
    if (std::find(required.begin(), required.end(), name) == required.end()) required.emplace_back(name);
  };
  for (const Entry& entry : entries) {
    const auto dot = entry.name.find('.');
    const std::string first(entry.name.substr(0, dot));
    if (entry.required) require(first);
    if (dot == std::string_view::npos) {
      out["properties"][first] = entry.schema;
    } else if (!out["properties"].contains(first)) {
      std::vector<Entry> group;
      for (const Entry& other : entries)
        if (other.name.size() > dot && other.name[dot] == '.' && other.name.starts_with(first))
          group.push_back({other.name.substr(dot + 1), other.schema, other.required});
      out["properties"][first] = mapping_of(group);
    }
  }
  if (!required.empty()) out["required"] = required;
  return out;
}

Json words(std::vector<std::string> choices) {
  return {{"type", "string"}, {"enum", std::move(choices)}};
}

Json reference(std::string_view name) {
  return {{"$ref", fmt::format("#/definitions/{}", name)}};
}

Json list_of(Json items, std::size_t least) {
  Json out = {{"type", "array"}, {"items", std::move(items)}};
  if (least > 0) out["minItems"] = least;
  return out;
}

// config/conditions.h as a schema.
Json condition_schema() {
  const Json test = {{"type", "object"},
                     {"properties", {{"matches", text_schema()}, {"present", {{"type", "boolean"}}}}},
                     {"additionalProperties", false},
                     {"minProperties", 1},
                     {"maxProperties", 1}};
  Json attribute = text_schema();
  attribute.erase("type");
  attribute.update({{"type", {"string", "number", "boolean", "array", "object"}},
                    {"items", text_schema()},
                    {"minItems", 1},
                    {"if", {{"type", "object"}}},
                    {"then", test}});
  const Json conditions = list_of(reference("condition"), 1);
  return {{"type", "object"},
          {"properties",
           {{"all", conditions},
            {"any", conditions},
            {"not", {{"if", {{"type", "array"}}}, {"then", conditions}, {"else", reference("condition")}}}}},
          {"propertyNames", {{"minLength", 1}}},
          {"additionalProperties", attribute}};
}

class Generator {
 public:
  Generator(const AdapterRegistry& registry, const SchemaChannels& channels)
      : registry_(registry), channels_(channels) {}

  Json file(const FileSpec& file) const {
    Json out = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", fmt::format("Sluis: {}", file.file)}};
    Json root = file.root == &tables::channel ? channel_file() : mapping(*file.root);
    if (file.may_be_empty) root["type"] = {"object", "null"};
    out.update(root);
    const std::string text = root.dump();
    if (text.find("#/definitions/condition") != std::string::npos)
      out["definitions"] = {{"condition", condition_schema()}};
    return out;
  }

 private:
  Json mapping(const Table& table) const {
    std::vector<Entry> entries = rows(table.rows);
    for (const Member& member : table.members) entries.push_back({member.name, described(member), member.required});
    return mapping_of(entries);
  }

  static std::vector<Entry> rows(SettingsTable table) {
    std::vector<Entry> entries;
    for (const SettingSpec& spec : table) entries.push_back({spec.name, value_schema(spec), spec.required});
    return entries;
  }

  Json described(const Member& member) const {
    Json out = {{"description", member.sentence}};
    out.update(form(member));
    return out;
  }

  Json form(const Member& member) const {
    switch (member.form) {
      case Form::word: return words({member.choices.begin(), member.choices.end()});
      case Form::lines: return lines_schema();
      case Form::texts: return texts(member);
      case Form::condition: return {{"allOf", Json::array({reference("condition")})}};
      case Form::conditions: return list_of(reference("condition"), 0);
      case Form::mapping: return mapping(*member.of);
      case Form::list: return list_of(mapping(*member.of), 0);
      case Form::names: return names(mapping(*member.of));
      case Form::list_or_names: return list_or_names(*member.of);
      case Form::word_or_mapping: return word_or_mapping(member);
      case Form::destinations: return destinations();
      case Form::account: return Json::object();  // channel_of says more: it depends on the kind
      case Form::accounts: return accounts();
      case Form::returns: return returns();
    }
    return Json::object();
  }

  static Json texts(const Member& member) {
    Json one = text_schema();
    if (!member.pattern.empty()) {
      one["pattern"] = member.pattern;
      one["patternErrorMessage"] = member.sentence;
    }
    Json out = one;
    out["type"] = {"string", "number", "boolean", "array"};
    out["items"] = one;
    out["minItems"] = 1;
    return out;
  }

  static Json names(Json of) {
    const Json name = {{"pattern", name_schema()["pattern"]}, {"patternErrorMessage", name_rule}};
    return {{"type", "object"}, {"propertyNames", name}, {"additionalProperties", std::move(of)}};
  }

  Json list_or_names(const Table& table) const {
    Json out = names(mapping(table));
    out["type"] = {"array", "object"};
    out["items"] = mapping(table);
    out["items"]["required"].push_back(table.rows.front().name);
    return out;
  }

  Json word_or_mapping(const Member& member) const {
    return {{"if", {{"type", "object"}}},
            {"then", mapping(*member.of)},
            {"else", words({member.choices.begin(), member.choices.end()})}};
  }

  // Every channel that is `wanted`; any text when they are not all known.
  template <class Wanted>
  Json channel_name(std::vector<std::string> more, Wanted wanted) const {
    if (!channels_.complete) return text_schema();
    for (const auto& [name, channel] : channels_.known)
      if (wanted(channel)) more.push_back(name);
    return words(std::move(more));
  }

  Json destinations() const {
    Json to = channel_name({"customer"}, [](const auto&) { return true; });
    to["description"] = "A channel, or customer: the channels that the customer's answers go to.";
    if (!channels_.complete) to["minLength"] = 1;
    Json one = {{"type", "object"},
                {"properties", {{"to", to}}},
                {"additionalProperties", text_schema()},
                {"required", {"to"}}};
    Json pairs = Json::array();
    for (std::size_t a = 0; a < tables::address_words.size(); ++a) {
      one["properties"][std::string(tables::address_words[a])] = text_schema();
      for (std::size_t b = a + 1; b < tables::address_words.size(); ++b)
        pairs.push_back({{"required", {tables::address_words[a], tables::address_words[b]}}});
    }
    one["not"] = {{"anyOf", pairs}};
    return {{"if", {{"type", "array"}}}, {"then", list_of(one, 1)}, {"else", one}};
  }

  // `environment`: the only one that its channel allows.
  Json account(const ChannelKind& kind, std::optional<Environment> environment) const {
    std::vector<Entry> entries = rows(kind.account);
    for (const Member& member : account_members(kind)) {
      Json schema = described(member);
      if (environment) schema["enum"] = {to_string(*environment)};
      entries.push_back({member.name, std::move(schema), member.required});
    }
    return mapping_of(entries);
  }

  Json accounts() const {
    Json out = {{"type", "object"}, {"properties", Json::object()}};
    for (const auto& [name, channel] : channels_.known) {
      out["properties"][name] = account(*channel.kind, channel.environment);
      out["properties"][name]["description"] = channel.kind->sentence;
    }
    if (channels_.complete) {
      out["additionalProperties"] = false;
      return out;
    }
    Json any = Json::array();
    for (const auto& entry : registry_.entries())
      for (const ChannelKind& kind : entry.adapter->kinds()) any.push_back(account(kind, std::nullopt));
    if (!any.empty()) out["additionalProperties"] = {{"anyOf", std::move(any)}};
    return out;
  }

  Json returns() const {
    const Json list = list_of(
        channel_name({}, [](const auto& channel) { return channel.kind->customer_side && channel.kind->sends; }), 1);
    Json out = list;
    out["type"] = {"array", "object"};
    // A flow is written out, or ends in /*.
    out["propertyNames"] = {{"pattern", R"(^[^*?]*(?:/\*)?$)"}};
    out["properties"] = {{"default", list}};
    out["additionalProperties"] = list;
    out["required"] = {"default"};
    return out;
  }

  Json channel_of(const ChannelKind& kind) const {
    std::vector<Entry> entries = rows(tables::channel.rows);
    entries[adapter_row()].schema = {{"description", kind.sentence}, {"const", kind.name}};
    for (Entry& entry : rows(kind.settings)) entries.push_back(std::move(entry));
    for (const Member& member : tables::channel.members)
      if (member.form != Form::account) {
        entries.push_back({member.name, described(member), member.required});
      } else if (kind.own_account) {
        Json schema = {{"description", member.sentence}};
        schema.update(account(kind, std::nullopt));
        entries.push_back({member.name, std::move(schema), false});
      }
    return mapping_of(entries);
  }

  static std::size_t adapter_row() {
    const auto& table = tables::channel.rows;
    return static_cast<std::size_t>(find_setting(table, "adapter") - table.data());
  }

  // What `adapter` says decides which settings there are; before it is written, those of every kind.
  Json channel_file() const {
    std::vector<Entry> general = rows(tables::channel.rows);
    std::vector<std::string> kinds;
    Json cases = Json::array();
    for (const auto& entry : registry_.entries())
      for (const ChannelKind& kind : entry.adapter->kinds()) {
        kinds.emplace_back(kind.name);
        const Json is_this = {{"properties", {{"adapter", {{"const", kind.name}}}}}, {"required", {"adapter"}}};
        cases.push_back({{"if", is_this}, {"then", channel_of(kind)}});
      }
    if (!kinds.empty())
      general[adapter_row()].schema = {{"description", general[adapter_row()].schema["description"]}, {"enum", kinds}};
    Json out = mapping_of(general);
    out.erase("additionalProperties");
    if (!cases.empty()) out["allOf"] = std::move(cases);
    return out;
  }

  const AdapterRegistry& registry_;
  const SchemaChannels& channels_;
};

void add_table(const Table& table, std::string_view file, std::vector<const Table*>& done, Json& out) {
  if (std::find(done.begin(), done.end(), &table) != done.end()) return;
  done.push_back(&table);
  Json settings = Json::array();
  for (const SettingSpec& spec : table.rows) settings.push_back(setting_json(spec));
  for (const Member& member : table.members) {
    Json row = {{"name", member.name},
                {"type", ""},
                {"default", ""},
                {"required", member.required},
                {"sentence", member.sentence}};
    if (!member.choices.empty()) row["choices"] = member.choices;
    if (member.of != nullptr) row["table"] = member.of->heading;
    settings.push_back(std::move(row));
  }
  out.push_back({{"file", file}, {"heading", table.heading}, {"settings", std::move(settings)}});
  for (const Member& member : table.members)
    if (member.of != nullptr) add_table(*member.of, file, done, out);
}

}  // namespace

const FileSpec* find_file(std::string_view kind) {
  const auto at =
      std::find_if(tables::files.begin(), tables::files.end(), [&](const FileSpec& f) { return f.kind == kind; });
  return at == tables::files.end() ? nullptr : &*at;
}

std::string json_schema(const FileSpec& file, const AdapterRegistry& registry, const SchemaChannels& channels) {
  return Generator(registry, channels).file(file).dump(2) + "\n";
}

std::string tables_json() {
  Json out = Json::array();
  std::vector<const Table*> done;
  for (const FileSpec& file : tables::files) {
    add_table(*file.root, file.file, done, out);
    if (file.root == &tables::customer) add_table(tables::account, file.file, done, out);
  }
  return out.dump(2) + "\n";
}

}  // namespace sluis::config
