#include "protocols/mime/media_type.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "protocols/mime/charset.h"
#include "protocols/mime/encoded_word.h"
#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

// What one parameter's name was written with: name, name*, name*0, name*0* (RFC 2231 §3, §4).
struct Written {
  std::optional<std::string> plain;
  std::optional<std::string> extended;
  struct Segment {
    std::string text;
    bool encoded = false;
  };
  std::map<int, Segment> segments;
};

std::string percent_decoded(std::string_view text, bool& ambiguous) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      ambiguous = true;
      out += '%';
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

// charset'language'text, split; the charset is empty when there are no quotes.
std::pair<std::string, std::string_view> split_extended(std::string_view text, bool& ambiguous) {
  const auto first = text.find('\'');
  const auto second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos) {
    ambiguous = true;
    return {"", text};
  }
  return {std::string(text.substr(0, first)), text.substr(second + 1)};
}

std::string as_text(std::string_view charset, std::string bytes, bool& ambiguous) {
  auto utf8 = to_utf8(charset.empty() ? "utf-8" : charset, bytes);
  if (!utf8) {
    ambiguous = true;
    utf8 = bytes;
  }
  for (char& c : *utf8)
    if (is_control(c)) {
      ambiguous = true;
      c = ' ';
    }
  return *utf8;
}

std::string value_of(const Written& written, bool& ambiguous) {
  if (!written.segments.empty()) {
    if (written.segments.begin()->first != 0) ambiguous = true;
    std::string charset;
    std::string bytes;
    int expected = 0;
    for (const auto& [number, segment] : written.segments) {
      if (number != expected++) {
        ambiguous = true;
        break;
      }
      std::string_view text = segment.text;
      if (number == 0 && segment.encoded) std::tie(charset, text) = split_extended(text, ambiguous);
      bytes += segment.encoded ? percent_decoded(text, ambiguous) : std::string(text);
    }
    return as_text(charset, std::move(bytes), ambiguous);
  }
  if (written.extended) {
    const auto [charset, text] = split_extended(*written.extended, ambiguous);
    return as_text(charset, percent_decoded(text, ambiguous), ambiguous);
  }
  return as_text("", *written.plain, ambiguous);
}

// The parameter of `name` as written goes to its place; false when its form was already taken.
bool place(std::map<std::string, Written>& all, std::vector<std::string>& order, std::string name, std::string value) {
  const bool encoded = name.size() > 1 && name.ends_with('*');
  if (encoded) name.pop_back();
  std::optional<int> segment;
  if (const auto star = name.rfind('*'); star != std::string::npos && star > 0) {
    const std::string_view digits = std::string_view{name}.substr(star + 1);
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0') ||
        !std::all_of(digits.begin(), digits.end(), is_digit))
      return false;
    segment = std::stoi(std::string(digits));
    name.resize(star);
  }
  const auto [entry, added] = all.try_emplace(name);
  if (added) order.push_back(name);
  Written& written = entry->second;
  if (segment) return written.segments.try_emplace(*segment, Written::Segment{std::move(value), encoded}).second;
  std::optional<std::string>& form = encoded ? written.extended : written.plain;
  if (form) return false;
  form = std::move(value);
  return true;
}

Parameters parse_parameters(Scanner& in) {
  Parameters out;
  std::map<std::string, Written> all;
  std::vector<std::string> order;
  for (;;) {
    if (!in.skip_cfws()) out.ambiguous = true;
    if (in.at_end()) break;
    if (!in.take(';')) {
      out.ambiguous = true;
      in.run([](char c) { return c != ';'; });
      continue;
    }
    if (!in.skip_cfws()) out.ambiguous = true;
    if (in.at_end() || in.peek() == ';') continue;
    std::string name = lower(in.run(is_token_char));
    if (!in.skip_cfws() || name.empty() || !in.take('=') || !in.skip_cfws()) {
      out.ambiguous = true;
      in.run([](char c) { return c != ';'; });
      continue;
    }
    std::string value;
    if (in.peek() == '"') {
      auto quoted = in.quoted_string();
      if (!quoted) {
        out.ambiguous = true;
        break;
      }
      value = std::move(*quoted);
    } else {
      value = std::string(in.run(is_token_char));
      // A value that should have been quoted: taken up to the semicolon, as most readers do, and marked.
      const std::string_view rest = in.run([](char c) { return c != ';' && c != '('; });
      if (!trim(rest).empty() || value.empty()) {
        out.ambiguous = true;
        value = std::string(trim(value + std::string(rest)));
      }
    }
    if (!place(all, order, std::move(name), std::move(value))) out.ambiguous = true;
  }
  for (const std::string& name : order) {
    const Written& written = all.at(name);
    // A file name is often written twice, plain and extended, for old readers. Anything else twice is a question.
    const int forms = (written.plain ? 1 : 0) + (written.extended ? 1 : 0) + (written.segments.empty() ? 0 : 1);
    if (forms > 1 && name != "filename" && name != "name") out.ambiguous = true;
    if (written.plain || written.extended || !written.segments.empty())
      out.list.emplace_back(name, value_of(written, out.ambiguous));
  }
  return out;
}

bool is_device_name(std::string_view name) {
  const std::string stem = lower(name.substr(0, name.find('.')));
  constexpr std::array<std::string_view, 4> devices{"con", "prn", "aux", "nul"};
  if (std::find(devices.begin(), devices.end(), stem) != devices.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && is_digit(stem[3]);
}

}  // namespace

const std::string* Parameters::find(std::string_view name) const {
  for (const auto& [key, value] : list)
    if (key == name) return &value;
  return nullptr;
}

Result<MediaType> parse_media_type(std::string_view value) {
  const Error bad{"mime.content_type", "no type/subtype in Content-Type (RFC 2045 §5.1)"};
  Scanner in(value);
  MediaType out;
  if (!in.skip_cfws()) return bad;
  out.type = lower(in.run(is_token_char));
  if (out.type.empty() || !in.skip_cfws() || !in.take('/') || !in.skip_cfws()) return bad;
  out.subtype = lower(in.run(is_token_char));
  if (out.subtype.empty()) return bad;
  out.parameters = parse_parameters(in);
  return out;
}

Result<Disposition> parse_disposition(std::string_view value) {
  const Error bad{"mime.content_disposition", "no disposition type in Content-Disposition (RFC 2183 §2)"};
  Scanner in(value);
  Disposition out;
  if (!in.skip_cfws()) return bad;
  out.kind = lower(in.run(is_token_char));
  if (out.kind.empty()) return bad;
  out.parameters = parse_parameters(in);
  return out;
}

std::string file_name(const Disposition& disposition, const MediaType& type) {
  const std::string* name = disposition.parameters.find("filename");
  if (name == nullptr) name = type.parameters.find("name");
  if (name == nullptr) return "";
  return decode_words(*name);
}

std::string safe_file_name(std::string_view name) {
  if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string kept;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_control(c)) continue;
    // U+200E, U+200F, U+202A..U+202E, U+2066..U+2069 turn the direction of text: "gpj.exe" can look like "exe.jpg".
    if (c == '\xE2' && i + 2 < name.size() &&
        ((name[i + 1] == '\x80' &&
          (name[i + 2] == '\x8E' || name[i + 2] == '\x8F' || (name[i + 2] >= '\xAA' && name[i + 2] <= '\xAE'))) ||
         (name[i + 1] == '\x81' && name[i + 2] >= '\xA6' && name[i + 2] <= '\xA9'))) {
      i += 2;
      continue;
    }
    kept += std::string_view{"<>:\"|?*"}.find(c) == std::string_view::npos ? c : '_';
  }
  std::string_view out = utf8_prefix(kept, 200);
  while (!out.empty() && (out.front() == '.' || out.front() == ' ')) out.remove_prefix(1);
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.remove_suffix(1);
  if (is_device_name(out)) return "_" + std::string(out);
  return std::string(out);
}

std::string write_parameter(std::string_view name, std::string_view value) {
  constexpr std::size_t room = 60;  // characters of a value on one line
  std::string out = ";\r\n ";
  const bool ascii = std::none_of(value.begin(), value.end(), is_eight_bit);
  if (ascii && value.size() <= room) {
    out += name;
    out += "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + "\"";
  }
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::vector<std::string> lines(1, "UTF-8''");
  for (const char c : value) {
    if (lines.back().size() + 3 > room) lines.emplace_back();
    if (is_alnum(c) || c == '.' || c == '-' || c == '_') {
      lines.back() += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      lines.back() += {'%', hex[octet >> 4], hex[octet & 15]};
    }
  }
  if (lines.size() == 1) return out + std::string(name) + "*=" + lines[0];
  out.clear();
  for (std::size_t i = 0; i < lines.size(); ++i)
    out += ";\r\n " + std::string(name) + "*" + std::to_string(i) + "*=" + lines[i];
  return out;
}

}  // namespace sluis::mime
