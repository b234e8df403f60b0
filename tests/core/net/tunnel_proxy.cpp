#include "tests/core/net/tunnel_proxy.h"

#include <gtest/gtest.h>

#include <future>

#include "core/net/connector.h"
#include "core/runtime/base64.h"

namespace sluis::test {

struct TunnelProxy::State {
  std::string login;
  std::mutex mutex;
  std::vector<std::string> destinations;
  std::vector<std::string> clients;
  std::vector<std::weak_ptr<net::Connection>> connections;

  void remember(const std::shared_ptr<net::Connection>& connection) {
    const std::lock_guard lock(mutex);
    connections.push_back(connection);
  }
};

// One side of a tunnel gives what it hears to the other.
class TunnelProxy::Session final : public net::ConnectionHandler, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<State> state, std::shared_ptr<net::Connection> own, std::shared_ptr<net::Connection> other)
      : state_(std::move(state)), own_(std::move(own)), other_(std::move(other)) {}

  void on_bytes(std::string_view bytes) override {
    if (other_ != nullptr) {
      other_->write(bytes);
      return;
    }
    request_ += bytes;
    const std::size_t end = request_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string destination = request_.substr(8, request_.find(' ', 8) - 8);
    {
      const std::lock_guard lock(state_->mutex);
      state_->destinations.push_back(destination);
      state_->clients.push_back(own_->remote().host());
    }
    const std::string login = "\r\nProxy-Authorization: Basic " + base64_encode(state_->login) + "\r\n";
    if (!state_->login.empty() && request_.find(login) == std::string::npos) {
      own_->write("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n");
      own_->shutdown();
      return;
    }
    open(net::HostPort::parse(destination)->port);
  }

  void on_closed(const Error&) override {
    if (other_ != nullptr) other_->shutdown();
    own_.reset();
    other_.reset();
  }

 private:
  void open(std::uint16_t port) {
    own_->pause_reading();
    net::Connector::connect(own_->loop(), *net::Address::ip("127.0.0.1", port), 10s,
                            [self = shared_from_this()](Result<std::shared_ptr<net::Connection>> reached) {
                              self->reached(std::move(reached));
                            });
  }

  void reached(Result<std::shared_ptr<net::Connection>> reached) {
    if (own_ == nullptr) return;
    own_->resume_reading();
    if (!reached) {
      own_->write("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      own_->shutdown();
      return;
    }
    own_->write("HTTP/1.1 200 Connection established\r\n\r\n");
    other_ = *reached;
    state_->remember(other_);
    other_->start(std::make_shared<Session>(state_, other_, own_));
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<net::Connection> own_;
  std::shared_ptr<net::Connection> other_;
  std::string request_;
};

TunnelProxy::TunnelProxy(net::LoopGroup& loops, std::string login) : state_(std::make_shared<State>()) {
  state_->login = std::move(login);
  auto opened = net::Listener::open(loops, *net::Address::parse("127.0.0.1:0"),
                                    [state = state_](const std::shared_ptr<net::Connection>& connection) {
                                      state->remember(connection);
                                      return std::make_shared<Session>(state, connection, nullptr);
                                    });
  EXPECT_TRUE(opened.ok());
  listener_ = std::move(*opened);
}

TunnelProxy::~TunnelProxy() {
  listener_.reset();
  std::vector<std::weak_ptr<net::Connection>> open;
  {
    const std::lock_guard lock(state_->mutex);
    open = state_->connections;
  }
  for (const auto& weak : open)
    if (const auto connection = weak.lock()) {
      std::promise<void> closed;
      connection->loop().post([&] {
        connection->close();
        closed.set_value();
      });
      closed.get_future().wait();
    }
}

std::vector<std::string> TunnelProxy::destinations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->destinations;
}
std::vector<std::string> TunnelProxy::clients() const {
  const std::lock_guard lock(state_->mutex);
  return state_->clients;
}

}  // namespace sluis::test
