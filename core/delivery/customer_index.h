// Customers of one generation by their identifiers, so that an arrival on a shared account finds its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/delivery/generation.h"

namespace sluis {

// Built once for a generation: looking through ten thousand customers for each arrival would make their number count.
// [Threading] immutable. [Ownership] keeps the generation it was built from.
class CustomerIndex {
 public:
  explicit CustomerIndex(GenerationPtr generation) : generation_(std::move(generation)) {
    for (const auto& [id, customer] : generation_->customers)
      for (const auto& [kind, value] : customer->identifiers) by_identifier_[key(kind, value)].push_back(id);
  }
  [[nodiscard]] const GenerationPtr& generation() const { return generation_; }
  // The one customer with it; empty when none has, or more than one.
  [[nodiscard]] std::string find(std::string_view kind, std::string_view value) const {
    const auto at = by_identifier_.find(key(kind, value));
    return at != by_identifier_.end() && at->second.size() == 1 ? at->second.front() : std::string{};
  }

 private:
  static std::string key(std::string_view kind, std::string_view value) {
    return std::string(kind) + '\x1f' + std::string(value);
  }
  GenerationPtr generation_;
  std::unordered_map<std::string, std::vector<std::string>> by_identifier_;
};

}  // namespace sluis
