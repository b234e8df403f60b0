// Regular expressions of the routing table, safe against patterns and subjects that backtrack without end.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/runtime/result.h"

namespace Poco {
class RegularExpression;
}

namespace sluis::routing {

// A compiled expression, searched for anywhere in the text, UTF-8, case as written; `(?i)` works.
//
// Why not std::regex: libstdc++ recurses once a character, and a subject from outside ends the process. PCRE runs here
// under `(*LIMIT_MATCH)` and `(*LIMIT_RECURSION)`, which a pattern can lower but not raise, on subjects of at most
// longest_subject octets; expressions are at most longest_pattern octets. Whatever hits a bound, or is not UTF-8, does
// not match. [Threading] immutable; any thread.
class Pattern {
 public:
  static constexpr std::size_t longest_pattern = 512;
  static constexpr std::size_t longest_subject = 4096;

  // Error "routing.regex": what is wrong with it and where.
  static Result<std::shared_ptr<const Pattern>> compile(std::string_view text);

  explicit Pattern(std::unique_ptr<Poco::RegularExpression> expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  [[nodiscard]] bool found_in(std::string_view subject) const;

 private:
  std::unique_ptr<Poco::RegularExpression> expression_;
};

}  // namespace sluis::routing
