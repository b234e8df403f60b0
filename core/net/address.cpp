#include "core/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

namespace sluis::net {
namespace {

Error refused(std::string_view text, std::string_view why) {
  return Error{"net.address", fmt::format("\"{}\": {}", text, why)};
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// The octets of an IP address: 4 or 16, or empty when it is none.
std::string read_ip(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return {};
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

bool is_host_name(std::string_view host) {
  const auto allowed = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), allowed);
}

}  // namespace

Address Address::from_ip_bytes(std::string_view bytes, std::uint16_t port) {
  if (bytes.size() == 4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), 4);
    return from(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  if (bytes.size() == 16) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    return from(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return {};
}

Result<Address> Address::ip(std::string_view ip, std::uint16_t port) {
  const std::string bytes = read_ip(ip);
  if (bytes.empty()) return refused(ip, "not an IP address");
  return from_ip_bytes(bytes, port);
}

Result<Address> Address::unix_path(std::string_view path) {
  sockaddr_un local{};
  if (path.empty() || path.front() != '/') return refused(path, "the path of a local socket must be absolute");
  if (path.find('\0') != std::string_view::npos || path.size() >= sizeof local.sun_path)
    return refused(path, fmt::format("the path of a local socket has at most {} octets", sizeof local.sun_path - 1));
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  return from(reinterpret_cast<const sockaddr*>(&local),
              static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1));
}

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("unix:")) return unix_path(text.substr(5));
  Result<HostPort> parts = HostPort::parse(text);
  if (!parts) return parts.error();
  Result<Address> address = ip(parts->host, parts->port);
  if (!address) return refused(text, "an IP address and port are needed here, like 0.0.0.0:8443 or [::]:8443");
  return address;
}

Address Address::from(const sockaddr* address, socklen_t length) {
  Address result;
  if (address == nullptr || length < sizeof(sa_family_t)) return result;
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = v6.sin6_port;
      std::memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
      return from(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    }
  }
  result.size_ = std::min<socklen_t>(length, sizeof result.storage_);
  std::memcpy(&result.storage_, address, result.size_);
  return result;
}

bool Address::is_unix() const {
  return family() == AF_UNIX;
}

bool Address::is_any() const {
  const std::string_view bytes = ip_bytes();
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

std::uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string_view Address::ip_bytes() const {
  if (family() == AF_INET)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr), 4};
  if (family() == AF_INET6)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr), 16};
  return {};
}

std::string Address::host() const {
  if (is_unix()) {
    const auto* local = reinterpret_cast<const sockaddr_un*>(&storage_);
    const std::size_t room = size_ > offsetof(sockaddr_un, sun_path) ? size_ - offsetof(sockaddr_un, sun_path) : 0;
    return std::string(local->sun_path, strnlen(local->sun_path, room));
  }
  const std::string_view bytes = ip_bytes();
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.empty() || inet_ntop(family(), bytes.data(), text.data(), text.size()) == nullptr) return {};
  return text.data();
}

std::string Address::text() const {
  if (is_unix()) return "unix:" + host();
  if (family() == AF_INET) return fmt::format("{}:{}", host(), port());
  if (family() == AF_INET6) return fmt::format("[{}]:{}", host(), port());
  return {};
}

Result<HostPort> HostPort::parse(std::string_view text) {
  HostPort result;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused(text, "a port is missing; write host:port");
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
    if (read_ip(host).size() != 16) return refused(text, "what stands between brackets is not an IPv6 address");
  } else if (host.find(':') != std::string_view::npos) {
    return refused(text, "an IPv6 address is written between brackets, like [::1]:995");
  } else if (!is_host_name(host)) {
    return refused(text, "not a host name or an IP address");
  }
  const std::optional<std::uint16_t> port = read_port(text.substr(colon + 1));
  if (!port) return refused(text, "the port must be a number from 0 to 65535");
  result.host = host;
  result.port = *port;
  return result;
}

std::string HostPort::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<AddressSet> AddressSet::parse(const std::vector<std::string>& networks) {
  AddressSet set;
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    std::string bytes = read_ip(std::string_view(text).substr(0, slash));
    if (bytes.empty()) return refused(text, "not an IP address or a network like 10.0.0.0/8");
    const auto bits = static_cast<unsigned>(bytes.size() * 8);
    unsigned prefix = bits;
    if (slash != std::string::npos) {
      const std::optional<std::uint16_t> given = read_port(std::string_view(text).substr(slash + 1));
      if (!given || *given > bits) return refused(text, fmt::format("the prefix must be a number from 0 to {}", bits));
      prefix = *given;
    }
    for (unsigned bit = prefix; bit < bits; ++bit)
      if ((static_cast<unsigned char>(bytes[bit / 8]) >> (7 - bit % 8) & 1U) != 0)
        return refused(text, fmt::format("bits are set behind the prefix of {}", prefix));
    set.networks_.push_back({std::move(bytes), prefix});
  }
  return set;
}

bool AddressSet::contains(const Address& address) const {
  const std::string_view bytes = address.ip_bytes();
  return std::any_of(networks_.begin(), networks_.end(), [bytes](const Network& network) {
    if (bytes.size() != network.bytes.size()) return false;
    const std::size_t whole = network.prefix / 8;
    if (bytes.substr(0, whole) != std::string_view(network.bytes).substr(0, whole)) return false;
    const unsigned rest = network.prefix % 8;
    if (rest == 0) return true;
    const auto difference = static_cast<unsigned char>(bytes[whole] ^ network.bytes[whole]);
    return (difference >> (8 - rest)) == 0;
  });
}

}  // namespace sluis::net
