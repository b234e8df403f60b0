#include "core/net/http/target.h"

#include <algorithm>

#include "core/net/http/headers.h"

namespace sluis::net::http {
namespace {

Error refused(std::string_view why) {
  return {"http.target", why};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet < 0x20 || octet == 0x7F;
}

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) return refused("a percent sign without two hexadecimal digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (is_control(c)) return refused("a control character");
    out += c;
  }
  return out;
}

Result<std::string> decode_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return refused("the path does not begin with a slash");
  std::string out;
  out.reserve(path.size());
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    Result<std::string> segment = percent_decode(rest.substr(0, end));
    if (!segment) return segment.error();
    if (*segment == "." || *segment == "..") return refused("a dot segment in the path");
    if (segment->find_first_of("/\\") != std::string::npos)
      return refused("an encoded slash or a backslash in the path");
    out += '/';
    out += *segment;
    rest.remove_prefix(end);
  }
  return out;
}

Result<QueryParameters> parse_query(std::string_view query) {
  QueryParameters parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string pair(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    std::replace(pair.begin(), pair.end(), '+', ' ');
    const std::size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = percent_decode(std::string_view(pair).substr(0, equals));
    if (!name) return name.error();
    Result<std::string> value = percent_decode(std::string_view(pair).substr(std::min(equals + 1, pair.size())));
    if (!value) return value.error();
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  std::string_view port;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view address = text.substr(1, end - 1);
    if (!std::all_of(address.begin(), address.end(), [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; }))
      return false;
    text.remove_prefix(end + 1);
    if (text.empty()) return true;
    if (text.front() != ':') return false;
    port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_character)) return false;
    if (colon == std::string_view::npos) return true;
    port = text.substr(colon + 1);
  }
  return port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string host_of(std::string_view authority) {
  std::string_view host = authority.substr(0, authority.find(':'));
  if (!authority.empty() && authority.front() == '[') host = authority.substr(1, authority.find(']') - 1);
  std::string lower(host);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

Result<Target> Target::parse(std::string_view method, std::string_view text) {
  Target target;
  if (method == "CONNECT") return refused("CONNECT: this is no proxy");
  if (text.find('#') != std::string_view::npos) return refused("a fragment in the request target");
  if (text == "*") {
    if (method != "OPTIONS") return refused("\"*\" is for OPTIONS");
    target.path = "*";
    return target;
  }
  if (!text.starts_with('/')) {
    const std::size_t scheme = text.find("://");
    const std::string_view name = text.substr(0, scheme);
    if (scheme == std::string_view::npos || !(same_name(name, "http") || same_name(name, "https")))
      return refused("neither a path nor an http address");
    text.remove_prefix(scheme + 3);
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    if (!is_authority(target.authority)) return refused("no proper host in the address");
    text.remove_prefix(end);
  }
  const std::size_t question = std::min(text.find('?'), text.size());
  std::string_view path = text.substr(0, question);
  if (question < text.size()) target.query = text.substr(question + 1);
  Result<std::string> decoded = decode_path(path.empty() ? "/" : path);  // RFC 9110 §4.2.3
  if (!decoded) return decoded.error();
  target.path = std::move(*decoded);
  return target;
}

}  // namespace sluis::net::http
