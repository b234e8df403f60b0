// The gateway's listeners as a channel sees them: paths on an HTTP server, or a whole TCP listener.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/net/http/handler.h"
#include "core/net/listener.h"
#include "core/net/tls.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis {

// Addresses by their names in gateway.yaml. They are the operator's: certificates, client certificates and limits are
// set there and change by reload while channels go on. A listener that cannot be opened takes mounts all the same and
// serves them from when it can.
// [Threading] any thread. A lease is given back on a thread that may wait, never on an event loop.
// [Errors] "listener.unknown"; "listener.taken": it serves HTTP, and TCP was asked for, or the other way round;
// "http.mount": the path is taken.
class SLUIS_CORE_API Listeners {
 public:
  // [Ownership] the place is given up when it goes. What runs then may still finish, so whatever is handed in holds
  // what it needs.
  class Lease {
   public:
    virtual ~Lease() = default;
  };
  using LeasePtr = std::unique_ptr<Lease>;

  virtual ~Listeners() = default;
  virtual Result<LeasePtr> mount(std::string_view listener, net::http::Mount mount) = 0;
  // All connections of the listener, in clear text as they come: the session begins TLS with tls() when its protocol
  // says so. One channel a listener.
  virtual Result<LeasePtr> take(std::string_view listener, net::SessionFactory sessions) = 0;
  // For connections that begin now; null: the listener has no TLS.
  [[nodiscard]] virtual Result<std::shared_ptr<const net::TlsContext>> tls(std::string_view listener) = 0;
  // For people: the address, and what is wrong with it ("0.0.0.0:8443", "0.0.0.0:8443: …: address in use").
  struct Condition {
    bool listening = false;
    std::string text;
  };
  [[nodiscard]] virtual Condition condition(std::string_view listener) const = 0;
};

}  // namespace sluis
