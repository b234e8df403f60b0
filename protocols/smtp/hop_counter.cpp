#include "protocols/smtp/hop_counter.h"

namespace sluis::smtp {

bool HopCounter::feed(std::string_view content, std::size_t* used) {
  constexpr std::string_view field = "received:";
  *used = content.size();
  for (std::size_t at = 0; at < content.size() && !body_; ++at) {
    const char c = content[at];
    if (c == '\r') continue;
    if (c == '\n') {
      body_ = column_ == 0;
      column_ = 0;
      matched_ = 0;
      continue;
    }
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (matched_ == column_ && column_ < field.size() && lower == field[column_]) ++matched_;
    ++column_;
    if (column_ == field.size() && matched_ == field.size() && ++count_ > limit_) {
      *used = at + 1;
      return false;
    }
  }
  return true;
}

}  // namespace sluis::smtp
