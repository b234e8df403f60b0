#include "core/net/http/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluis::net::http {
namespace {

// RFC 9110 §15, and RFC 6585 for 428, 429 and 431.
constexpr std::array<std::pair<int, std::string_view>, 47> phrases{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
}};

// RFC 8259 §7. Octets above ASCII go through as they are: whoever writes a detail writes UTF-8.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* const found = std::lower_bound(phrases.begin(), phrases.end(), status,
                                             [](const auto& row, int key) { return row.first < key; });
  return found != phrases.end() && found->first == status ? found->second : std::string_view{};
}

Response problem(int status, std::string_view detail, std::string_view code) {
  std::string body = fmt::format("{{\"type\":\"about:blank\",\"title\":{},\"status\":{},\"detail\":{}",
                                 json_string(reason_phrase(status)), status, json_string(detail));
  if (!code.empty()) body += fmt::format(",\"code\":{}", json_string(code));
  body += "}\n";
  return {status, {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}}, std::move(body)};
}

}  // namespace sluis::net::http
