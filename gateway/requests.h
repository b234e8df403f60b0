// What the control socket answers: one function a command, over engine, store and channels.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/delivery/engine.h"
#include "core/store/store.h"
#include "gateway/channel_host.h"
#include "gateway/control/server.h"
#include "gateway/listeners.h"
#include "gateway/pauses.h"

namespace sluis::gateway {

// [Threading] handle() runs on the control server's pool and may block on the store or a probe. [Ownership] the parts
// outlive it.
class Requests {
 public:
  struct Parts {
    Store& store;
    DeliveryEngine& engine;
    ChannelHosts& hosts;
    GatewayListeners& listeners;
    Pauses& pauses;
    Generations& generations;
    const Clock& clock;
    Metrics& metrics;
    std::function<Json(const std::string& by)> reload;   // checks, swaps, answers
    WallTime started_at;
    std::string version;
  };
  explicit Requests(Parts parts);
  void handle(const Json& request, const std::string& by, ControlServer::Reply reply);

 private:
  using Function = void (Requests::*)(const Json&, const std::string&, const ControlServer::Reply&);
  void status(const Json&, const std::string&, const ControlServer::Reply&);
  void reload(const Json&, const std::string&, const ControlServer::Reply&);
  void messages(const Json&, const std::string&, const ControlServer::Reply&);
  void show(const Json&, const std::string&, const ControlServer::Reply&);
  void incidents(const Json&, const std::string&, const ControlServer::Reply&);
  void probe(const Json&, const std::string&, const ControlServer::Reply&);
  void verify(const Json&, const std::string&, const ControlServer::Reply&);
  void metrics(const Json&, const std::string&, const ControlServer::Reply&);
  void pause(const Json&, const std::string&, const ControlServer::Reply&);
  void resume(const Json&, const std::string&, const ControlServer::Reply&);
  void operate(const Json&, const std::string&, const ControlServer::Reply&);

  Parts parts_;
  std::map<std::string, Function, std::less<>> commands_;
};

}  // namespace sluis::gateway
