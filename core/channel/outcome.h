// How an attempt ends, and how a delivery is settled from elsewhere.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/channel/arrival.h"
#include "core/channel/verdict.h"

namespace sluis {

using Verdict = std::variant<Delivered, HandedOver, Retry, Rejected, Held>;

struct Outcome {
  Verdict verdict;
  std::vector<Reference> learned;   // MessageStorageId, the peer's queue id: durable in the same commit
  std::vector<Arrival> replies;     // a synchronous answer: stored in the same commit
};

}  // namespace sluis
