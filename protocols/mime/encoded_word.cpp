#include "protocols/mime/encoded_word.h"

#include <algorithm>
#include <optional>

#include "core/runtime/base64.h"
#include "protocols/mime/charset.h"
#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

struct Word {
  std::string charset;
  std::string bytes;
  std::size_t length = 0;  // of the written form
};

std::optional<std::string> decode_q(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// One encoded word at the start of `text` (RFC 2047 §2): =?charset[*language]?B|Q?text?=
std::optional<Word> read_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const auto first = text.find('?', 2);
  if (first == std::string_view::npos || first + 2 >= text.size() || text[first + 2] != '?') return std::nullopt;
  const auto last = text.find('?', first + 3);
  if (last == std::string_view::npos || last + 1 >= text.size() || text[last + 1] != '=') return std::nullopt;
  std::string_view charset = text.substr(2, first - 2);
  charset = charset.substr(0, charset.find('*'));  // RFC 2231 §5
  const std::string_view coded = text.substr(first + 3, last - first - 3);
  if (charset.empty() || !std::all_of(coded.begin(), coded.end(), [](char c) { return c > ' ' && c < 127; }))
    return std::nullopt;
  Word word{std::string(charset), "", last + 2};
  const char encoding = to_lower(text[first + 1]);
  if (encoding == 'q') {
    auto bytes = decode_q(coded);
    if (!bytes) return std::nullopt;
    word.bytes = std::move(*bytes);
  } else if (encoding == 'b') {
    auto bytes = base64_decode(coded);
    if (!bytes) return std::nullopt;
    word.bytes = std::move(*bytes);
  } else {
    return std::nullopt;
  }
  return word;
}

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = std::min<std::size_t>(lead < 0xC2   ? 1
                                                     : lead < 0xE0 ? 2
                                                     : lead < 0xF0 ? 3
                                                                   : 4,
                                                     text.size() - i);
    const std::string_view character = text.substr(i, length);
    if (is_utf8(character)) {
      if (length == 1 && is_control(character[0]))
        out += ' ';
      else
        out += character;
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

}  // namespace

std::string decode_words(std::string_view text) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    auto word = read_word(text.substr(i));
    if (!word) {
      const std::size_t next = text.find("=?", i + 1);
      out += text.substr(i, next == std::string_view::npos ? std::string_view::npos : next - i);
      i = std::min(next, text.size());
      continue;
    }
    // Words of one charset that touch are joined before conversion: senders cut characters at the word's limit.
    std::size_t end = i + word->length;
    std::size_t behind = end;
    for (;;) {
      std::size_t next = end;
      while (next < text.size() && is_fws(text[next])) ++next;
      auto more = read_word(text.substr(next));
      if (!more) break;
      behind = next;
      if (!equals_ignoring_case(more->charset, word->charset)) break;
      word->bytes += more->bytes;
      end = next + more->length;
      behind = end;
    }
    if (const auto utf8 = to_utf8(word->charset, word->bytes)) {
      out += *utf8;
      i = behind;
    } else {
      out += text.substr(i, end - i);
      i = end;
    }
  }
  return clean(out);
}

std::string encode_words(std::string_view text) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) { return is_eight_bit(c) || is_control(c); }) &&
                     text.find("=?") == std::string_view::npos && trim(text) == text;
  // A blank-free run that does not fit a line cannot be folded as it is.
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) longest = std::max(longest, run = c == ' ' ? 0 : run + 1);
  if (plain && longest <= 900) return std::string(text);
  constexpr std::size_t octets = 45;  // "=?UTF-8?B?" + 60 + "?=" = 72 characters
  std::string out;
  while (!text.empty()) {
    const std::string_view piece = utf8_prefix(text, octets);
    text.remove_prefix(piece.size());
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64_encode(piece) + "?=";
  }
  return out;
}

}  // namespace sluis::mime
