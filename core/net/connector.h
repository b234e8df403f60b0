// Opens connections: name to addresses, addresses in turn, each step with its own time limit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/net/address.h"
#include "core/net/connection.h"
#include "core/net/event_loop.h"
#include "core/net/http_connect.h"
#include "core/net/resolver.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

struct ConnectRequest {
  std::string host;  // a DNS name or an IP address without brackets
  std::uint16_t port = 0;
  Duration resolve_timeout = 10s;
  Duration connect_timeout = 10s;  // for each address
  std::string source_address;      // optional: an IP address of this machine; only addresses of its family are tried
  std::string interface;           // optional: SO_BINDTODEVICE, which older kernels keep for CAP_NET_RAW
  // Reach it through this proxy: what is above is then the way to the proxy, which alone resolves `host`. Its answer
  // may take both time limits together, for it has both steps to do.
  std::optional<HttpProxy> proxy = {};
  ConnectionSettings connection = {};
};

// Called once on the loop, unless cancelled. The connection is not started: call start(handler), then
// start_tls_client() where TLS comes first. One that is dropped without start() closes. [Errors] what failed, with
// every address that was tried:
//   "net.dns", "net.dns.timeout", "net.dns.busy"
//   "net.tcp.refused", "net.tcp.timeout", "net.tcp.unreachable", "net.tcp" — the last address's
//   "net.proxy" the proxy's no, with its status; "net.proxy.reply", "net.proxy.timeout", "net.proxy.login"
// Through a proxy the connection begins where the tunnel does, its remote() is the proxy, and the errors of names and
// addresses are those of the way to it.
using Connected = std::function<void(Result<std::shared_ptr<Connection>>)>;

// An attempt under way. [Ownership] dropping it does not cancel. [Threading] any thread.
class SLUIS_CORE_API ConnectAttempt {
 public:
  ConnectAttempt() = default;
  // From the loop: the callback will not come after it. From elsewhere: unless it is running already.
  void cancel();

 private:
  friend class Connector;
  class State;
  std::shared_ptr<State> state_;  // shared with the loop and the resolver, which may answer after everyone has gone
};

// [Ownership] none: the resolver and the loops must outlive the attempts. [Threading] any thread.
class SLUIS_CORE_API Connector {
 public:
  explicit Connector(Resolver& resolver) : resolver_(resolver) {}
  ConnectAttempt connect(EventLoop& loop, ConnectRequest request, Connected done);
  // A local socket, or a numeric address that needs no resolver.
  static ConnectAttempt connect(EventLoop& loop, const Address& address, Duration timeout, Connected done,
                                ConnectionSettings connection = {});

 private:
  Resolver& resolver_;
};

}  // namespace sluis::net
