// How an attempt ends, and how a delivery is settled from elsewhere.
#pragma once

#include <optional>
#include <string>
#include <utility>
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

  // The ends without references and replies, in one word.
  static Outcome delivered(Receipt receipt) { return {Delivered{std::move(receipt)}, {}, {}}; }
  static Outcome rejected(std::string_view code, std::string_view reason) {
    return {Rejected{std::string(code), std::string(reason)}, {}, {}};
  }
  static Outcome held(std::string_view reason) { return {Held{std::string(reason)}, {}, {}}; }
  static Outcome retry(Retry::Scope scope, Error reason, bool in_doubt = false) {
    return {Retry{scope, std::move(reason), std::nullopt, in_doubt}, {}, {}};
  }
};

}  // namespace sluis
