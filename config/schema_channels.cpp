#include <optional>

#include "config/document.h"
#include "config/folder.h"
#include "config/schema.h"

namespace sluis::config {

namespace {

// The text of a member that has one.
const std::string* text_of(const Node& root, std::string_view name) {
  const Node* node = root.is_mapping() ? root.find(name) : nullptr;
  return node != nullptr && node->is_scalar() && !node->text.empty() ? &node->text : nullptr;
}

}  // namespace

SchemaChannels channels_of(const std::string& folder, const AdapterRegistry& registry) {
  SchemaChannels out;
  std::vector<LocatedError> errors;
  const Listing listing = list_folder(folder, errors);
  out.complete = !listing.channels.empty();
  for (const std::string& file : listing.channels) {
    const auto text = read_file(folder + "/" + file, largest_file);
    const Document document = text ? parse_document(file, *text, errors) : Document{};
    const std::string* name = document.understood ? text_of(document.root, "channel") : nullptr;
    const std::string* adapter = document.understood ? text_of(document.root, "adapter") : nullptr;
    const ChannelKind* kind = adapter != nullptr ? registry.find_kind(*adapter).kind : nullptr;
    if (name == nullptr || kind == nullptr) {
      out.complete = false;
      continue;
    }
    SchemaChannels::Channel channel{kind, std::nullopt};
    if (const std::string* word = text_of(document.root, "environment"))
      for (const Environment environment : {Environment::test, Environment::production})
        if (to_string(environment) == *word) channel.environment = environment;
    out.known.insert_or_assign(*name, channel);
  }
  return out;
}

}  // namespace sluis::config
