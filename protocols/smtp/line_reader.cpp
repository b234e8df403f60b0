#include "protocols/smtp/line_reader.h"

#include <utility>

namespace sluis::smtp {

Result<std::optional<std::string>> LineReader::next(std::string_view& input) {
  std::size_t at = 0;
  while (at < input.size()) {
    const char c = input[at++];
    if (cr_) {
      if (c != '\n') return Error{"smtp.line.bare_cr", "a CR that no LF follows (RFC 5321 §2.3.8)"};
      cr_ = false;
      input.remove_prefix(at);
      return std::optional{std::exchange(line_, {})};
    }
    if (c == '\n') return Error{"smtp.line.bare_lf", "an LF that no CR precedes (RFC 5321 §2.3.8)"};
    if (c == '\0') return Error{"smtp.line.nul", "a NUL octet"};
    // Room for CR LF is kept, so that the limit is the same however the octets are cut.
    if (c == '\r') {
      cr_ = true;
    } else if (line_.size() + 3 > max_line_) {
      return Error{"smtp.line.length", "a line longer than " + std::to_string(max_line_) + " octets"};
    } else {
      line_ += c;
    }
  }
  input = {};
  return std::optional<std::string>{};
}

}  // namespace sluis::smtp
