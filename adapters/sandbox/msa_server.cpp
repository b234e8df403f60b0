#include "adapters/sandbox/msa_server.h"

#include "adapters/sandbox/msa_session.h"

namespace sluis::sandbox {

const std::vector<MisbehaviourPoint>& msa_points() {
  static const std::vector<MisbehaviourPoint> points = {
      {.name = "msa:greeting", .codes = "45", .words = {"close"}, .sentence = "instead of the 220"},
      {.name = "msa:auth", .codes = "45", .words = {"close"}, .sentence = "454 for 4xx, 535 for 5xx"},
      {.name = "msa:mail", .codes = "45", .words = {"close"}, .sentence = "in answer to MAIL"},
      {.name = "msa:rcpt", .codes = "45", .words = {"close"}, .sentence = "in answer to RCPT"},
      {.name = "msa:data", .codes = "45", .words = {"close"}, .sentence = "close behind the 354; a code at the dot"},
      {.name = "msa:dot",
       .codes = "45",
       .words = {"close", "lost250"},
       .sentence = "at the final dot; lost250 keeps the mail and closes without a reply, the others do not keep it"},
      {.name = "msa:close-at-byte", .number = true, .sentence = "the octet at which the connection ends"},
      {.name = "msa:slow", .number = true, .sentence = "octets a second"},
      {.name = "msa:no-starttls", .bare = true, .sentence = "does not offer STARTTLS, and still wants TLS"},
  };
  return points;
}

Result<std::unique_ptr<MsaServer>> MsaServer::open(const MsaParts& parts, const MsaConfig& config,
                                                   const net::Address& address, const Log& log) {
  std::unique_ptr<MsaServer> server(new MsaServer(parts, config));
  net::ListenerSettings settings;
  settings.name = "msa";
  settings.most_per_address = settings.most_connections;  // everybody comes from one machine
  settings.log = log;
  auto listener = net::Listener::open(
      parts.loops, address,
      [self = server.get()](const std::shared_ptr<net::Connection>& connection) {
        auto session = std::make_shared<MsaSession>(connection, self->parts_, self->config_);
        self->sessions_.add(session);
        session->begin();
        return session;
      },
      settings);
  if (!listener) return listener.error();
  server->listener_ = std::move(listener).value();
  return server;
}

void MsaServer::stop() {
  if (listener_) listener_->stop();
  sessions_.end_all();
}

}  // namespace sluis::sandbox
