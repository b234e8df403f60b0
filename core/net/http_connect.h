// The dialogue with an HTTP proxy that opens a tunnel: CONNECT.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/net/address.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "core/runtime/secret.h"

namespace sluis::net {

// A proxy for connections that leave.
struct HttpProxy {
  HostPort at;
  std::string username;  // empty: no login; without a colon (RFC 7617 §2)
  Secret password;
};

// The request, and the reader of its answer: to the end of its header and not an octet further, for what comes behind
// it is the destination's, which may speak first (SMTP, POP3). Where we speak first an octet behind the header is an
// attack, and the start of TLS refuses it (Connection::start_tls_client). The destination's name is the proxy's to
// resolve. Source: RFC 9110 §9.3.6, RFC 9112 §4 and §5, RFC 7617. Strict: CR LF only, no folded lines, no interim
// answers, 8 KiB. [Threading] a value. [Errors] make(): "net.address", "net.proxy.login". take(): "net.proxy" the
// proxy's no, which begins with its status; "net.proxy.reply" what it says is not HTTP.
class SLUIS_CORE_API HttpConnect {
 public:
  static constexpr std::size_t most_reply = 8 * 1024;

  static Result<HttpConnect> make(const HostPort& destination, const HttpProxy& proxy);

  // What goes to the proxy. It may hold a password, so it is never logged.
  [[nodiscard]] const Secret& request() const { return request_; }
  // Takes from the front of `bytes` what belongs to the header of the answer. True: the tunnel stands. Not after that,
  // nor after an error.
  Result<bool> take(std::string_view& bytes);

 private:
  explicit HttpConnect(Secret request) : request_(std::move(request)) {}
  Status line(std::string_view text);

  Secret request_;
  std::string line_;
  std::size_t taken_ = 0;
  int status_ = 0;  // 0: the status line has not come yet
  std::string refusal_;
};

}  // namespace sluis::net
