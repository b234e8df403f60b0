#include "core/net/http/message_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluis::net::http {
namespace {

constexpr std::array<std::string_view, 8> of_the_connection{
    "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Proxy-Connection"};

}  // namespace

Status append_fields(const Headers& headers, std::string& out) {
  for (const Headers::Field& field : headers) {
    if (!is_token(field.first) || !is_field_value(field.second))
      return Error{"http.fields", "a header field that cannot be written as one line"};
    if (std::any_of(of_the_connection.begin(), of_the_connection.end(),
                    [&](std::string_view one) { return same_name(one, field.first); }))
      return Error{"http.fields", fmt::format("the header field {} belongs to the connection", field.first)};
  }
  for (const auto& [name, value] : headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  return {};
}

void BodyWriter::append_framing(std::string& out) const {
  if (framing_ == Framing::length) out += fmt::format("Content-Length: {}\r\n", left_);
  if (framing_ == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
}

Status BodyWriter::write(std::string_view bytes, std::string& out) {
  if (bytes.empty() || suppressed_) return {};
  switch (framing_) {
    case Framing::none: return Error{"http.body-length", "a body where there is none"};
    case Framing::length:
      if (bytes.size() > left_) return Error{"http.body-length", "a body longer than its Content-Length"};
      left_ -= bytes.size();
      break;
    case Framing::chunked:
      out += fmt::format("{:x}\r\n", bytes.size());
      out += bytes;
      out += "\r\n";
      return {};
    case Framing::until_close: break;
  }
  out += bytes;
  return {};
}

Status BodyWriter::end(std::string& out) {
  if (framing_ == Framing::length && left_ > 0)
    return Error{"http.body-length", fmt::format("a body {} octets short of its Content-Length", left_)};
  if (framing_ == Framing::chunked) out += "0\r\n\r\n";
  return {};
}

}  // namespace sluis::net::http
