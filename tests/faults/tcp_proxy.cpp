#include "tests/faults/tcp_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace sluis::faults {

namespace {

using Steady = std::chrono::steady_clock;  // the other side's network has a clock of its own
using Moment = Steady::time_point;

constexpr std::size_t held_most = 256 * 1024;  // octets under way in one direction; then it is not read on

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }
  // Closed with something unread, a socket ends in RST, and the peer may lose what it was sent before.
  void read_out() const {
    std::array<char, 4096> ignored;
    while (::recv(fd_, ignored.data(), ignored.size(), 0) > 0) {}
  }
  void reset_on_close() const {
    const linger abort{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  }

 private:
  int fd_;
};

Socket listen_on(std::uint16_t port, int& error) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  error = 0;
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(socket.fd(), 128) != 0)
    error = errno;
  return socket;
}

std::uint16_t port_of(const Socket& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// One direction of one connection: what was read from `from` and is not yet written to `to`.
struct Pipe {
  Socket *from = nullptr, *to = nullptr;
  Direction direction = Direction::to_server;
  struct Piece {
    std::string bytes;
    Moment due;
  };
  std::deque<Piece> held;
  std::size_t octets_held = 0;
  std::uint64_t passed = 0;  // octets read, and so the number of the next one
  Moment free_at{};          // when the rate allows the next write
  bool ended = false;        // `from` has said its last
  bool told = false;         // and `to` was told
};

struct Connection {
  Socket client, server;
  NetworkFault fault;
  std::array<Pipe, 2> pipes;
  bool connected = false, closing = false;
};

class Proxy final : public TcpProxy {
 public:
  Proxy(const sockaddr_in& server, Socket listener)
      : server_(server),
        listener_(std::move(listener)),
        port_(port_of(listener_)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Proxy() override {
    stop_ = true;
    wake();
    thread_.join();
  }
  std::uint16_t port() const override { return port_; }
  void set(const NetworkFault& fault) override {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    if (fault.refuse) {
      ::shutdown(listener_.fd(), SHUT_RDWR);  // a poll under way would keep it listening after close()
      listener_ = Socket{};
    } else if (listener_.fd() < 0) {
      int error = 0;
      listener_ = listen_on(port_, error);
    }
    wake();
  }
  void drop(bool reset) override {
    const std::lock_guard lock(mutex_);
    for (Connection& connection : connections_) end(connection, reset);
    wake();
  }
  Counts counts() const override {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto wrote = ::write(wake_.fd(), &one, sizeof(one));
  }

  static void end(Connection& connection, bool reset) {
    for (const Socket* socket : {&connection.client, &connection.server}) {
      if (reset)
        socket->reset_on_close();
      else
        socket->read_out();
    }
    connection.closing = true;
  }

  void run() {
    std::vector<pollfd> polled;
    while (!stop_) {
      int timeout = -1;
      {
        const std::lock_guard lock(mutex_);
        std::erase_if(connections_, [](const Connection& c) { return c.closing; });
        polled.assign({{wake_.fd(), POLLIN, 0}});
        if (listener_.fd() >= 0) polled.push_back({listener_.fd(), POLLIN, 0});
        const Moment now = Steady::now();
        for (const Connection& connection : connections_) watch(connection, now, polled, timeout);
      }
      ::poll(polled.data(), polled.size(), timeout);
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(wake_.fd(), &count, sizeof(count));
      const std::lock_guard lock(mutex_);
      if (listener_.fd() >= 0) take();
      for (Connection& connection : connections_)
        if (!connection.closing) serve(connection);
    }
  }

  static void watch(const Connection& connection, Moment now, std::vector<pollfd>& polled, int& timeout) {
    std::array<pollfd, 2> both{{{connection.client.fd(), 0, 0}, {connection.server.fd(), 0, 0}}};
    const auto of = [&](const Socket* socket) -> pollfd& { return both[socket == &connection.client ? 0 : 1]; };
    if (!connection.connected && connection.server.fd() >= 0) both[1].events |= POLLOUT;
    for (const Pipe& pipe : connection.pipes) {
      if (!pipe.ended && reads(connection, pipe)) of(pipe.from).events |= POLLIN;
      if (pipe.held.empty() || !connection.connected) continue;
      const Moment due = std::max(pipe.held.front().due, pipe.free_at);
      if (due <= now) {
        of(pipe.to).events |= POLLOUT;
      } else {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - now).count();
        timeout = static_cast<int>(timeout < 0 ? wait : std::min<std::int64_t>(timeout, wait));
      }
    }
    for (const pollfd& one : both)
      if (one.fd >= 0 && one.events != 0) polled.push_back(one);
  }

  static bool reads(const Connection& connection, const Pipe& pipe) {
    return !connection.fault.never_read && pipe.octets_held < held_most && pipe.from->fd() >= 0;
  }

  void take() {
    for (;;) {
      Socket client(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (client.fd() < 0) return;
      ++counts_.connections;
      if (fault_.close_at_once) {
        if (fault_.reset) client.reset_on_close();
        continue;
      }
      Connection& made = connections_.emplace_back();
      made.client = std::move(client);
      made.fault = fault_;
      made.server = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      made.pipes[0] = {&made.client, &made.server, Direction::to_server, {}, 0, 0, {}, false, false};
      made.pipes[1] = {&made.server, &made.client, Direction::to_client, {}, 0, 0, {}, false, false};
      const int yes = 1;
      for (const Socket* socket : {&made.client, &made.server})
        ::setsockopt(socket->fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
      if (::connect(made.server.fd(), reinterpret_cast<const sockaddr*>(&server_), sizeof(server_)) != 0 &&
          errno != EINPROGRESS)
        made.closing = true;
    }
  }

  void serve(Connection& connection) {
    if (!connection.connected) {
      pollfd ready{connection.server.fd(), POLLOUT, 0};
      if (::poll(&ready, 1, 0) == 1) {
        int error = 0;
        socklen_t size = sizeof(error);
        ::getsockopt(connection.server.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return end(connection, true);
        connection.connected = true;
      }
    }
    for (Pipe& pipe : connection.pipes) {
      if (connection.connected || pipe.direction == Direction::to_server) read(connection, pipe);
      if (!connection.closing && connection.connected) write(connection, pipe);
      if (connection.closing) return;
    }
    if (connection.pipes[0].told && connection.pipes[1].told) connection.closing = true;
  }

  static void read(Connection& connection, Pipe& pipe) {
    std::array<char, 16 * 1024> buffer;
    while (!pipe.ended && reads(connection, pipe)) {
      const ssize_t got = ::recv(pipe.from->fd(), buffer.data(), buffer.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got < 0) return end(connection, true);
      if (got == 0) {
        pipe.ended = true;
        return;
      }
      keep(connection, pipe, std::string(buffer.data(), static_cast<std::size_t>(got)));
    }
  }

  static void keep(Connection& connection, Pipe& pipe, std::string bytes) {
    const NetworkFault& fault = connection.fault;
    const std::uint64_t first = pipe.passed;
    pipe.passed += bytes.size();
    if (fault.no_reply && pipe.direction == Direction::to_client) return;
    if (fault.corrupt_at && fault.corrupt_at->direction == pipe.direction && fault.corrupt_at->octet >= first &&
        fault.corrupt_at->octet < pipe.passed)
      bytes[fault.corrupt_at->octet - first] ^= 0x20;
    if (fault.close_at && fault.close_at->direction == pipe.direction && fault.close_at->octet < pipe.passed) {
      bytes.resize(fault.close_at->octet > first ? fault.close_at->octet - first : 0);
      pipe.ended = true;
      connection.pipes[pipe.direction == Direction::to_server ? 1 : 0].ended = true;
    }
    if (bytes.empty()) return;
    pipe.octets_held += bytes.size();
    pipe.held.push_back({std::move(bytes), Steady::now() + fault.delay});
  }

  void write(Connection& connection, Pipe& pipe) {
    const NetworkFault& fault = connection.fault;
    while (!pipe.held.empty()) {
      const Moment now = Steady::now();
      Pipe::Piece& piece = pipe.held.front();
      if (std::max(piece.due, pipe.free_at) > now) return;
      std::size_t most = piece.bytes.size();
      if (fault.octets_per_second) most = std::min<std::size_t>(most, 1 + *fault.octets_per_second / 20);
      if (fault.slice) most = 1;
      const ssize_t sent = ::send(pipe.to->fd(), piece.bytes.data(), most, MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (sent < 0) return end(connection, true);
      const auto count = static_cast<std::size_t>(sent);
      (pipe.direction == Direction::to_server ? counts_.to_server : counts_.to_client) += count;
      pipe.octets_held -= count;
      if (fault.octets_per_second)
        pipe.free_at =
            std::max(pipe.free_at, now) + std::chrono::microseconds{1'000'000 * count / *fault.octets_per_second};
      if (count < piece.bytes.size())
        piece.bytes.erase(0, count);
      else
        pipe.held.pop_front();
    }
    if (!pipe.ended || pipe.told) return;
    if (fault.close_at && fault.close_at->direction == pipe.direction && fault.close_at->octet < pipe.passed)
      return end(connection, fault.reset);
    ::shutdown(pipe.to->fd(), SHUT_WR);
    pipe.told = true;
  }

  const sockaddr_in server_;
  mutable std::mutex mutex_;
  Socket listener_;
  const std::uint16_t port_;
  Socket wake_;
  NetworkFault fault_;
  std::list<Connection> connections_;  // pipes point into them
  Counts counts_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<TcpProxy>> TcpProxy::make(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return Error{"fault.resolve", fmt::format("{}: {}", host, ::gai_strerror(error))};
  sockaddr_in server{};
  std::memcpy(&server, found->ai_addr, sizeof(server));
  ::freeaddrinfo(found);
  int error = 0;
  Socket listener = listen_on(0, error);
  if (error != 0) return Error{"fault.listen", std::strerror(error)};
  return std::unique_ptr<TcpProxy>(std::make_unique<Proxy>(server, std::move(listener)));
}

}  // namespace sluis::faults
