// How long until the next try.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/delivery/policy.h"
#include "core/runtime/random.h"

namespace sluis {

// Exponential from retry_first up to retry_most, ± jitter so that what failed together does not come back together;
// never before what the peer asked for. `attempt` is 1 after the first try.
inline Duration backoff(const Policy& policy, int attempt, std::optional<Duration> not_before, Random& random) {
  const auto most = static_cast<double>(policy.retry_most.count());
  const double grown =
      static_cast<double>(policy.retry_first.count()) * std::pow(policy.retry_factor, std::max(0, attempt - 1));
  const double base = std::min(grown, most);
  const double jittered = base * (1 + policy.retry_jitter * (2 * random.unit() - 1));
  const Duration delay{static_cast<Duration::rep>(std::max(0.0, jittered))};
  return not_before ? std::max(delay, *not_before) : delay;
}

}  // namespace sluis
