// What goes wrong on request: rules such as "msa:rcpt:550*2" or "pop3:quit:err@0.1".
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/random.h"
#include "core/runtime/result.h"

namespace sluis::sandbox {

// One place where a rule may bite, and what it may do there. `codes` are the first digits of SMTP replies ("45");
// `words` are actions by name; `number`: the action is a number of one or more.
struct MisbehaviourPoint {
  std::string_view name;  // "msa:rcpt"
  std::string_view codes = "";
  std::vector<std::string_view> words = {};
  bool number = false;
  bool bare = false;  // the point is the whole rule: "msa:no-starttls"
  std::string_view sentence;
};

// SPEC is POINT[:ACTION][*COUNT][@PROBABILITY]; without a count it holds until behave().
// [Threading] any thread. [Errors] "sandbox.misbehave" names the spec and what is allowed in its place.
class Misbehaviour {
 public:
  // `seed` makes the draws of @PROBABILITY repeatable.
  explicit Misbehaviour(std::uint64_t seed) : random_(seed) {}

  void know(const std::vector<MisbehaviourPoint>& points);
  [[nodiscard]] std::vector<MisbehaviourPoint> points() const;
  Status add(std::string_view spec);
  void behave();

  // Asks at a point: the action of the first rule there that bites now ("550", "close", "" of a bare point), which uses
  // up one of its count.
  std::optional<std::string> at(std::string_view point);
  // The same for a number.
  std::optional<std::uint64_t> number_at(std::string_view point);

 private:
  struct Rule {
    std::string point;
    std::string action;
    std::optional<std::uint64_t> left;
    double probability = 1;
  };
  [[nodiscard]] Result<Rule> parse(std::string_view spec) const;

  mutable std::mutex mutex_;
  std::vector<MisbehaviourPoint> points_;
  std::vector<Rule> rules_;
  SeededRandom random_;
};

}  // namespace sluis::sandbox
