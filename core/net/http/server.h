// The HTTP/1.1 server: sessions on the connections of listeners, mounts by path, an orderly end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/net/http/handler.h"
#include "core/net/http/server_machine.h"
#include "core/net/listener.h"
#include "core/net/tls.h"
#include "core/runtime/executor.h"
#include "core/runtime/export.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"

namespace sluis::net::http {

struct HttpServerSettings {
  std::string name = "http";  // in logs and as the label of metrics
  ServerMachineSettings machine = {};
  Duration header_deadline = 30s;  // from the connection, or the first octet of a request, to the end of its head
  Duration idle_timeout = 75s;     // between two requests
  // A body must come at this rate on average over each window, and a response must move at all within one: slower is an
  // attack that holds connections (slow loris, slow read).
  Duration rate_window = 20s;
  std::uint64_t least_body_rate = 500;  // octets a second
  std::size_t most_ahead = 64 * 1024;   // octets of later requests that wait (pipelining)
  std::size_t response_high_water = 256 * 1024;
  Log log = {};
  Metrics* metrics = nullptr;  // sluis_http_requests_total, sluis_http_refused_total{reason}, sluis_http_aborted_total
};

class ServerCore;

// A place in the server's paths, given back when it goes. Requests that run go on; a `serve` that is being called on a
// loop at that moment still finishes, so it must hold what it needs. [Threading] any thread.
class SLUIS_CORE_API MountLease {
 public:
  MountLease() = default;
  MountLease(std::weak_ptr<ServerCore> core, std::uint64_t id) : core_(std::move(core)), id_(id) {}
  MountLease(MountLease&& other) noexcept { *this = std::move(other); }
  MountLease& operator=(MountLease&& other) noexcept;
  ~MountLease() { release(); }
  void release();

 private:
  std::weak_ptr<ServerCore> core_;
  std::uint64_t id_ = 0;
};

// [Ownership] shares its state with its sessions; clock, metrics and loops must outlive them: stop() first, wait for
// `done`, then stop the loops. [Threading] any thread. [Errors] mount(): "http.mount" when host and prefix are taken or
// are none. What peers do wrong is answered, counted by its code and logged as "http.refused".
class SLUIS_CORE_API HttpServer {
 public:
  explicit HttpServer(const Clock& clock, HttpServerSettings settings = {});
  ~HttpServer();  // stop(0s)
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // For Listener::open(). Several listeners may share one server.
  [[nodiscard]] SessionFactory sessions();
  // For connections accepted from now on; nullptr: clear text. Also on reload.
  void set_tls(std::shared_ptr<const TlsContext> context);

  Result<MountLease> mount(Mount mount);

  // No new requests; idle connections end now, the others with their response ("Connection: close"), and all of them
  // when `grace` is over, their handlers being told "http.stopped". `done` comes when no session is left, on a loop, or
  // here when there is none. The listeners are the caller's to stop, before.
  void stop(Duration grace, Task done = {});

  [[nodiscard]] std::size_t connections() const;

 private:
  std::shared_ptr<ServerCore> core_;
};

}  // namespace sluis::net::http
