#include "protocols/mime/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

// The converter's name, or empty when the charset is not on the list.
std::string converter_name(std::string_view charset) {
  const std::string name = lower(charset);
  const auto number_in = [&](std::string_view prefix, int least, int most) {
    if (!name.starts_with(prefix)) return false;
    const std::string digits = name.substr(prefix.size());
    if (digits.empty() || digits.size() > 4 || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
    const int n = std::stoi(digits);
    return n >= least && n <= most;
  };
  if (number_in("iso-8859-", 1, 16)) return name;
  if (number_in("windows-", 1250, 1258)) return "cp" + name.substr(8);
  if (name == "latin1" || name == "iso8859-1") return "iso-8859-1";
  return "";
}

struct Converter {
  explicit Converter(const std::string& from) : handle(iconv_open("UTF-8", from.c_str())) {}
  ~Converter() {
    if (open()) iconv_close(handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  [[nodiscard]] bool open() const { return handle != reinterpret_cast<iconv_t>(-1); }
  iconv_t handle;
};

}  // namespace

std::optional<std::string> to_utf8(std::string_view charset, std::string_view bytes) {
  if (equals_ignoring_case(charset, "utf-8") || equals_ignoring_case(charset, "utf8")) {
    if (!is_utf8(bytes)) return std::nullopt;
    return std::string(bytes);
  }
  if (equals_ignoring_case(charset, "us-ascii") || equals_ignoring_case(charset, "ascii")) {
    if (std::any_of(bytes.begin(), bytes.end(), is_eight_bit)) return std::nullopt;
    return std::string(bytes);
  }
  const std::string name = converter_name(charset);
  if (name.empty()) return std::nullopt;
  const Converter converter(name);
  if (!converter.open()) return std::nullopt;
  // These sets have one octet a character, and no character of theirs takes more than three octets of UTF-8.
  std::string out(bytes.size() * 3, '\0');
  std::string in(bytes);
  char* from = in.data();
  char* to = out.data();
  std::size_t from_left = in.size();
  std::size_t to_left = out.size();
  if (iconv(converter.handle, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1)) return std::nullopt;
  out.resize(out.size() - to_left);
  return out;
}

bool is_utf8(std::string_view bytes) {
  std::size_t i = 0;
  const auto octet = [&](std::size_t k) { return static_cast<unsigned char>(bytes[k]); };
  while (i < bytes.size()) {
    const unsigned char lead = octet(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > bytes.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((octet(i + k) & 0xC0) != 0x80) return false;
    const unsigned char second = octet(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F))
      return false;
    i += length;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t octets) {
  if (text.size() <= octets) return text;
  while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0) == 0x80) --octets;
  return text.substr(0, octets);
}

}  // namespace sluis::mime
