// The listeners of gateway.yaml: one socket and one HTTP server a name.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/gateway_settings.h"
#include "core/channel/context.h"
#include "core/channel/listeners.h"
#include "core/net/event_loop.h"

namespace sluis::gateway {

// Settings with the certificates, keys and client authorities they name: what one configuration generation has loaded.
struct PreparedListeners {
  std::map<std::string, config::ListenerSettings> settings;
  std::map<std::string, std::shared_ptr<const net::TlsContext>> tls;  // shared with connections, which outlive a reload
  std::vector<Error> errors;  // "listeners.public: …"; such a listener has no entry in `tls`
};
PreparedListeners prepare(const std::map<std::string, config::ListenerSettings>& settings);

// A listener whose certificate or address cannot be had is down, with an incident, and tried again; the others run.
// Mounts outlive the socket: a reload that moves a listener to another address takes them along.
// [Threading] open(), close_gone() and stop() from the gateway's thread, one at a time; the rest as Listeners says.
// [Ownership] loops, clock, metrics and incidents outlive it; stop() before the loops stop.
class GatewayListeners final : public Listeners {
 public:
  GatewayListeners(net::LoopGroup& loops, const Clock& clock, Incidents& incidents, Log log, Metrics& metrics);
  ~GatewayListeners() override;
  GatewayListeners(const GatewayListeners&) = delete;
  GatewayListeners& operator=(const GatewayListeners&) = delete;

  // Opens what is new or has moved, and gives new certificates to connections from now on. What is the same goes on
  // untouched; what is gone stays until close_gone(), so that channels can leave it first.
  void open(PreparedListeners prepared);
  void close_gone();
  // No new connections or requests; responses under way have `grace` to finish.
  void stop(Duration grace);

  struct Row {
    std::string name, address;
    bool tls = false;
    std::size_t connections = 0;
    Condition condition;
    std::optional<WallTime> certificate_until;
  };
  [[nodiscard]] std::vector<Row> rows() const;
  // Where it really listens (port 0 took a free one); none: it is down.
  [[nodiscard]] std::optional<net::Address> address(std::string_view listener) const;

  Result<LeasePtr> mount(std::string_view listener, net::http::Mount mount) override;
  Result<LeasePtr> take(std::string_view listener, net::SessionFactory sessions) override;
  [[nodiscard]] Result<std::shared_ptr<const net::TlsContext>> tls(std::string_view listener) override;
  [[nodiscard]] Condition condition(std::string_view listener) const override;

 private:
  class Place;
  using PlacePtr = std::shared_ptr<Place>;  // shared: leases and connections hold it after a reload has dropped it
  class MountedLease;
  class TakenLease;

  PlacePtr find(std::string_view listener) const;
  void try_open(const PlacePtr& place);
  void failed(const PlacePtr& place, const Error& error);
  void retry_later(const PlacePtr& place);

  net::LoopGroup& loops_;
  const Clock& clock_;
  Incidents& incidents_;
  const Log log_;
  Metrics& metrics_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // shared: timers find out that this has gone
  mutable std::mutex mutex_;                                     // guards the map
  std::map<std::string, PlacePtr, std::less<>> places_;
  std::vector<PlacePtr> gone_;
};

}  // namespace sluis::gateway
