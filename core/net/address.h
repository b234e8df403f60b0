// Where a socket is: an IP address and port or the path of a local socket; host:port as people write it; sets of
// networks.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

// A numeric address. Nothing here asks the DNS. The strict readers of inet_pton are used on purpose: "0x7f.1" or
// "1.2.3" as an address would let two texts mean the same network in an allow list. An IPv4 address that arrives mapped
// into IPv6 (RFC 4291 §2.5.5.2) is kept as IPv4, so that one rule matches both. [Threading] a value. [Errors]
// "net.address" with the text that was refused.
class SLUIS_CORE_API Address {
 public:
  Address() = default;  // unspecified: family AF_UNSPEC

  // "0.0.0.0:8443", "[::1]:995", "unix:/run/sluis/control".
  static Result<Address> parse(std::string_view text);
  // An IP address without brackets, and a port.
  static Result<Address> ip(std::string_view ip, std::uint16_t port);
  // 4 or 16 octets in network order, and a port; anything else: unspecified.
  static Address from_ip_bytes(std::string_view bytes, std::uint16_t port);
  static Result<Address> unix_path(std::string_view path);
  static Address from(const sockaddr* address, socklen_t length);

  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] bool is_unix() const;
  [[nodiscard]] bool is_any() const;                // 0.0.0.0 or ::
  [[nodiscard]] std::uint16_t port() const;         // 0 for a local socket
  [[nodiscard]] std::string host() const;           // "192.0.2.1", "2001:db8::1"; the path of a local socket
  [[nodiscard]] std::string text() const;           // what parse() reads
  [[nodiscard]] std::string_view ip_bytes() const;  // 4 or 16 octets, network order; empty for a local socket
  [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  bool operator==(const Address& other) const { return text() == other.text(); }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// "msa.example:587", "192.0.2.1:25", "[2001:db8::1]:25". The host is a DNS name or an IP address without brackets.
struct SLUIS_CORE_API HostPort {
  std::string host;
  std::uint16_t port = 0;

  static Result<HostPort> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  bool operator==(const HostPort&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". A network with bits set behind its prefix is refused: it says two things.
// [Threading] a value; const access from any thread.
class SLUIS_CORE_API AddressSet {
 public:
  static Result<AddressSet> parse(const std::vector<std::string>& networks);
  [[nodiscard]] bool contains(const Address& address) const;  // a local socket is in no network
  [[nodiscard]] bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    std::string bytes;
    unsigned prefix;
  };
  std::vector<Network> networks_;
};

}  // namespace sluis::net
