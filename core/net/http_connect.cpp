#include "core/net/http_connect.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/runtime/base64.h"

namespace sluis::net {
namespace {

Error unreadable(std::string_view why) {
  return Error{"net.proxy.reply", fmt::format("the proxy's answer to CONNECT cannot be read: {}", why)};
}

bool is_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_field_text(char c) {
  const auto code = static_cast<unsigned char>(c);
  return c == '\t' || (code >= 0x20 && code != 0x7F);
}

// The proxy's own words, as far as they can stand in a log.
std::string quoted(std::string_view reason) {
  std::string text(reason.substr(0, 100));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7E || c < 0x20; }, '?');
  return text;
}

const char* meaning(int status) {
  switch (status) {
    case 401:
    case 407: return "it wants a login, or another one";
    case 403: return "it does not allow this destination";
    case 405:
    case 501: return "it does not open tunnels";
    case 502:
    case 503: return "it cannot reach the destination";
    case 504: return "the destination did not answer it in time";
    default: return "it refuses";
  }
}

}  // namespace

Result<HttpConnect> HttpConnect::make(const HostPort& destination, const HttpProxy& proxy) {
  const std::string authority = destination.text();
  // A name with CR LF in it would be a second request.
  if (const Result<HostPort> clean = HostPort::parse(authority); !clean) return clean.error();
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", authority);
  if (!proxy.username.empty()) {
    if (proxy.username.find(':') != std::string::npos)
      return Error{"net.proxy.login", "a user name with a colon cannot be said to an HTTP proxy"};
    const Secret login(fmt::format("{}:{}", proxy.username, proxy.password.reveal()));
    request += fmt::format("Proxy-Authorization: Basic {}\r\n", base64_encode(login.reveal()));
  }
  request += "\r\n";
  return HttpConnect(Secret(std::move(request)));
}

Result<bool> HttpConnect::take(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char next = bytes.front();
    bytes.remove_prefix(1);
    if (++taken_ > most_reply) return unreadable(fmt::format("its header is longer than {} octets", most_reply));
    const bool after_cr = !line_.empty() && line_.back() == '\r';
    if (after_cr != (next == '\n')) return unreadable("CR and LF stand together, at the end of a line");
    line_ += next;
    // An answer that is no HTTP at all shows it at once; a login prompt of some other protocol would wait forever.
    constexpr std::string_view protocol = "HTTP/1.";
    if (status_ == 0 && !protocol.starts_with(line_.substr(0, protocol.size()))) return unreadable("it is not HTTP/1");
    if (next != '\n') continue;
    line_.resize(line_.size() - 2);
    if (line_.empty()) {
      if (status_ == 0) return unreadable("it has no status line");
      if (!refusal_.empty()) return Error{"net.proxy", refusal_};
      return true;
    }
    if (Status read = line(line_); !read) return read.error();
    line_.clear();
  }
  return false;
}

Status HttpConnect::line(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_field_text)) return unreadable("it has control characters");
  if (status_ != 0) {
    const std::size_t colon = text.find(':');
    // A line that begins with a space would be the folded rest of the one before: is_token refuses it.
    if (colon == std::string_view::npos || colon == 0 || !std::all_of(text.begin(), text.begin() + colon, is_token))
      return unreadable("a line of its header is no field");
    return {};
  }
  // "HTTP/1.1 200 Connection established"; the reason may be missing, the space before it too.
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() < 12 || (text[7] != '0' && text[7] != '1') || text[8] != ' ' || !digit(9) || !digit(10) ||
      !digit(11) || (text.size() > 12 && text[12] != ' '))
    return unreadable("its status line is not as RFC 9112 has it");
  status_ = (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
  if (status_ < 200) return unreadable(fmt::format("{} is not an answer to CONNECT", status_));
  if (status_ >= 300)
    refusal_ = fmt::format("{}: the proxy does not open the tunnel; {} (\"{}\")", status_, meaning(status_),
                           quoted(text.substr(std::min<std::size_t>(13, text.size()))));
  return {};
}

}  // namespace sluis::net
