// policies.yaml.
#pragma once

#include <map>
#include <string>

#include "config/channels.h"
#include "config/document.h"
#include "config/secrets.h"
#include "core/delivery/policy.h"

namespace sluis::config {

struct PoliciesFile {
  std::map<std::string, Policy, std::less<>> policies;  // always has "default"
  bool all_named = true;                                // false: a fault leaves open which policies there are
};

// `policies:` as a list ({ policy: NAME, … }) or as a mapping (NAME: { … }). Reports every fault.
[[nodiscard]] PoliciesFile read_policies(const Document& document, const Channels& channels, Secrets& secrets,
                                         std::vector<LocatedError>& errors);

}  // namespace sluis::config
