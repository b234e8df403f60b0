#include "adapters/sandbox/misbehaviour.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace sluis::sandbox {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

std::optional<double> probability(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= 1)) return std::nullopt;
  return value;
}

bool allowed(const MisbehaviourPoint& point, std::string_view action) {
  if (action.empty()) return point.bare;
  if (point.number) return whole_number(action).has_value();
  if (std::find(point.words.begin(), point.words.end(), action) != point.words.end()) return true;
  const auto code = whole_number(action);
  return action.size() == 3 && code && point.codes.find(action.front()) != std::string_view::npos;
}

std::string choices(const MisbehaviourPoint& point) {
  std::string text;
  const auto add = [&](std::string_view choice) { text += (text.empty() ? "" : ", ") + std::string(choice); };
  if (point.bare) add("nothing");
  if (point.number) add("a number");
  for (const char digit : point.codes) add(std::string(1, digit) + "xx");
  for (const std::string_view word : point.words) add(word);
  return text;
}

}  // namespace

void Misbehaviour::know(const std::vector<MisbehaviourPoint>& points) {
  const std::lock_guard lock(mutex_);
  points_.insert(points_.end(), points.begin(), points.end());
}

std::vector<MisbehaviourPoint> Misbehaviour::points() const {
  const std::lock_guard lock(mutex_);
  return points_;
}

Result<Misbehaviour::Rule> Misbehaviour::parse(std::string_view spec) const {
  const auto bad = [&](const std::string& what) {
    return Error{"sandbox.misbehave", "\"" + std::string(spec) + "\": " + what};
  };
  Rule rule;
  std::string_view rest = spec;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const auto value = probability(rest.substr(at + 1));
    if (!value) return bad("behind @ stands a probability above 0, at most 1");
    rule.probability = *value;
    rest = rest.substr(0, at);
  }
  if (const std::size_t star = rest.rfind('*'); star != std::string_view::npos) {
    rule.left = whole_number(rest.substr(star + 1));
    if (!rule.left) return bad("behind * stands a count of one or more");
    rest = rest.substr(0, star);
  }
  for (const MisbehaviourPoint& point : points_) {
    if (rest.substr(0, point.name.size()) != point.name) continue;
    std::string_view action = rest.substr(point.name.size());
    if (!action.empty() && action.front() != ':') continue;
    if (!action.empty()) action.remove_prefix(1);
    if (!allowed(point, action)) return bad("after " + std::string(point.name) + " stands one of: " + choices(point));
    rule.point = point.name;
    rule.action = action;
    return rule;
  }
  std::string names;
  for (const MisbehaviourPoint& point : points_) names += (names.empty() ? "" : ", ") + std::string(point.name);
  return bad("begins with one of: " + names);
}

Status Misbehaviour::add(std::string_view spec) {
  const std::lock_guard lock(mutex_);
  Result<Rule> rule = parse(spec);
  if (!rule) return rule.error();
  rules_.push_back(std::move(rule).value());
  return {};
}

void Misbehaviour::behave() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
}

std::optional<std::string> Misbehaviour::at(std::string_view point) {
  const std::lock_guard lock(mutex_);
  for (Rule& rule : rules_) {
    if (rule.point != point || rule.left == 0) continue;
    if (rule.probability < 1 && random_.unit() >= rule.probability) continue;
    if (rule.left) --*rule.left;
    return rule.action;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Misbehaviour::number_at(std::string_view point) {
  const auto action = at(point);
  return action ? whole_number(*action) : std::nullopt;
}

}  // namespace sluis::sandbox
