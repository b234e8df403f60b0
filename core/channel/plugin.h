// Plugins: how an adapter's shared object is checked before anything in it is touched (DESIGN §3.1).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/channel/adapter.h"

namespace sluis {

inline constexpr std::uint64_t plugin_magic = 0x534C554953000001ULL;   // "SLUIS", layout 1
inline constexpr std::uint32_t plugin_interface_version = 1;

// Plain C first: read and compared before any C++ of the plugin is called. There is no ABI promise across versions:
// rebuild the adapter with the gateway's headers and compiler.
struct PluginInfo {
  std::uint64_t magic;
  std::uint32_t interface_version;
  std::uint32_t size;                  // sizeof(PluginInfo)
  const char* compiler;                // its version, the C++ standard and the kind of containers
  const char* headers;                 // hash of the public headers, made by the build
  const char* name;                    // "digipoort"
  const char* version;                 // the adapter's own: the version of the project that it is built in
  const Adapter* (*adapter)();         // the static object
};

}  // namespace sluis

#define SLUIS_STAMP_TEXT_(value) #value
#define SLUIS_STAMP_TEXT(value) SLUIS_STAMP_TEXT_(value)
#if defined(_GLIBCXX_DEBUG)
#define SLUIS_STAMP_CONTAINERS ", debug containers"   // they have another layout
#else
#define SLUIS_STAMP_CONTAINERS ""
#endif
#if defined(__clang__)
#define SLUIS_COMPILER_STAMP "clang " __clang_version__ ", C++ " SLUIS_STAMP_TEXT(__cplusplus) SLUIS_STAMP_CONTAINERS
#else
#define SLUIS_COMPILER_STAMP "gcc " __VERSION__ ", C++ " SLUIS_STAMP_TEXT(__cplusplus) SLUIS_STAMP_CONTAINERS
#endif

// The one exported symbol, written once, outside every namespace, at the end of the file that sluis_adapter() takes as
// adapter.cpp; it gives SLUIS_ADAPTER_VERSION and SLUIS_HEADERS_HASH. The class has a default constructor. With SLUIS_ADAPTER_BUILTIN (unit tests, fuzzers,
// sanitizers) the symbol carries the adapter's name, so that several can be linked into one program.
#if defined(SLUIS_ADAPTER_BUILTIN)
#define SLUIS_PLUGIN(adapter_name, AdapterClass) \
  const sluis::PluginInfo* sluis_plugin_##adapter_name() { SLUIS_PLUGIN_BODY_(#adapter_name, AdapterClass) }
#else
#define SLUIS_PLUGIN(adapter_name, AdapterClass) \
  extern "C" SLUIS_API const sluis::PluginInfo* sluis_plugin() { SLUIS_PLUGIN_BODY_(#adapter_name, AdapterClass) }
#endif
#define SLUIS_PLUGIN_BODY_(adapter_name, AdapterClass)                                                             \
  static const AdapterClass adapter;                                                                               \
  static const sluis::PluginInfo info{sluis::plugin_magic, sluis::plugin_interface_version, sizeof(sluis::PluginInfo), \
                                      SLUIS_COMPILER_STAMP, SLUIS_HEADERS_HASH, adapter_name, SLUIS_ADAPTER_VERSION, \
                                      []() -> const sluis::Adapter* { return &adapter; }};                         \
  return &info;

namespace sluis {

// The adapters of one process. [Lifetime] plugins are never closed: code of theirs may be on any stack.
class SLUIS_CORE_API AdapterRegistry {
 public:
  // Loads <name>.so: dlopen(RTLD_NOW | RTLD_LOCAL), then magic, interface, compiler and headers. The error names the file,
  // what it has and what is wanted: "plugin.open", "plugin.symbol", "plugin.magic", "plugin.interface", "plugin.compiler",
  // "plugin.headers", "plugin.duplicate".
  Status load(const std::string& file);
  // Every *.so of a folder, in name order; one broken plugin does not stop the others.
  std::vector<Error> load_folder(const std::string& folder);
  Status add(const PluginInfo* info, std::string_view origin);

  struct Entry {
    const Adapter* adapter;
    std::string name, version, origin;
  };
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  struct Found {
    const Adapter* adapter = nullptr;
    const ChannelKind* kind = nullptr;
  };
  [[nodiscard]] Found find_kind(std::string_view kind) const;
  [[nodiscard]] std::vector<std::string_view> kind_names() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace sluis
