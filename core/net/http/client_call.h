// One request of the client, from send() to on_done().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/net/connector.h"
#include "core/net/http/client.h"

namespace sluis::net::http {

class ClientConnection;

// [Ownership] shared_ptr: the caller's handle, and the pool or the connection that has it. [Threading] as marked.
class CallState : public std::enable_shared_from_this<CallState> {
 public:
  CallState(EventLoop& loop_, std::weak_ptr<ClientCore> core_, ClientRequest request_,
            std::shared_ptr<ResponseHandler> handler_)
      : loop(loop_), core(std::move(core_)), request(std::move(request_)), handler(std::move(handler_)) {}

  // Any thread.
  void cancel();
  bool write(std::string_view bytes);
  void end();
  void pause() { paused = true; }
  void resume();

  // On the loop.
  void finish(const ClientResult& result);
  void fail(std::string_view code, std::string_view what);  // wherever it is at the moment
  void set_full(bool now) { full_ = now; }
  void took_upload(std::size_t octets);  // they went to the connection
  // The handler's on_drained(), if it waits for it and there is room.
  void tell_drained();
  bool guarded(const std::function<void()>& what);  // false: the handler threw

  EventLoop& loop;
  const std::weak_ptr<ClientCore> core;
  ClientRequest request;
  std::shared_ptr<ResponseHandler> handler;  // shared with whoever sent; nullptr: done

  // On the loop only.
  std::weak_ptr<ClientConnection> connection;
  ConnectAttempt attempt;
  bool under_way = false;  // `attempt` holds a place in the pool
  TimerId total_timer = TimerId::none;
  bool retried = false;
  std::string upload;  // written and not yet given to the connection
  bool upload_ended = false;

  std::atomic<bool> paused{false};

 private:
  static constexpr std::size_t high_water = 256 * 1024;
  std::mutex mutex_;  // keeps write() and end() in order
  bool ended_ = false;
  std::atomic<bool> done_{false};
  std::atomic<bool> full_{false};
  std::atomic<bool> wants_drained_{false};
  std::atomic<std::size_t> posted_{0};
};

}  // namespace sluis::net::http
