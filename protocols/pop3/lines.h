// Lines of POP3 (RFC 1939 §3): CR LF ends a line, and nothing else does.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::pop3 {

inline constexpr std::size_t max_command_line = 255;      // RFC 2449 §4, with the CR LF
inline constexpr std::size_t max_response_line = 512;     // RFC 2449 §4, with the CR LF
inline constexpr std::size_t max_exchange_line = 12'288;  // one line of a SASL exchange (RFC 5034 §4, RFC 4954 §4)

// Takes octets in pieces of any size and gives whole lines, without their CR LF. A bare CR, a bare LF and NUL are
// errors: two readers that disagree about where a line ends can be made to see different commands and answers. Holds
// one line. Errors: "pop3.line.bare_cr", "pop3.line.bare_lf", "pop3.line.nul", "pop3.line.length"; after one of them
// the stream has no known position, and the owner closes. [Threading] one thread.
class SLUIS_PROTOCOLS_API LineReader {
 public:
  // Consumes from the front of `input`, at most to the end of one line. `max_line` counts the CR LF.
  Result<std::optional<std::string>> next(std::string_view& input, std::size_t max_line);

 private:
  std::string line_;
  bool cr_ = false;
};

}  // namespace sluis::pop3
