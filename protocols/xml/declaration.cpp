#include "protocols/xml/declaration.h"

#include <algorithm>
#include <array>
#include <optional>

namespace sluis::xml {

namespace {

constexpr std::size_t declaration_limit = 256;  // characters; the longest sensible one has under 80
constexpr std::array<std::string_view, 6> eight_bit{"utf-8",      "us-ascii",    "iso-8859-1",
                                                    "iso-8859-2", "iso-8859-15", "latin1"};
constexpr std::array<std::string_view, 3> sixteen_bit{"utf-16", "utf-16le", "utf-16be"};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The document's first characters as ASCII; a character beyond ASCII shows as 0x7F.
struct Start {
  std::string text;
  bool sixteen = false;
  bool marked_utf8 = false;
  bool marked_utf16 = false;
  bool big = false;
};

Start read_start(std::string_view document) {
  Start out;
  bool& big = out.big;
  if (document.starts_with("\xEF\xBB\xBF")) {
    out.marked_utf8 = true;
    document.remove_prefix(3);
  } else if (document.starts_with("\xFE\xFF") || document.starts_with("\xFF\xFE")) {
    out.sixteen = out.marked_utf16 = true;
    big = document[0] == '\xFE';
    document.remove_prefix(2);
  } else if (document.size() >= 2 && (document[0] == '\0') != (document[1] == '\0')) {
    out.sixteen = true;
    big = document[0] == '\0';
  }
  if (!out.sixteen) {
    out.text = document.substr(0, declaration_limit);
    return out;
  }
  for (std::size_t i = 0; i + 1 < document.size() && out.text.size() < declaration_limit; i += 2) {
    const char high = document[big ? i : i + 1];
    const char low = document[big ? i + 1 : i];
    out.text += high == '\0' && static_cast<unsigned char>(low) < 0x80 ? low : '\x7F';
  }
  return out;
}

// name="value" in the declaration's text
std::optional<std::string> pseudo_attribute(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (at == 0 || !is_blank(text[at - 1])) continue;
    std::string_view rest = text.substr(at + name.size());
    const auto skip = [&] {
      while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
    };
    skip();
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    skip();
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return std::nullopt;
    const auto close = rest.find(rest.front(), 1);
    if (close == std::string_view::npos) return std::nullopt;
    return std::string(rest.substr(1, close - 1));
  }
  return std::nullopt;
}

}  // namespace

Result<Declaration> read_declaration(std::string_view document) {
  const Start start = read_start(document);
  Declaration out;
  out.sixteen_bit = start.sixteen;
  out.big_endian = start.big;
  if (start.sixteen) out.encoding = "UTF-16";
  constexpr std::string_view opening = "<?xml";
  const std::string_view text = start.text;
  if (text.size() <= opening.size()) return Error{"xml.incomplete", "the document ends before its first element"};
  if (!text.starts_with(opening) || !is_blank(text[opening.size()])) {
    if (text[0] != '<' && !is_blank(text[0])) return Error{"xml.syntax", "the document does not start with \"<\""};
    if (start.sixteen && !start.marked_utf16)
      return Error{"xml.encoding", "UTF-16 without a byte order mark (XML 1.0 §4.3.3)"};
    return out;
  }
  const auto close = text.find("?>");
  if (close == std::string_view::npos) {
    if (text.size() < declaration_limit) return Error{"xml.incomplete", "the XML declaration is cut"};
    return Error{"xml.syntax", "the XML declaration has no end"};
  }
  const std::string_view inside = text.substr(0, close);
  const auto version = pseudo_attribute(inside, "version");
  if (!version) return Error{"xml.syntax", "the XML declaration has no version"};
  out.version = *version;
  const auto encoding = pseudo_attribute(inside, "encoding");
  if (!encoding) return out;
  out.declared = true;
  out.encoding = *encoding;
  const std::string name = lower(*encoding);
  const auto among = [&](const auto& list) { return std::find(list.begin(), list.end(), name) != list.end(); };
  if (!among(eight_bit) && !among(sixteen_bit))
    return Error{"xml.encoding", "the encoding is not UTF-8, UTF-16, US-ASCII or ISO-8859-1, -2, -15"};
  if (start.sixteen != among(sixteen_bit) || (start.marked_utf8 && name != "utf-8"))
    return Error{"xml.encoding", "the declared encoding " + name + " is not the one the document is written in"};
  return out;
}

Status check_octets(std::string_view document, const Declaration& declaration) {
  if (declaration.sixteen_bit) {
    bool high_before = false;
    for (std::size_t i = declaration.big_endian ? 0 : 1; i < document.size(); i += 2) {
      const int kind = static_cast<unsigned char>(document[i]) & 0xFC;  // of the code unit's upper octet
      if (high_before != (kind == 0xDC)) return Error{"xml.encoding", "half a surrogate pair in UTF-16"};
      high_before = kind == 0xD8;
    }
    return {};
  }
  if (lower(declaration.encoding) == "us-ascii" &&
      std::any_of(document.begin(), document.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return Error{"xml.encoding", "octets above 127 in a document that says it is US-ASCII"};
  return {};
}

}  // namespace sluis::xml
