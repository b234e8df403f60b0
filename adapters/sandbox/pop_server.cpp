#include "adapters/sandbox/pop_server.h"

#include "adapters/sandbox/pop_session.h"

namespace sluis::sandbox {

const std::vector<MisbehaviourPoint>& pop_points() {
  static const std::vector<MisbehaviourPoint> points = {
      {.name = "pop3:greeting", .words = {"close"}, .sentence = "no greeting, the connection ends"},
      {.name = "pop3:auth", .words = {"err", "temporary", "close"}, .sentence = "in answer to the password"},
      {.name = "pop3:retr", .words = {"err", "close"}, .sentence = "close: in the middle of the mail"},
      {.name = "pop3:quit",
       .words = {"err", "close", "lost"},
       .sentence = "err and close delete nothing; lost deletes and closes without a reply"},
      {.name = "pop3:close-at-byte", .number = true, .sentence = "the octet at which the connection ends"},
      {.name = "pop3:slow", .number = true, .sentence = "octets a second"},
  };
  return points;
}

Result<std::unique_ptr<PopServer>> PopServer::open(const PopParts& parts, const PopConfig& config,
                                                   const net::Address& address, const Log& log) {
  std::unique_ptr<PopServer> server(new PopServer(parts, config));
  net::ListenerSettings settings;
  settings.name = "pop3";
  settings.most_per_address = settings.most_connections;  // everybody comes from one machine
  settings.log = log;
  auto listener = net::Listener::open(
      parts.loops, address,
      [self = server.get()](const std::shared_ptr<net::Connection>& connection) {
        auto session = std::make_shared<PopSession>(connection, self->parts_, self->config_);
        self->sessions_.add(session);
        session->begin();
        return session;
      },
      settings);
  if (!listener) return listener.error();
  server->listener_ = std::move(listener).value();
  return server;
}

void PopServer::stop() {
  if (listener_) listener_->stop();
  sessions_.end_all();
}

}  // namespace sluis::sandbox
