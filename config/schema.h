// JSON Schemas of the configuration's files, for editors, and the same tables as plain data, for the reference pages.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/members.h"
#include "core/channel/plugin.h"

namespace sluis::config {

// The channels that accounts, returns and routes may name. When a file of theirs is not understood, or there is none,
// the schemas take any name and an account of any kind: `complete` is false.
struct SchemaChannels {
  struct Channel {
    const ChannelKind* kind = nullptr;
    std::optional<Environment> environment;
  };
  std::map<std::string, Channel, std::less<>> known;
  bool complete = false;
};

// What channels/*.yaml of this directory say of themselves; every fault there is `sluis check`'s to tell. [Lifetime]
// the registry outlives it.
[[nodiscard]] SchemaChannels channels_of(const std::string& folder, const AdapterRegistry& registry);

// "gateway", "channels", …; null when there is none.
[[nodiscard]] const FileSpec* find_file(std::string_view kind);

// The JSON Schema of one kind of file, indented, with a line feed at its end. Draft-07: the newest draft that the YAML
// language servers of editors support in full. Made from the tables of config/tables.h and of every adapter, so that it
// refuses what their readers refuse; what concerns several files or several settings (a duplicate name, an order of
// durations, an adapter's own check) remains `sluis check`'s. Settings are nested, as the documents write them: dotted
// keys ("submit.host:") are not known. Pure.
[[nodiscard]] std::string json_schema(const FileSpec& file, const AdapterRegistry& registry,
                                      const SchemaChannels& channels);

// Every table of config/tables.h as JSON, in the order of the files.
[[nodiscard]] std::string tables_json();

}  // namespace sluis::config
