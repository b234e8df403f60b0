#include "routing/predicate.h"

#include <fmt/format.h>

#include <algorithm>

#include "routing/glob.h"

namespace sluis::routing {

using Kind = Condition::Kind;

bool Predicate::holds(Facts& facts) const {
  switch (kind) {
    case Kind::all:
      return std::all_of(children.begin(), children.end(), [&](const Predicate& c) { return c.holds(facts); });
    case Kind::any:
      return std::any_of(children.begin(), children.end(), [&](const Predicate& c) { return c.holds(facts); });
    case Kind::none_of:
      return std::none_of(children.begin(), children.end(), [&](const Predicate& c) { return c.holds(facts); });
    case Kind::equals: {
      const Value value = facts.value(slot);
      return values.size() == 1 ? values.front() == value : std::binary_search(values.begin(), values.end(), value);
    }
    case Kind::glob: {
      const auto text = facts.text(slot);
      return text &&
             std::any_of(globs.begin(), globs.end(), [&](const std::string& g) { return glob_matches(g, *text); });
    }
    case Kind::regex: {
      const auto text = facts.text(slot);
      return text && pattern->found_in(*text);
    }
    case Kind::present: return facts.text(slot).has_value() == present;
  }
  return false;
}

Predicate compile_condition(const Condition& condition, Symbols& symbols, std::vector<LocatedError>& errors) {
  Predicate out;
  out.kind = condition.kind;
  out.present = condition.present;
  const bool composite = condition.kind == Kind::all || condition.kind == Kind::any || condition.kind == Kind::none_of;
  if (composite) {
    // An empty `any` would never hold: the route could not be reached, and nobody means that.
    if (condition.children.empty() && condition.kind == Kind::any)
      errors.push_back({condition.place, "`any` has no conditions; it would never hold"});
    for (const Condition& child : condition.children) out.children.push_back(compile_condition(child, symbols, errors));
    return out;
  }
  if (condition.attribute.empty()) {
    errors.push_back({condition.place, "a condition names no attribute"});
    return out;
  }
  out.slot = symbols.slot(condition.attribute);
  if (condition.kind != Kind::present && condition.values.empty())
    errors.push_back({condition.place, fmt::format("{} has no value to compare with", condition.attribute)});
  if (condition.kind == Kind::equals) {
    for (const std::string& value : condition.values) out.values.push_back(symbols.value(out.slot, value));
    std::sort(out.values.begin(), out.values.end());
    out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
  } else if (condition.kind == Kind::glob) {
    out.globs = condition.values;
  } else if (condition.kind == Kind::regex && !condition.values.empty()) {
    auto pattern = Pattern::compile(condition.values.front());
    if (pattern)
      out.pattern = std::move(*pattern);
    else
      errors.push_back({condition.place, fmt::format("{}: {}", condition.attribute, pattern.error().what)});
  }
  return out;
}

namespace {

std::string any_word(const std::vector<std::string>& values) {
  std::string text;
  constexpr std::size_t most = 8;  // a list of a thousand customers helps nobody
  for (std::size_t i = 0; i < values.size() && i < most; ++i)
    text += fmt::format("{}\"{}\"", i == 0 ? "" : " or ", values[i]);
  if (values.size() > most) text += fmt::format(" or {} others", values.size() - most);
  return text;
}

}  // namespace

std::string describe(const Condition& c) {
  switch (c.kind) {
    case Kind::equals: return fmt::format("{} is {}", c.attribute, any_word(c.values));
    case Kind::glob: return fmt::format("{} matches {}", c.attribute, any_word(c.values));
    case Kind::regex: return fmt::format("{} matches /{}/", c.attribute, c.values.empty() ? "" : c.values.front());
    case Kind::present: return fmt::format("{} is {}", c.attribute, c.present ? "present" : "absent");
    case Kind::all:
    case Kind::any:
    case Kind::none_of: break;
  }
  if (c.kind == Kind::all && c.children.empty()) return "always";
  std::string text;
  for (const Condition& child : c.children) {
    if (!text.empty()) text += c.kind == Kind::all ? " and " : " or ";
    text += describe(child);
  }
  return c.kind == Kind::none_of ? fmt::format("not ({})", text) : fmt::format("({})", text);
}

std::string first_failure(const Condition& condition, const Predicate& predicate, Facts& facts) {
  switch (condition.kind) {
    case Kind::all:
      for (std::size_t i = 0; i < predicate.children.size(); ++i)
        if (!predicate.children[i].holds(facts))
          return first_failure(condition.children[i], predicate.children[i], facts);
      return {};
    case Kind::any: return fmt::format("none of these holds: {}", describe(condition));
    case Kind::none_of:
      for (std::size_t i = 0; i < predicate.children.size(); ++i)
        if (predicate.children[i].holds(facts))
          return fmt::format("{}, and the route excludes that", describe(condition.children[i]));
      return {};
    case Kind::present:
      return fmt::format("{} is {}", condition.attribute, condition.present ? "not set" : "set, and must not be");
    case Kind::equals:
    case Kind::glob:
    case Kind::regex: break;
  }
  const auto text = facts.text(predicate.slot);
  const std::string wanted =
      condition.kind == Kind::regex ? fmt::format("/{}/", condition.values.front()) : any_word(condition.values);
  if (!text) return fmt::format("{} is not set; wanted {}", condition.attribute, wanted);
  if (condition.kind == Kind::equals) return fmt::format("{} is \"{}\", not {}", condition.attribute, *text, wanted);
  return fmt::format("{} is \"{}\", which does not match {}", condition.attribute, *text, wanted);
}

namespace {

bool same(const Condition& a, const Condition& b) {
  return a.kind == b.kind && a.attribute == b.attribute && a.values == b.values && a.present == b.present &&
         std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same);
}

bool within(const std::vector<std::string>& values, const std::function<bool(const std::string&)>& test) {
  return !values.empty() && std::all_of(values.begin(), values.end(), test);
}

bool atom_implies(const Condition& a, const Condition& b) {
  if (a.attribute != b.attribute) return false;
  const bool a_needs_presence = a.kind == Kind::equals || a.kind == Kind::glob || a.kind == Kind::regex;
  switch (b.kind) {
    case Kind::present: return a.kind == Kind::present ? a.present == b.present : a_needs_presence && b.present;
    case Kind::equals:
      return a.kind == Kind::equals && within(a.values, [&](const std::string& v) {
               return std::find(b.values.begin(), b.values.end(), v) != b.values.end();
             });
    case Kind::glob: {
      if (std::find(b.values.begin(), b.values.end(), "*") != b.values.end())
        return a_needs_presence || (a.kind == Kind::present && a.present);
      if (a.kind == Kind::equals)
        return within(a.values, [&](const std::string& v) {
          return std::any_of(b.values.begin(), b.values.end(),
                             [&](const std::string& g) { return glob_matches(g, v); });
        });
      return a.kind == Kind::glob && within(a.values, [&](const std::string& v) {
               return std::find(b.values.begin(), b.values.end(), v) != b.values.end();
             });
    }
    case Kind::regex: {
      if (a.kind == Kind::regex) return a.values == b.values;
      if (a.kind != Kind::equals || b.values.empty()) return false;
      const auto pattern = Pattern::compile(b.values.front());
      return pattern && within(a.values, [&](const std::string& v) { return (*pattern)->found_in(v); });
    }
    case Kind::all:
    case Kind::any:
    case Kind::none_of: break;
  }
  return false;
}

}  // namespace

bool implies(const Condition& a, const Condition& b) {
  const auto implied_by_a = [&](const Condition& c) { return implies(a, c); };
  if (b.kind == Kind::all) return std::all_of(b.children.begin(), b.children.end(), implied_by_a);
  if (b.kind == Kind::none_of && b.children.empty()) return true;
  if (b.kind == Kind::any && std::any_of(b.children.begin(), b.children.end(), implied_by_a)) return true;
  if (a.kind == Kind::all)
    return std::any_of(a.children.begin(), a.children.end(), [&](const Condition& c) { return implies(c, b); });
  if (a.kind == Kind::any)
    return !a.children.empty() &&
           std::all_of(a.children.begin(), a.children.end(), [&](const Condition& c) { return implies(c, b); });
  if (a.kind == Kind::none_of || b.kind == Kind::none_of || b.kind == Kind::any) {
    // not(x or y) shows not(x'), for every x' that shows x or y.
    if (a.kind != Kind::none_of || b.kind != Kind::none_of) return same(a, b);
    return std::all_of(b.children.begin(), b.children.end(), [&](const Condition& excluded) {
      return std::any_of(a.children.begin(), a.children.end(),
                         [&](const Condition& more) { return implies(excluded, more); });
    });
  }
  return atom_implies(a, b);
}

void walk(const Condition& condition, const std::function<void(const Condition&)>& visit) {
  visit(condition);
  for (const Condition& child : condition.children) walk(child, visit);
}

}  // namespace sluis::routing
