// Who is asking: whoever has the connection, or whom a proxy that the configuration names forwards.
#pragma once

#include <optional>
#include <string>

#include "core/channel/settings.h"
#include "core/net/address.h"
#include "core/net/http/handler.h"
#include "core/runtime/result.h"

namespace sluis::http {

struct Client {
  net::Address address;
  std::optional<std::string> certificate;  // the verified one's fingerprint, SHA-256 in hexadecimal
};

// [Security] from a peer that is not named nothing is believed; a named proxy that says nothing readable is refused,
// for it must not be taken for its client. [Threading] immutable.
class ForwardedClients {
 public:
  explicit ForwardedClients(const Settings& channel);
  // Error "net.forwarded".
  [[nodiscard]] Result<Client> client_of(const net::http::Request& request) const;
  // Why the channel's settings cannot be used; ok otherwise. The error names the setting.
  static Status check(const Settings& channel);

 private:
  net::AddressSet proxies_;
  bool standard_field_ = false;  // Forwarded (RFC 7239), else X-Forwarded-For
  std::string certificate_field_;
};

}  // namespace sluis::http
