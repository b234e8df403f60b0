// The control socket: how other processes reach a running gateway (DESIGN §3.3, §5).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/net/event_loop.h"
#include "core/net/listener.h"
#include "core/runtime/worker_pool.h"
#include "gateway/control/protocol.h"

namespace sluis::gateway {

// [Threading] the handler runs on the server's own pool and may block; it answers through `reply`, once, from any thread.
// [Security] the socket file has mode 0600: whoever may open it is the operator. The peer's user is named in `by`.
class ControlServer {
 public:
  using Reply = std::function<void(Json)>;
  using Handler = std::function<void(const Json& request, const std::string& by, Reply reply)>;

  static Result<std::unique_ptr<ControlServer>> open(net::LoopGroup& loops, const std::string& path, Handler handler, const Log& log);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // After it no handler runs or is called. Not from a handler.
  void stop();

 private:
  ControlServer(Handler handler) : handler_(std::move(handler)) {}
  class Session;
  const Handler handler_;
  WorkerPool pool_{4};
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::gateway
