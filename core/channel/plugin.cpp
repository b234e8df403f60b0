#include "core/channel/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace sluis {

Status AdapterRegistry::load(const std::string& file) {
  // RTLD_NOW: a missing symbol is an error here, not a crash at three in the morning.
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Error{"plugin.open", fmt::format("{}: cannot be loaded: {}", file, ::dlerror())};
  using EntryPoint = const PluginInfo* (*)();
  void* symbol = ::dlsym(library, "sluis_plugin");
  if (symbol == nullptr) return Error{"plugin.symbol", fmt::format("{}: is no Sluis adapter: it has no sluis_plugin()", file)};
  EntryPoint entry = nullptr;
  static_assert(sizeof entry == sizeof symbol);
  std::memcpy(&entry, &symbol, sizeof entry);
  return add(entry(), file);
}

Status AdapterRegistry::add(const PluginInfo* info, std::string_view origin) {
  const auto refuse = [&](const char* code, const std::string& what) { return Error{code, fmt::format("{}: {}", origin, what)}; };
  if (info == nullptr || info->magic != plugin_magic || info->size != sizeof(PluginInfo))
    return refuse("plugin.magic", "is no Sluis adapter, or one of another layout");
  if (info->interface_version != plugin_interface_version)
    return refuse("plugin.interface", fmt::format("was built for channel interface {}, this gateway has {}; rebuild it",
                                                  info->interface_version, plugin_interface_version));
  if (std::strcmp(info->compiler, SLUIS_COMPILER_STAMP) != 0)
    return refuse("plugin.compiler", fmt::format("was built by \"{}\", this gateway by \"{}\"; rebuild it", info->compiler, SLUIS_COMPILER_STAMP));
  if (std::strcmp(info->headers, SLUIS_HEADERS_HASH) != 0)
    return refuse("plugin.headers", fmt::format("was built against other headers ({}) than this gateway's ({}); rebuild it", info->headers, SLUIS_HEADERS_HASH));
  const Adapter* adapter = info->adapter();
  for (const Entry& entry : entries_) {
    if (entry.name == info->name)
      return refuse("plugin.duplicate", fmt::format("adapter \"{}\" is loaded already from {}", info->name, entry.origin));
    for (const ChannelKind& kind : adapter->kinds())
      for (const ChannelKind& known : entry.adapter->kinds())
        if (kind.name == known.name)
          return refuse("plugin.duplicate", fmt::format("channel kind \"{}\" is given already by {}", kind.name, entry.origin));
  }
  entries_.push_back({adapter, info->name, info->version, std::string(origin)});
  return {};
}

std::vector<Error> AdapterRegistry::load_folder(const std::string& folder) {
  std::vector<Error> errors;
  std::error_code code;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->path().extension() == ".so") files.push_back(it->path().string());
  if (code) errors.push_back(Error{"plugin.folder", fmt::format("{}: {}", folder, code.message())});
  std::sort(files.begin(), files.end());
  for (const std::string& file : files)
    if (auto loaded = load(file); !loaded) errors.push_back(loaded.error());
  return errors;
}

AdapterRegistry::Found AdapterRegistry::find_kind(std::string_view kind) const {
  for (const Entry& entry : entries_)
    for (const ChannelKind& k : entry.adapter->kinds())
      if (k.name == kind) return {entry.adapter, &k};
  return {};
}

std::vector<std::string_view> AdapterRegistry::kind_names() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_)
    for (const ChannelKind& kind : entry.adapter->kinds()) names.push_back(kind.name);
  return names;
}

}  // namespace sluis
