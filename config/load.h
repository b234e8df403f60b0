// A configuration directory, checked as a whole (DESIGN §4).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/flows.h"
#include "config/gateway_settings.h"
#include "config/secrets.h"
#include "core/channel/plugin.h"
#include "core/delivery/generation.h"
#include "routing/compiled.h"

namespace sluis::config {

struct LoadOptions {
  std::uint64_t number = 1;                            // of the generation that is made
  GenerationPtr previous;                              // what did not change is shared with it; may be null
  ProcessVariables environment = process_environment;  // for ${env:…} and $CREDENTIALS_DIRECTORY
  std::string_view catalogue = delivered_flows();      // text of the flow catalogue beneath the operator's own
};

struct Loaded {
  GenerationPtr generation;                                 // null when there is any error
  std::shared_ptr<const routing::CompiledRouting> routing;  // the generation's own, for `sluis route`
  GatewaySettings gateway;                                  // to be used only with a generation
  std::vector<routing::LocatedError> errors;                // everything at once, by file, line and column
  std::vector<routing::LocatedError> warnings;              // in the same order
  std::vector<std::string> files;                           // that were read, below the folder
};

// Reads and checks everything, and never stops at the first fault: a broken file takes nothing but itself out of the
// check, and what only follows from another fault is not reported. The text of an error never holds a secret.
// [Lifetime] the registry outlives what is loaded. [Threading] one thread; reads files, touches nothing else.
[[nodiscard]] Loaded load(const std::string& folder, const AdapterRegistry& registry, const LoadOptions& options = {});

// Where the gateway of this configuration listens for commands: reads gateway.yaml alone, so that a fault elsewhere
// does not keep an operator from a running gateway. The error is the first fault of that file.
[[nodiscard]] Result<std::string> control_socket(const std::string& folder);

}  // namespace sluis::config
