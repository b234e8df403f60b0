#include "core/net/forwarded.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/base64.h"

namespace sluis::net {
namespace {

constexpr std::size_t certificate_most = 16 * 1024;

Error refused(std::string_view why) {
  return Error{"net.forwarded", why};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1" (X-Forwarded-For only), "[2001:db8::1]", "[2001:db8::1]:4711".
std::optional<Address> node(std::string_view text, bool bare_v6) {
  std::string_view ip = text;
  std::string_view port;
  const bool bracketed = text.starts_with('[');
  const std::size_t end_of_ip = bracketed ? text.find(']') : text.find(':');
  const bool is_bare_v6 = !bracketed && std::count(text.begin(), text.end(), ':') > 1;
  if (is_bare_v6) {
    if (!bare_v6) return std::nullopt;
  } else if (bracketed) {
    if (end_of_ip == std::string_view::npos) return std::nullopt;
    ip = text.substr(1, end_of_ip - 1);
    port = text.substr(end_of_ip + 1);
    if (ip.find(':') == std::string_view::npos) return std::nullopt;
  } else if (end_of_ip != std::string_view::npos) {
    ip = text.substr(0, end_of_ip);
    port = text.substr(end_of_ip);
  }
  std::uint16_t number = 0;
  if (!port.empty()) {
    const char* const digits = port.data() + 1;
    const auto [end, failed] = std::from_chars(digits, port.data() + port.size(), number);
    if (port.front() != ':' || port.size() == 1 || failed != std::errc{} || end != port.data() + port.size())
      return std::nullopt;
  }
  const Result<Address> address = Address::ip(ip, number);
  return address ? std::optional(*address) : std::nullopt;
}

// Hops from left to right; what is no address is nothing, and matters only when it is asked for.
using Hops = std::vector<std::optional<Address>>;

Result<Address> client_of(const Hops& hops, const Address& peer, const AddressSet& proxies) {
  Address client = peer;
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    if (!*hop) return refused("a named proxy does not say by address whom it forwards for");
    client = **hop;
    if (!proxies.contains(client)) break;
  }
  return client;
}

// --- Forwarded (RFC 7239 §4) ----------------------------------------------------------------------------------------

bool is_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Reads one field value, element by element; a quoted string may hold commas and semicolons.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view text) : left_(text) {}

  Status read(Hops& hops) {
    for (;;) {
      skip_space();
      if (left_.empty()) return {};
      if (take(',')) continue;  // an empty element of the list (RFC 9110 §5.6.1.2)
      std::optional<std::string> hop;
      if (Status element = read_element(hop); !element) return element;
      hops.push_back(hop ? node(*hop, false) : std::nullopt);
      if (!left_.empty() && !take(',')) return syntax();
    }
  }

 private:
  static Status syntax() { return refused("the Forwarded field of a named proxy is not as RFC 7239 has it"); }

  Status read_element(std::optional<std::string>& hop) {
    do {
      skip_space();
      const std::string name = token();
      std::string value;
      if (name.empty() || !take('=') || !read_value(value)) return syntax();
      if (is_for(name)) {
        if (hop) return refused("a named proxy gives `for` twice in one element");
        hop = std::move(value);
      }
      skip_space();
    } while (take(';'));
    return {};
  }

  static bool is_for(std::string_view name) {
    return name.size() == 3 && (name[0] | 0x20) == 'f' && (name[1] | 0x20) == 'o' && (name[2] | 0x20) == 'r';
  }

  bool read_value(std::string& value) {
    if (!take('"')) {
      value = token();
      return !value.empty();
    }
    while (!left_.empty() && left_.front() != '"') {
      if (left_.front() == '\\') left_.remove_prefix(1);
      if (left_.empty()) return false;
      value += left_.front();
      left_.remove_prefix(1);
    }
    return take('"');
  }

  std::string token() {
    const auto end = std::find_if_not(left_.begin(), left_.end(), is_token);
    std::string text(left_.begin(), end);
    left_.remove_prefix(text.size());
    return text;
  }
  void skip_space() {
    while (!left_.empty() && (left_.front() == ' ' || left_.front() == '\t')) left_.remove_prefix(1);
  }
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }

  std::string_view left_;
};

// --- certificates ---------------------------------------------------------------------------------------------------

using Certificate = Result<std::optional<PeerCertificate>>;

Certificate from_der(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  const std::unique_ptr<X509, decltype(&X509_free)> read(d2i_X509(nullptr, &at, static_cast<long>(der.size())),
                                                         X509_free);
  ERR_clear_error();
  if (read == nullptr || at != end) return refused("what a named proxy forwards is not a certificate");
  return std::optional(PeerCertificate::from(*read));
}

// The one value, or none. Two could be read in two ways: the proxy's own and one that it let through.
Result<std::optional<std::string_view>> single(std::span<const std::string_view> values, const Address& peer,
                                               const AddressSet& proxies) {
  if (!proxies.contains(peer) || values.empty()) return std::optional<std::string_view>{};
  if (values.size() > 1) return refused("a named proxy forwards more than one certificate");
  if (values.front().size() > 3 * certificate_most) return refused("the forwarded certificate is too large");
  const std::string_view value = trimmed(values.front());
  return value.empty() ? std::optional<std::string_view>{} : std::optional(value);
}

std::optional<std::string> unescaped(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// The octets between the two lines of one PEM block with nothing else around it.
std::optional<std::string> pem_content(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----\n";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() < begin.size() + end.size() || !text.starts_with(begin) || !text.ends_with(end)) return std::nullopt;
  std::string lines(text.substr(begin.size(), text.size() - begin.size() - end.size()));
  std::erase(lines, '\n');
  const Result<std::string> der = base64_decode(lines);
  return der ? std::optional(*der) : std::nullopt;
}

}  // namespace

Result<Address> client_of_x_forwarded_for(std::span<const std::string_view> values, const Address& peer,
                                          const AddressSet& proxies) {
  if (!proxies.contains(peer)) return peer;
  Hops hops;
  for (std::string_view left : values)
    for (;;) {
      const std::size_t comma = left.find(',');
      const std::string_view hop = trimmed(left.substr(0, comma));
      hops.push_back(hop.empty() ? std::nullopt : node(hop, true));
      if (comma == std::string_view::npos) break;
      left.remove_prefix(comma + 1);
    }
  return client_of(hops, peer, proxies);
}

Result<Address> client_of_forwarded(std::span<const std::string_view> values, const Address& peer,
                                    const AddressSet& proxies) {
  if (!proxies.contains(peer)) return peer;
  Hops hops;
  for (const std::string_view value : values)
    if (Status read = ForwardedReader(value).read(hops); !read) return read.error();
  return client_of(hops, peer, proxies);
}

Certificate certificate_of_client_cert(std::span<const std::string_view> values, const Address& peer,
                                       const AddressSet& proxies) {
  const auto value = single(values, peer, proxies);
  if (!value) return value.error();
  if (!*value) return std::optional<PeerCertificate>{};
  const std::string_view text = **value;
  if (text.size() < 2 || text.front() != ':' || text.back() != ':')
    return refused("Client-Cert of a named proxy is not base64 between colons");
  const Result<std::string> der = base64_decode(text.substr(1, text.size() - 2));
  if (!der) return refused("Client-Cert of a named proxy is not base64");
  return from_der(*der);
}

Certificate certificate_of_escaped_pem(std::span<const std::string_view> values, const Address& peer,
                                       const AddressSet& proxies) {
  const auto value = single(values, peer, proxies);
  if (!value) return value.error();
  if (!*value) return std::optional<PeerCertificate>{};
  const std::optional<std::string> pem = unescaped(**value);
  const std::optional<std::string> der = pem ? pem_content(*pem) : std::nullopt;
  if (!der) return refused("what a named proxy forwards is not one escaped PEM certificate");
  return from_der(*der);
}

}  // namespace sluis::net
