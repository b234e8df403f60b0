#include "routing/matcher.h"

#include <algorithm>
#include <array>

namespace sluis::routing {

namespace {

using Kind = Condition::Kind;

// The parts of a predicate that must each hold: itself, or an `all`'s, all the way down.
void necessary(const Predicate& predicate, std::vector<const Predicate*>& out) {
  if (predicate.kind == Kind::all)
    for (const Predicate& child : predicate.children) necessary(child, out);
  else
    out.push_back(&predicate);
}

struct Cursor {
  const Matcher::Index* at;
  const Matcher::Index* end;
};

}  // namespace

void Matcher::build() {
  std::vector<std::vector<const Predicate*>> parts(predicates_.size());
  std::unordered_map<Value, std::size_t> shared;  // how many conditions could be filed under this value
  std::unordered_map<Slot, std::size_t> shared_presence;
  for (Index i = 0; i < predicates_.size(); ++i) {
    necessary(predicates_[i], parts[i]);
    for (const Predicate* p : parts[i]) {
      if (p->kind == Kind::equals)
        for (const Value v : p->values) ++shared[v];
      else if (p->kind == Kind::present && p->present)
        ++shared_presence[p->slot];
    }
  }
  for (Index i = 0; i < predicates_.size(); ++i) {
    const Predicate* best = nullptr;
    std::size_t least = 0;
    for (const Predicate* p : parts[i]) {
      if (p->kind != Kind::equals) continue;
      std::size_t most = 0;
      for (const Value v : p->values) most = std::max(most, shared[v]);
      if (best == nullptr || most < least) {
        best = p;
        least = most;
      }
    }
    if (best != nullptr) {
      if (std::find(compared_.begin(), compared_.end(), best->slot) == compared_.end()) compared_.push_back(best->slot);
      for (const Value v : best->values) by_value_[v].push_back(i);
      continue;
    }
    for (const Predicate* p : parts[i])
      if (p->kind == Kind::present && p->present &&
          (best == nullptr || shared_presence[p->slot] < shared_presence[best->slot]))
        best = p;
    if (best == nullptr) {
      always_.push_back(i);
      continue;
    }
    auto at =
        std::find_if(by_presence_.begin(), by_presence_.end(), [&](const auto& e) { return e.first == best->slot; });
    if (at == by_presence_.end()) at = by_presence_.insert(at, {best->slot, {}});
    at->second.push_back(i);
  }
}

std::optional<Matcher::Index> Matcher::first(Facts& facts) const {
  constexpr std::size_t few = 16;
  std::array<Cursor, few> near;
  std::vector<Cursor> far;
  std::size_t open = 0;
  Cursor* cursors = near.data();
  if (compared_.size() + by_presence_.size() + 1 > few) {
    far.resize(compared_.size() + by_presence_.size() + 1);
    cursors = far.data();
  }
  const auto pull = [&](const Drawer& drawer) {
    if (!drawer.empty()) cursors[open++] = {drawer.data(), drawer.data() + drawer.size()};
  };
  for (const Slot slot : compared_) {
    const Value value = facts.value(slot);
    if (value == no_value || value == other_value) continue;
    if (const auto at = by_value_.find(value); at != by_value_.end()) pull(at->second);
  }
  for (const auto& [slot, drawer] : by_presence_)
    if (facts.text(slot)) pull(drawer);
  pull(always_);

  // The drawers are merged in the list's order; there are as many as attributes compared with, so a scan beats a heap.
  while (open > 0) {
    std::size_t next = 0;
    for (std::size_t i = 1; i < open; ++i)
      if (*cursors[i].at < *cursors[next].at) next = i;
    const Index index = *cursors[next].at;
    if (predicates_[index].holds(facts)) return index;
    if (++cursors[next].at == cursors[next].end) cursors[next] = cursors[--open];
  }
  return std::nullopt;
}

}  // namespace sluis::routing
