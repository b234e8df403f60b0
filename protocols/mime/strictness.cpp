#include "protocols/mime/strictness.h"

#include <algorithm>

namespace sluis::mime {

namespace {

constexpr std::array<std::string_view, tolerance_count> tolerance_names{"bare-line-ends",       "nul",
                                                                        "long-lines",           "eight-bit-headers",
                                                                        "malformed-headers",    "duplicate-headers",
                                                                        "missing-date-or-from", "base64-whitespace",
                                                                        "quoted-printable",     "boundary-padding"};

constexpr std::array<std::string_view, ambiguity_count> ambiguity_names{"missing-closing-boundary",
                                                                        "missing-boundary-parameter",
                                                                        "repeated-boundary",
                                                                        "boundary-lookalike",
                                                                        "text-after-close",
                                                                        "duplicate-header",
                                                                        "conflicting-transfer-encoding",
                                                                        "unknown-transfer-encoding",
                                                                        "encoded-composite",
                                                                        "malformed-content-type",
                                                                        "malformed-content-disposition",
                                                                        "malformed-header",
                                                                        "blank-folded-line",
                                                                        "header-without-end",
                                                                        "quoted-printable-padding"};

template <std::size_t N>
std::vector<Finding> met(const std::array<std::size_t, N>& counts, const std::array<std::string_view, N>& names) {
  std::vector<Finding> out;
  for (std::size_t i = 0; i < N; ++i)
    if (counts[i] != 0) out.push_back({names[i], counts[i]});
  return out;
}

}  // namespace

std::string_view to_string(Tolerance t) {
  return tolerance_names[static_cast<std::size_t>(t)];
}
std::string_view to_string(Ambiguity a) {
  return ambiguity_names[static_cast<std::size_t>(a)];
}

bool Findings::ambiguous() const {
  return std::any_of(ambiguities_.begin(), ambiguities_.end(), [](std::size_t n) { return n != 0; });
}
std::vector<Finding> Findings::ambiguities() const {
  return met(ambiguities_, ambiguity_names);
}
std::vector<Finding> Findings::tolerated() const {
  return met(used_, tolerance_names);
}

Status Strictness::tolerate(Tolerance t, std::string_view code, std::string_view what) {
  if (!allowed.allows(t)) return Error{code, what};
  findings.use(t);
  return {};
}

}  // namespace sluis::mime
