// Adapters linked into the program (SLUIS_ADAPTERS=builtin); none when they are plugins.
#pragma once

#include <vector>

#include "core/channel/plugin.h"

namespace sluis::gateway {

// Written by the build from the list of adapter folders, so that no file of the gateway names an adapter.
std::vector<const PluginInfo*> builtin_adapters();

}  // namespace sluis::gateway
