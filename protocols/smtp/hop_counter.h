// Counts the Received fields of a mail as it streams by: the loop stop of RFC 5321 §6.3.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/runtime/export.h"

namespace sluis::smtp {

// Looks at the header section only, and at no more than a field's first nine octets. [Threading] one thread.
class SLUIS_PROTOCOLS_API HopCounter {
 public:
  explicit HopCounter(std::size_t limit) : limit_(limit) {}
  // Canonical content, in order. False: there are more Received fields than the limit; *used is how much was looked at.
  bool feed(std::string_view content, std::size_t* used);
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::size_t limit_;
  std::size_t count_ = 0;
  std::size_t column_ = 0;   // of the current line, its CR LF not counted
  std::size_t matched_ = 0;  // how many of these columns read "received:"
  bool body_ = false;
};

}  // namespace sluis::smtp
