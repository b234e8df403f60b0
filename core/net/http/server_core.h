// What the sessions of one server share.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "core/net/http/mount_table.h"
#include "core/net/http/server.h"

namespace sluis::net::http {

class ServerSession;

// [Ownership] shared_ptr: the server and its sessions, which may outlive it by a turn of their loop. [Threading] any
// thread.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(const Clock& clock, HttpServerSettings settings);

  std::shared_ptr<ConnectionHandler> accept(const std::shared_ptr<Connection>& connection);
  void leave(ServerSession* session);

  Result<std::uint64_t> mount(Mount mount);
  void unmount(std::uint64_t id);
  [[nodiscard]] std::shared_ptr<const Mount> find(std::string_view authority, std::string_view path) const;

  void set_tls(std::shared_ptr<const TlsContext> context);
  void stop(Duration grace, Task done);
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] std::size_t sessions() const;

  // A refusal or an early end, by its code. The codes are ours, so the label is bounded.
  void count_refused(std::string_view code);
  void count_request();
  void count_aborted();

  const Clock& clock;
  const HttpServerSettings settings;

 private:
  void each(const std::function<void(ServerSession&)>& what);

  mutable std::mutex mutex_;
  MountTable mounts_;
  std::uint64_t next_mount_ = 1;
  std::shared_ptr<const TlsContext> tls_;
  struct Place {
    std::weak_ptr<ServerSession> session;
    EventLoop* loop;
  };
  std::unordered_map<ServerSession*, Place> sessions_;
  std::atomic<bool> stopping_{false};
  Task done_;
  Metrics::Counter* requests_ = nullptr;
  Metrics::Counter* aborted_ = nullptr;
};

}  // namespace sluis::net::http
