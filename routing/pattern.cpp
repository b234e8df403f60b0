#include "routing/pattern.h"

#include <Poco/Exception.h>
#include <Poco/RegularExpression.h>
#include <fmt/format.h>

namespace sluis::routing {

namespace {

// Enough for any honest pattern on 4096 octets (they need tens to thousands), and well under a millisecond and the
// smallest thread's stack for a dishonest one: PCRE 8 takes about half a kilobyte of stack for each level.
constexpr std::string_view bounds = "(*LIMIT_MATCH=20000)(*LIMIT_RECURSION=1000)";

}  // namespace

Pattern::Pattern(std::unique_ptr<Poco::RegularExpression> expression) : expression_(std::move(expression)) {}
Pattern::~Pattern() = default;

Result<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view text) {
  if (text.empty())
    return Error{"routing.regex", "an empty regular expression matches everything; leave the condition out instead"};
  if (text.size() > longest_pattern)
    return Error{"routing.regex", fmt::format("the regular expression has {} octets; at most {} are taken", text.size(),
                                              longest_pattern)};
  try {
    // Plain groups do not capture: Poco throws on a match with more captures than it has room for.
    auto expression = std::make_unique<Poco::RegularExpression>(
        std::string(bounds) + std::string(text),
        Poco::RegularExpression::RE_UTF8 | Poco::RegularExpression::RE_NO_AUTO_CAPTURE, true);
    return std::shared_ptr<const Pattern>(std::make_shared<Pattern>(std::move(expression)));
  } catch (const Poco::Exception& e) {
    return Error{"routing.regex", fmt::format("\"{}\" is not a regular expression: {}", text, e.displayText())};
  }
}

bool Pattern::found_in(std::string_view subject) const {
  if (subject.size() > longest_subject) return false;
  try {
    Poco::RegularExpression::Match match;
    return expression_->match(std::string(subject), 0, match) > 0;
  } catch (const Poco::Exception&) {
    // A bound was hit or the subject is not UTF-8: by contract no match.
    return false;
  }
}

}  // namespace sluis::routing
