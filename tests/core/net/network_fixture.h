// Loops, listeners and peers for tests over real loopback sockets: everything waits for a condition, with a deadline.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/net/connection.h"
#include "core/net/connector.h"
#include "core/net/event_loop.h"
#include "core/net/file_descriptor.h"
#include "core/net/listener.h"

namespace sluis::test {

// A handler that writes down what it is told. The hooks run on the loop.
class Recorder : public net::ConnectionHandler {
 public:
  struct Seen {
    std::string bytes;
    std::optional<net::TlsInfo> tls;
    std::optional<Error> closed;
    int drained = 0;
    int timeouts = 0;
    int calls = 0;
  };

  std::function<void(std::string_view)> bytes_hook;
  std::function<void()> tls_hook;
  std::function<void()> drained_hook;
  std::function<void()> timeout_hook;
  std::shared_ptr<net::Connection> connection;

  void on_bytes(std::string_view bytes) override;
  void on_tls(const net::TlsInfo& info) override;
  void on_drained() override;
  void on_timeout() override;
  void on_closed(const Error& reason) override;

  // True when the condition held within ten seconds.
  bool wait(const std::function<bool(const Seen&)>& condition);
  bool wait_bytes(const std::string& expected) {
    return wait([&](const Seen& seen) { return seen.bytes == expected; });
  }
  bool wait_closed() {
    return wait([](const Seen& seen) { return seen.closed.has_value(); });
  }
  std::string close_code() { return wait_closed() ? seen().closed->code : "still open"; }
  Seen seen();

 private:
  template <class F>
  void note(F change);
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
};

// A plain blocking socket with time limits: the peer that does what no proper peer does.
class RawPeer {
 public:
  explicit RawPeer(net::FileDescriptor socket);
  static RawPeer connect(const net::Address& to);
  void send(std::string_view bytes) const;
  // Reads until `size` octets came, the stream ended or ten seconds passed.
  std::string receive(std::size_t size) const;
  bool ended() const;  // the other side has ended the stream
  void reset();        // RST instead of FIN
  void close() { socket_.reset(); }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  net::FileDescriptor socket_;
};

// A listening socket that never accepts, with a backlog that is full: connecting to it gets no answer.
class SilentHost {
 public:
  SilentHost();
  [[nodiscard]] net::Address address() const;

 private:
  net::FileDescriptor listening_;
  std::vector<net::FileDescriptor> fillers_;
};

class NetworkTest : public ::testing::Test {
 protected:
  using Prepare = std::function<void(Recorder&)>;  // on the loop, right after the connection started

  ~NetworkTest() override;  // closes every connection, then stops the loops

  // Listens on a free port of 127.0.0.1; every connection gets a Recorder, prepared and kept in accepted().
  void listen(Prepare prepare = {}, net::ListenerSettings settings = {});
  std::shared_ptr<Recorder> accepted(std::size_t index = 0);  // waits for it
  std::shared_ptr<Recorder> connect(Prepare prepare = {}, net::ConnectionSettings settings = {});
  RawPeer raw() { return RawPeer::connect(listener_->address()); }

  // Runs on the loop and waits for it.
  template <class F>
  auto on(net::EventLoop& loop, F work) -> decltype(work()) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    loop.post([&task] { task(); });
    return result.get();
  }
  template <class F>
  auto on(Recorder& peer, F work) -> decltype(work()) {
    return on(peer.connection->loop(), std::move(work));
  }
  static bool eventually(const std::function<bool()>& condition);

  SystemClock clock_;
  net::LoopGroup loops_{clock_, 2};
  std::unique_ptr<net::Listener> listener_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Recorder>> accepted_;
  std::vector<std::shared_ptr<Recorder>> connected_;
};

}  // namespace sluis::test
