// gateway.yaml.
#pragma once

#include "config/document.h"
#include "config/gateway_settings.h"
#include "config/secrets.h"
#include "core/delivery/generation.h"

namespace sluis::config {

struct GatewayFile {
  GatewaySettings gateway;
  EngineSettings engine;
  Quota quota;
};

// Reports every fault; what was wrong keeps its default.
[[nodiscard]] GatewayFile read_gateway(const Document& document, Secrets& secrets, std::vector<LocatedError>& errors);

}  // namespace sluis::config
