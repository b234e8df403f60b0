#include "protocols/pop3/lines.h"

#include <utility>

namespace sluis::pop3 {

Result<std::optional<std::string>> LineReader::next(std::string_view& input, std::size_t max_line) {
  std::size_t at = 0;
  while (at < input.size()) {
    const char c = input[at++];
    if (cr_) {
      if (c != '\n') return Error{"pop3.line.bare_cr", "a CR that no LF follows"};
      cr_ = false;
      input.remove_prefix(at);
      return std::optional{std::exchange(line_, {})};
    }
    if (c == '\n') return Error{"pop3.line.bare_lf", "an LF that no CR precedes"};
    if (c == '\0') return Error{"pop3.line.nul", "a NUL octet"};
    if (c == '\r') {
      cr_ = true;
    } else if (line_.size() + 3 > max_line) {  // room for CR LF is kept: the limit is the same however octets are cut
      return Error{"pop3.line.length", "a line longer than " + std::to_string(max_line) + " octets"};
    } else {
      line_ += c;
    }
  }
  input = {};
  return std::optional<std::string>{};
}

}  // namespace sluis::pop3
