#include "routing/glob.h"

#include <cstddef>

namespace sluis::routing {

namespace {

// Octets of the UTF-8 character that starts here; a stray octet counts as one character.
std::size_t character(std::string_view text, std::size_t at) {
  std::size_t next = at + 1;
  if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0xC0U) return 1;
  while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80U) ++next;
  return next - at;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // where the last `*` is, and how far it reaches so far
  std::size_t reach = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t += character(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      reach += character(text, reach);
      t = reach;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace sluis::routing
