#include "core/net/http/client_core.h"

#include <algorithm>
#include <utility>

namespace sluis::net::http {

void ClientCore::begin(const std::shared_ptr<CallState>& call) {
  calls_.insert(call);
  if (stopped_) return give_up(call, {"http.stopped", "the client has stopped"});
  if (call->request.origin.tls && settings.tls == nullptr)
    return give_up(call, {"tls.settings", "no TLS settings for an https request"});
  call->total_timer = loop.schedule_after(call->request.timeouts.total, [weak = std::weak_ptr(call)] {
    if (const auto late = weak.lock())
      late->fail("http.timeout.total", "not done within " + format_duration(late->request.timeouts.total));
  });
  place(call, call->request.fresh_connection);
}

void ClientCore::again(const std::shared_ptr<CallState>& call) {
  call->retried = true;
  settings.log.debug("http.again", "a kept connection had ended; the request goes out on a new one",
                     {{"client", settings.name}, {"origin", call->request.origin.text()}});
  place(call, true);
}

void ClientCore::place(const std::shared_ptr<CallState>& call, bool fresh) {
  Pool& pool = pool_of(call->request.origin);
  if (!fresh && !pool.idle.empty()) {
    const auto connection = std::move(pool.idle.back());
    pool.idle.pop_back();
    connection->run(call);
    return;
  }
  if (pool.open < settings.most_per_origin) {
    connect(call);
    return;
  }
  if (!pool.idle.empty()) {
    // Full of idle ones, and this call must not use any: one makes room.
    const auto oldest = pool.idle.front();
    pool.idle.erase(pool.idle.begin());
    oldest->close();
    connect(call);
    return;
  }
  pool.waiting.push_back(call);
}

void ClientCore::connect(const std::shared_ptr<CallState>& call) {
  const Origin& origin = call->request.origin;
  ++pool_of(origin).open;
  ConnectRequest request;
  request.host = origin.host;
  request.port = origin.port;
  request.resolve_timeout = call->request.timeouts.resolve;
  request.connect_timeout = call->request.timeouts.connect;
  request.source_address = settings.source_address;
  request.proxy = settings.proxy;
  request.interface = settings.interface;
  request.connection = settings.connection;
  call->under_way = true;
  call->attempt = connector_.connect(
      loop, std::move(request), [self = shared_from_this(), call](Result<std::shared_ptr<Connection>> connected) {
        call->attempt = {};
        call->under_way = false;
        if (!connected) {
          self->give_up(call, connected.error());
          self->gave_up_connecting(call->request.origin);
          return;
        }
        std::make_shared<ClientConnection>(self, call->request.origin, std::move(*connected))->open(call);
      });
}

void ClientCore::gave_up_connecting(const Origin& origin) {
  --pool_of(origin).open;
  serve_waiting(origin);
}

void ClientCore::give_up(const std::shared_ptr<CallState>& call, const Error& error) {
  ClientResult result;
  result.error = error;
  call->finish(result);
}

void ClientCore::release(const std::shared_ptr<ClientConnection>& connection, bool reusable) {
  if (!reusable || stopped_) {
    connection->close();
    return;
  }
  Pool& pool = pool_of(connection->origin());
  while (!pool.waiting.empty()) {
    const auto call = pool.waiting.front();
    if (call->handler != nullptr && (call->request.fresh_connection || call->retried)) {
      connection->close();  // its place goes to a new one for the first that waits
      return;
    }
    pool.waiting.pop_front();
    if (call->handler == nullptr) continue;
    connection->run(call);
    return;
  }
  if (pool.idle.size() >= settings.most_idle_per_origin) {
    connection->close();
    return;
  }
  pool.idle.push_back(connection);
  connection->keep(settings.idle_timeout);
}

void ClientCore::lost(const ClientConnection& connection) {
  Pool& pool = pool_of(connection.origin());
  --pool.open;
  std::erase_if(pool.idle, [&](const auto& one) { return one.get() == &connection; });
  serve_waiting(connection.origin());
}

void ClientCore::serve_waiting(const Origin& origin) {
  Pool& pool = pool_of(origin);
  while (!pool.waiting.empty() && pool.open < settings.most_per_origin) {
    const auto call = pool.waiting.front();
    pool.waiting.pop_front();
    if (call->handler != nullptr) connect(call);
  }
  if (pool.open == 0 && pool.waiting.empty() && pool.idle.empty()) pools_.erase(origin.text());
}

void ClientCore::stop(Task done) {
  stopped_ = true;
  const auto self = shared_from_this();
  const std::unordered_set<std::shared_ptr<CallState>> calls = calls_;
  for (const auto& call : calls) call->fail("http.stopped", "the client stops");
  std::vector<std::shared_ptr<ClientConnection>> idle;
  for (auto& [origin, pool] : pools_)
    for (const auto& connection : pool.idle) idle.push_back(connection);
  for (const auto& connection : idle) connection->close();
  if (done) done();
}

}  // namespace sluis::net::http
