#include "protocols/pop3/response.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluis::pop3 {

namespace {

constexpr std::array<std::pair<std::string_view, ResponseCode>, 5> codes{{{"IN-USE", ResponseCode::in_use},
                                                                          {"LOGIN-DELAY", ResponseCode::login_delay},
                                                                          {"SYS/TEMP", ResponseCode::sys_temp},
                                                                          {"SYS/PERM", ResponseCode::sys_perm},
                                                                          {"AUTH", ResponseCode::auth}}};

// Codes are hierarchical (RFC 2449 §8): an unknown detail below a known code still means the known one.
ResponseCode parse_code(std::string_view name) {
  const std::string text = upper(name);
  for (const auto& [known, code] : codes)
    if (text == known || text.starts_with(std::string(known) + "/")) return code;
  return ResponseCode::other;
}

}  // namespace

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (c < 0x20 || c > 0x7e) c = '?';
  return out;
}

Result<Response> parse_response(std::string_view line) {
  Response response;
  std::string_view rest;
  const auto is = [&](std::string_view word) {
    if (!line.starts_with(word)) return false;
    rest = line.substr(word.size());
    return rest.empty() || rest.front() == ' ';
  };
  if (is("+OK"))
    response.ok = true;
  else if (!is("-ERR"))
    return Error{"pop3.response", "neither +OK nor -ERR: \"" + printable(line, 80) + "\""};
  if (!rest.empty()) rest.remove_prefix(1);
  if (const auto end = rest.find(']'); rest.starts_with('[') && end != std::string_view::npos) {
    response.code = parse_code(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  response.text = printable(rest, 200);
  return response;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t most) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit > most || value > (most - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

bool is_uidl(std::string_view text) {
  return !text.empty() && text.size() <= 70 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

}  // namespace sluis::pop3
