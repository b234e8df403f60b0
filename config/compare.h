// What a reload must touch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/channel/customer.h"
#include "core/delivery/generation.h"

namespace sluis::config {

struct Changes {
  std::vector<std::string> added;  // channels, by name
  std::vector<std::string> removed;
  std::vector<std::string> changed;  // kind, environment or settings differ: to be made anew
  // Channels that stay and are told; their own account is among them, with an empty customer. Channels that are added
  // or made anew read all their accounts themselves. Pace and concurrency are the engine's, which reads each
  // generation.
  std::map<std::string, AccountChanges> accounts;

  [[nodiscard]] bool nothing_for_channels() const {
    return added.empty() && removed.empty() && changed.empty() && accounts.empty();
  }
};

// Pure; linear in channels and accounts, and cheap for accounts that are shared between the two.
[[nodiscard]] Changes compare(const Generation& before, const Generation& next);

}  // namespace sluis::config
