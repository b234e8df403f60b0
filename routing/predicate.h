// A condition, compiled: names and values are numbers, expressions are ready to run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "routing/pattern.h"
#include "routing/spec.h"
#include "routing/symbols.h"

namespace sluis::routing {

struct LocatedError {
  Place place;
  std::string what;
  [[nodiscard]] std::string text() const { return place.text() + ": " + what; }
};

// Same shape as its Condition. An attribute with an empty value is present. equals, glob and regex do not hold for an
// attribute that is not there.
struct Predicate {
  Condition::Kind kind = Condition::Kind::all;
  Slot slot = 0;
  std::vector<Value> values;  // equals; sorted
  std::vector<std::string> globs;
  std::shared_ptr<const Pattern> pattern;  // regex; shared: predicates are copied with their routes
  bool present = true;
  std::vector<Predicate> children;

  [[nodiscard]] bool holds(Facts& facts) const;
};

// Every fault in the condition goes to `errors`; the predicate is then not to be used.
[[nodiscard]] Predicate compile_condition(const Condition& condition, Symbols& symbols,
                                          std::vector<LocatedError>& errors);

// Why the condition does not hold, by its first failing part: `flow is "tulli/import", not "douane/uitvoer"`.
// [Preconditions] `predicate` was compiled from `condition` and does not hold.
[[nodiscard]] std::string first_failure(const Condition& condition, const Predicate& predicate, Facts& facts);

// The condition in words: `flow is "a" or "b"`.
[[nodiscard]] std::string describe(const Condition& condition);

// True only if `weaker` holds whenever `stronger` does. Sound, not complete: false means "not shown".
[[nodiscard]] bool implies(const Condition& stronger, const Condition& weaker);

// Calls for every condition in the tree, the root included.
void walk(const Condition& condition, const std::function<void(const Condition&)>& visit);

}  // namespace sluis::routing
