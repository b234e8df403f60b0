// The daemon: composes configuration, store, engine, intake and channels, and takes them down again in order.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "config/load.h"
#include "core/channel/plugin.h"
#include "core/delivery/engine.h"
#include "core/net/connector.h"
#include "core/net/event_loop.h"
#include "core/net/resolver.h"
#include "core/runtime/worker_pool.h"
#include "gateway/channel_host.h"
#include "gateway/control/server.h"
#include "gateway/housekeeping.h"
#include "gateway/listeners.h"
#include "gateway/pauses.h"
#include "gateway/requests.h"

namespace sluis::gateway {

struct GatewayOptions {
  std::string config_folder;
  Duration stop_within = 30s;   // how long attempts under way may take at shutdown
};

// [Threading] start(), stop() and reload() from the main thread or the control server; never two at a time.
// Order of start: store (recovers), listeners, channels made, engine, channels started, control socket. Order of stop:
// control socket, listeners (responses under way finish), engine takes no more, channels, engine's last, store. So nothing is accepted that could not be committed, and what was
// accepted is committed before the process ends.
class Gateway {
 public:
  Gateway(GatewayOptions options, const AdapterRegistry& adapters, const Clock& clock, Log log);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  Status start(const config::Loaded& loaded);
  void stop();
  // Reads the configuration again; on any error the last good one stays. The answer is what the control socket says.
  Json reload(const std::string& by);
  [[nodiscard]] std::string control_socket() const { return control_socket_; }

 private:
  // Intake and channels need each other: the intake asks for identities only once something arrives, and by then the hosts
  // are there.
  struct Directory final : ChannelDirectory {
    const ChannelDirectory* hosts = nullptr;
    [[nodiscard]] std::shared_ptr<Channel> find(std::string_view name) const override { return hosts->find(name); }
    [[nodiscard]] bool open(std::string_view name) const override { return hosts->open(name); }
    [[nodiscard]] bool resting(std::string_view name) const override { return hosts->resting(name); }
    [[nodiscard]] std::vector<PausedPart> paused_parts(std::string_view name) const override {
      return hosts->paused_parts(name);
    }
  };

  Status open_store(const config::Loaded& loaded);

  const GatewayOptions options_;
  const AdapterRegistry& adapters_;
  const Clock& clock_;
  const Log log_;
  Metrics metrics_;
  SystemRandom random_;
  Generations generations_;
  std::string control_socket_;
  std::string data_;
  std::uint64_t next_generation_ = 1;
  std::mutex reload_mutex_;

  std::unique_ptr<Store> store_;
  std::unique_ptr<net::LoopGroup> loops_;          // channels' connections and listeners, and their timers
  std::unique_ptr<net::LoopGroup> engine_loop_;    // the engine's own thread: its claims read the store
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<WorkerPool> planning_;           // the intake's look-ups
  Directory directory_;
  std::unique_ptr<MessageIntake> intake_;
  std::unique_ptr<StoreIncidents> incidents_;      // of the gateway itself
  std::unique_ptr<GatewayListeners> listeners_;
  std::unique_ptr<Pauses> pauses_;
  std::unique_ptr<ChannelHosts> hosts_;
  std::unique_ptr<DeliveryEngine> engine_;
  std::unique_ptr<Housekeeping> housekeeping_;
  std::unique_ptr<Requests> requests_;
  std::unique_ptr<ControlServer> control_;
  bool started_ = false;
};

}  // namespace sluis::gateway
