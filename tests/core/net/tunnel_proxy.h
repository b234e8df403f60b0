// A small HTTP proxy for tests: CONNECT and nothing else. Every destination's name is this machine's.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/net/listener.h"

namespace sluis::test {

// [Threading] any thread.
class TunnelProxy {
 public:
  // `login`: "name:password" that is asked for; empty: none.
  explicit TunnelProxy(net::LoopGroup& loops, std::string login = {});
  ~TunnelProxy();  // closes its connections
  TunnelProxy(const TunnelProxy&) = delete;
  TunnelProxy& operator=(const TunnelProxy&) = delete;

  [[nodiscard]] net::HostPort at() const { return {"127.0.0.1", listener_->port()}; }
  [[nodiscard]] std::vector<std::string> destinations() const;  // as they were asked for
  [[nodiscard]] std::vector<std::string> clients() const;       // the addresses they came from

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;  // shared with the sessions, which the loops hold
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::test
