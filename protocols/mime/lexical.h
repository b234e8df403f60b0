// The lexical ground that header fields share: character classes of RFC 5322 §3.2 and RFC 2045 §5.1, and a scanner for
// comments, quoted strings, atoms and tokens. Internal to protocols/mime.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluis::mime {

constexpr bool is_wsp(char c) {
  return c == ' ' || c == '\t';
}
constexpr bool is_fws(char c) {
  return is_wsp(c) || c == '\r' || c == '\n';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}
constexpr bool is_eight_bit(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}
// atext (RFC 5322 §3.2.3), with UTF-8 octets as RFC 6532 §3.2 adds them.
constexpr bool is_atext(char c) {
  return is_alnum(c) || is_eight_bit(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}
// token (RFC 2045 §5.1)
constexpr bool is_token_char(char c) {
  return !is_control(c) && c != ' ' && std::string_view{"()<>@,;:\\\"/[]?="}.find(c) == std::string_view::npos;
}
// ftext (RFC 5322 §3.6.8): what a field name is made of
constexpr bool is_ftext(char c) {
  return c > 32 && c < 127 && c != ':';
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_fws(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_fws(text.back())) text.remove_suffix(1);
  return text;
}
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Walks one unfolded field body. Nothing here recurses: comments nest by a counter, so depth costs nothing.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::size_t position() const { return at_; }
  void advance() { ++at_; }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // CFWS (RFC 5322 §3.2.2); the text of the last comment is kept, since old mail writes names in it. False: never
  // closed.
  bool skip_cfws() {
    for (;;) {
      while (!at_end() && is_fws(text_[at_])) ++at_;
      if (peek() != '(' || at_end()) return true;
      if (!skip_comment()) return false;
    }
  }
  template <class Class>
  std::string_view run(Class in_class) {
    const std::size_t from = at_;
    while (!at_end() && in_class(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  // quoted-string (RFC 5322 §3.2.4) with the quotes and escapes taken away; none when it is never closed.
  std::optional<std::string> quoted_string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"') return out;
      if (c == '\\') {
        if (at_end()) return std::nullopt;
        out += text_[at_++];
      } else if (c != '\r' && c != '\n') {
        out += c;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] const std::string& last_comment() const { return comment_; }

 private:
  bool skip_comment() {
    comment_.clear();
    int depth = 0;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '\\' && !at_end()) {
        comment_ += text_[at_++];
        continue;
      }
      if (c == '(' && depth++ == 0) continue;
      if (c == ')' && --depth == 0) return true;
      comment_ += c;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string comment_;
};

}  // namespace sluis::mime
