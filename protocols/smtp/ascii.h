// The words of a command or reply line, in ASCII whatever the process's locale is.
#pragma once

#include <string>
#include <string_view>

namespace sluis::smtp {

inline std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// Takes the front of `text` up to the next space, and the spaces behind it.
inline std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return word;
}

// Printable ASCII without the space: what a host name, a mechanism or a parameter may consist of.
inline bool is_graphic(std::string_view text) {
  for (const char c : text)
    if (c < '!' || c > '~') return false;
  return !text.empty();
}

}  // namespace sluis::smtp
