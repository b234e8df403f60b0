// What TOP shows of a mail (RFC 1939 §7): the header, the empty line and the first n lines of the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/runtime/export.h"

namespace sluis::pop3 {

// Cuts canonical content that comes in pieces of any size. [Threading] one thread.
class SLUIS_PROTOCOLS_API TopCutter {
 public:
  explicit TopCutter(std::uint32_t lines) : lines_(lines) {}
  // How many octets of the front of `chunk` belong; fewer than all, or done(), when the end was reached.
  std::size_t take(std::string_view chunk);
  [[nodiscard]] bool done() const { return done_; }

 private:
  std::uint32_t lines_;
  bool body_ = false;
  bool empty_line_ = true;  // nothing but a CR since the last line end
  bool done_ = false;
};

}  // namespace sluis::pop3
