#include "gateway/control/server.h"

#include <fmt/format.h>
#include <pwd.h>

#include <array>

namespace sluis::gateway {

namespace {

// Requests are short and answers wait for nothing outside: a peer that dawdles is gone.
constexpr Duration request_time = 10s;

std::string user_name(uid_t uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(uid);
}

}  // namespace

class ControlServer::Session final : public net::ConnectionHandler {
 public:
  Session(ControlServer& server, const std::shared_ptr<net::Connection>& connection) : server_(server), connection_(connection) {
    const auto who = connection->peer_credentials();
    by_ = "operator " + (who ? user_name(who->uid) : std::string("unknown"));
    connection->set_deadline(request_time);
  }

  void on_bytes(std::string_view bytes) override {
    if (asked_) return;   // one request a connection
    line_ += bytes;
    const auto end = line_.find('\n');
    if (end == std::string::npos && line_.size() <= control_request_most) return;
    asked_ = true;
    const auto connection = connection_.lock();
    if (connection == nullptr) return;
    connection->clear_deadline();
    if (end == std::string::npos) return answer(connection, failure(Error{"control.syntax", "the request is too long"}));
    const auto request = parse_request(std::string_view(line_).substr(0, end));
    if (!request) return answer(connection, failure(request.error()));
    const bool posted = server_.pool_.post([&server = server_, connection, by = by_, asked = *request] {
      server.handler_(asked, by, [connection](const Json& json) {
        connection->loop().post([connection, json] { answer(connection, json); });
      });
    });
    if (!posted) answer(connection, failure(Error{"control.stopping", "the gateway is stopping"}));
  }
  void on_timeout() override {
    if (const auto connection = connection_.lock()) connection->close();
  }
  void on_closed(const Error&) override {}

 private:
  static void answer(const std::shared_ptr<net::Connection>& connection, const Json& json) {
    connection->write(dump(json) + "\n");
    connection->shutdown();
  }

  ControlServer& server_;
  std::weak_ptr<net::Connection> connection_;
  std::string by_, line_;
  bool asked_ = false;
};

Result<std::unique_ptr<ControlServer>> ControlServer::open(net::LoopGroup& loops, const std::string& path, Handler handler, const Log& log) {
  const auto address = net::Address::parse("unix:" + path);
  if (!address) return address.error();
  std::unique_ptr<ControlServer> server(new ControlServer(std::move(handler)));
  net::ListenerSettings settings;
  settings.name = "control";
  settings.most_connections = 64;
  settings.log = log;
  auto listener = net::Listener::open(
      loops, *address, [raw = server.get()](const std::shared_ptr<net::Connection>& c) { return std::make_shared<Session>(*raw, c); }, settings);
  if (!listener) return listener.error();
  server->listener_ = std::move(*listener);
  return server;
}

ControlServer::~ControlServer() { stop(); }

void ControlServer::stop() {
  if (listener_ != nullptr) listener_->stop();
  pool_.stop();
}

}  // namespace sluis::gateway
