#include "adapters/digipoort/sandbox/answers.h"

#include <algorithm>

#include "core/runtime/digest.h"
#include "protocols/edifact/syntax.h"

namespace sluis::sandbox::digipoort {

std::string movement_reference(WallTime now, std::string_view key) {
  std::string digits = to_hex(sha256(key)).substr(0, 14);
  std::transform(digits.begin(), digits.end(), digits.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return to_rfc3339(now).substr(2, 2) + "NL" + digits;
}

Answers answers_to(std::string_view payload, const AnswerContext& context) {
  return edifact::looks_like_edifact(payload) ? edifact_answers(payload, context) : xml_answers(payload, context);
}

}  // namespace sluis::sandbox::digipoort
