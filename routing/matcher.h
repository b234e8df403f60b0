// First match of an ordered list of conditions, without looking at most of them.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "routing/predicate.h"

namespace sluis::routing {

// A list of conditions, indexed. Each is filed once: under the values of the equality it cannot do without and that the
// fewest others share; else under an attribute that must be present; else under nothing. A decision then looks only at
// the drawers that the message's own values open, in the list's order: its cost grows with the routes that could match,
// not with the routes there are. Globs and expressions run only on what the drawers leave. [Threading] built by one
// thread, then immutable.
class Matcher {
 public:
  using Index = std::uint32_t;

  void add(Predicate predicate) { predicates_.push_back(std::move(predicate)); }
  // After the last add().
  void build();

  // The first that holds, as its number in the order of add().
  [[nodiscard]] std::optional<Index> first(Facts& facts) const;
  [[nodiscard]] const Predicate& at(Index index) const { return predicates_[index]; }
  [[nodiscard]] std::size_t size() const { return predicates_.size(); }

 private:
  using Drawer = std::vector<Index>;  // ascending

  std::vector<Predicate> predicates_;
  std::vector<Slot> compared_;  // slots that some condition is filed by
  std::unordered_map<Value, Drawer> by_value_;
  std::vector<std::pair<Slot, Drawer>> by_presence_;
  Drawer always_;
};

}  // namespace sluis::routing
