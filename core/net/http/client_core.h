// The client's pool: which connection a call gets, and which calls wait for one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/net/http/client.h"
#include "core/net/http/client_call.h"
#include "core/net/http/client_connection.h"

namespace sluis::net::http {

// [Ownership] shared_ptr: the client, and its connections while they last. [Threading] the loop only.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  ClientCore(EventLoop& loop_, Resolver& resolver, HttpClientSettings settings_)
      : loop(loop_), settings(std::move(settings_)), connector_(resolver) {}

  void begin(const std::shared_ptr<CallState>& call);
  // Once more, after a kept connection turned out to be dead.
  void again(const std::shared_ptr<CallState>& call);
  void give_up(const std::shared_ptr<CallState>& call, const Error& error);  // it had no connection yet
  void gave_up_connecting(const Origin& origin);
  void forget(const std::shared_ptr<CallState>& call) { calls_.erase(call); }
  void release(const std::shared_ptr<ClientConnection>& connection, bool reusable);
  void lost(const ClientConnection& connection);  // closed, for whatever reason; once
  void stop(Task done);

  EventLoop& loop;
  const HttpClientSettings settings;

 private:
  struct Pool {
    std::size_t open = 0;                                 // also those under way
    std::vector<std::shared_ptr<ClientConnection>> idle;  // the last one in is the first one out: the rest may expire
    std::deque<std::shared_ptr<CallState>> waiting;
  };
  void place(const std::shared_ptr<CallState>& call, bool fresh);
  void connect(const std::shared_ptr<CallState>& call);
  void serve_waiting(const Origin& origin);
  Pool& pool_of(const Origin& origin) { return pools_[origin.text()]; }

  Connector connector_;
  std::unordered_map<std::string, Pool> pools_;
  std::unordered_set<std::shared_ptr<CallState>> calls_;
  bool stopped_ = false;
};

}  // namespace sluis::net::http
