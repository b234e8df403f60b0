// The PROXY protocol, versions 1 and 2: what a proxy says of its client before the client's own octets come.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/address.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

// The client's TLS, where the proxy ends it (PP2_TYPE_SSL).
struct ProxiedTls {
  std::string version;       // "TLSv1.3"
  std::string cipher;        // "TLS_AES_256_GCM_SHA384"
  bool certificate = false;  // the client showed one in this TLS session
  bool verified = false;     // … and the proxy found it good; never true without one
  std::string common_name;   // of that certificate, in UTF-8; empty when the proxy does not pass it on
};

// What one header says. [Threading] a value.
struct ProxyHeader {
  int version = 1;
  bool local = false;   // LOCAL: the proxy speaks for itself, to see whether we are well
  Address source;       // the client; unspecified when the proxy names none (LOCAL, UNKNOWN, UNSPEC, a local socket)
  Address destination;  // where the client connected to
  std::string alpn;
  std::string authority;  // the name that the client asked for, from SNI
  std::optional<ProxiedTls> tls;
};

// Reads one header from the first octets of a connection, however they are cut, and takes no octet behind it: those are
// the client's. Which version it is, the octets say. Whom to believe is the caller's to know (Listener).
// Source: HAProxy, "The PROXY protocol", 2020/03/05, §2.1 (version 1), §2.2 (version 2). Stricter than it in this: a
// datagram cannot come over a stream; a field that is given twice could be read in two ways; a name with control
// characters could forge a log line. A CRC32C that is there must be right. LOCAL, UNKNOWN and UNSPEC make everything
// behind them meaningless, and it is not read.
// [Threading] a value. [Errors] "net.proxy-header" with what was wrong; nothing more may be given after one.
class SLUIS_CORE_API ProxyHeaderReader {
 public:
  static constexpr std::size_t most_v1 = 107;        // with CR LF (§2.1)
  static constexpr std::size_t most_v2 = 16 * 1024;  // our bound; addresses and usual TLVs have some hundreds

  // Takes from the front of `bytes` what belongs to the header. True: it is complete. Not after that.
  Result<bool> take(std::string_view& bytes);
  // [Preconditions] take() has said true.
  [[nodiscard]] const ProxyHeader& header() const { return header_; }

 private:
  [[nodiscard]] std::size_t certain() const;
  Status check();
  Status check_line();
  Status check_binary();
  [[nodiscard]] bool complete() const;

  std::string octets_;
  std::size_t size_ = 0;  // of the whole header, once version 2 has told it
  ProxyHeader header_;
};

}  // namespace sluis::net
