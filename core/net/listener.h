// Accepts connections, within limits, and spreads them over the loops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/net/address.h"
#include "core/net/connection.h"
#include "core/net/event_loop.h"
#include "core/runtime/export.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"
#include "core/runtime/result.h"

namespace sluis::net {

// Makes the session of a new connection and returns its handler; nullptr: the connection is closed again. The
// connection is started with it right after, unless the factory has done so or closed it. [Threading] on the
// connection's loop; never two calls of one listener at a time, so it should be short.
using SessionFactory = std::function<std::shared_ptr<ConnectionHandler>(const std::shared_ptr<Connection>&)>;

// Whose word about its client is believed. A connection of a named proxy must begin with a PROXY header
// (core/net/proxy_protocol.h), before TLS and everything else; then the client it names is remote(), and the limits
// count that client. From everybody else such a header is ordinary octets, which no protocol here takes for its own.
// [Security] name proxies that clients cannot pass by and that write the header themselves.
struct ProxyProtocol {
  AddressSet from = {};         // empty: nobody
  Duration header_within = 5s;  // the deadline of the whole header; a proxy sends it at once
};

struct ListenerSettings {
  std::string name = "listener";  // in logs and as the label of metrics
  int backlog = 512;
  std::size_t most_connections = 10'000;
  std::size_t most_per_address =
      100;  // an IPv6 peer is counted by its /64: that is what one subscriber gets. Not for local sockets
  ProxyProtocol proxy_protocol = {};
  ConnectionSettings connection = {};
  Log log = {};
  Metrics* metrics = nullptr;  // sluis_net_accepted_total, sluis_net_refused_total{reason}
};

// [Ownership] the socket. A connection belongs to its loop and session, not to the listener. The LoopGroup must outlive
// both. [Threading] any thread. [Errors] open(): "net.listen", "net.socket". Out of descriptors: accepting pauses for a
// moment instead of spinning, and says so.
class SLUIS_CORE_API Listener {
 public:
  // Port 0 takes a free one: port() tells. A local address ("unix:/path") makes a socket file of mode 0600.
  static Result<std::unique_ptr<Listener>> open(LoopGroup& loops, const Address& address, SessionFactory factory,
                                                ListenerSettings settings = {});
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // After it neither factory, log nor metrics are used again (what runs on another thread is waited for) and the
  // address is free. Connections go on. [Locking] not while holding a lock that the factory takes.
  void stop();

  [[nodiscard]] const Address& address() const;
  [[nodiscard]] std::uint16_t port() const { return address().port(); }
  [[nodiscard]] std::size_t connections() const;  // open now
  [[nodiscard]] std::uint64_t accepted() const;
  [[nodiscard]] std::uint64_t refused() const;  // over a limit, or a proxy's without its header
  [[nodiscard]] std::uint64_t pauses() const;   // out of descriptors or memory

 private:
  class State;
  explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;  // shared with tasks on the loops that may still run when the listener goes
};

}  // namespace sluis::net
