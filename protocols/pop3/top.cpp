#include "protocols/pop3/top.h"

namespace sluis::pop3 {

std::size_t TopCutter::take(std::string_view chunk) {
  std::size_t at = 0;
  while (at < chunk.size() && !done_) {
    const char c = chunk[at++];
    if (c != '\n') {
      if (c != '\r') empty_line_ = false;
      continue;
    }
    if (body_)
      --lines_;
    else if (empty_line_)
      body_ = true;
    done_ = body_ && lines_ == 0;
    empty_line_ = true;
  }
  return at;
}

}  // namespace sluis::pop3
