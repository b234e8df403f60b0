// Lines as RFC 5321 §2.3.8 has them: CR LF ends a line, and nothing else does.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::smtp {

// Takes octets in pieces of any size and gives whole lines. A bare CR, a bare LF, CR CR LF and NUL are errors, not line
// ends: two readers that disagree about where a line ends are the door of SMTP smuggling (CVE-2023-51764 and
// relatives). Holds at most `max_line` octets. After an error the stream has no known position; the owner closes the
// connection. Errors: "smtp.line.bare_cr", "smtp.line.bare_lf", "smtp.line.nul", "smtp.line.length". [Threading] one
// thread.
class SLUIS_PROTOCOLS_API LineReader {
 public:
  // `max_line` counts the CR LF, as the limits of RFC 5321 §4.5.3.1 do.
  explicit LineReader(std::size_t max_line) : max_line_(max_line) {}
  // Consumes from the front of `input`, at most up to the end of one line; the line comes without its CR LF.
  Result<std::optional<std::string>> next(std::string_view& input);

 private:
  std::size_t max_line_;
  std::string line_;
  bool cr_ = false;
};

}  // namespace sluis::smtp
