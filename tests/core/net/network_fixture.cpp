#include "tests/core/net/network_fixture.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "core/net/socket.h"

namespace sluis::test {
namespace {

constexpr auto patience = std::chrono::seconds{10};

bool readable(int fd, std::chrono::milliseconds limit) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

template <class F>
void Recorder::note(F change) {
  {
    const std::lock_guard lock(mutex_);
    change(seen_);
    ++seen_.calls;
  }
  changed_.notify_all();
}

void Recorder::on_bytes(std::string_view bytes) {
  note([&](Seen& seen) { seen.bytes += bytes; });
  if (bytes_hook) bytes_hook(bytes);
}
void Recorder::on_tls(const net::TlsInfo& info) {
  note([&](Seen& seen) { seen.tls = info; });
  if (tls_hook) tls_hook();
}
void Recorder::on_drained() {
  note([](Seen& seen) { ++seen.drained; });
  if (drained_hook) drained_hook();
}
void Recorder::on_timeout() {
  note([](Seen& seen) { ++seen.timeouts; });
  if (timeout_hook) timeout_hook();
}
void Recorder::on_closed(const Error& reason) {
  note([&](Seen& seen) { seen.closed = reason; });
}

bool Recorder::wait(const std::function<bool(const Seen&)>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return condition(seen_); });
}

Recorder::Seen Recorder::seen() {
  const std::lock_guard lock(mutex_);
  return seen_;
}

RawPeer::RawPeer(net::FileDescriptor socket) : socket_(std::move(socket)) {}

RawPeer RawPeer::connect(const net::Address& to) {
  net::FileDescriptor socket(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), to.data(), to.size()) != 0) throw std::runtime_error("raw peer: connect");
  return RawPeer(std::move(socket));
}

void RawPeer::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("raw peer: send");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string RawPeer::receive(std::size_t size) const {
  std::string result;
  std::array<char, 65536> buffer{};
  while (result.size() < size && readable(socket_.get(), patience)) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), std::min(buffer.size(), size - result.size()), 0);
    if (count <= 0) break;
    result.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return result;
}

bool RawPeer::ended() const {
  char one = 0;
  return readable(socket_.get(), patience) && ::recv(socket_.get(), &one, 1, 0) <= 0;
}

void RawPeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

SilentHost::SilentHost() {
  listening_ = std::move(*net::make_listening_socket(*net::Address::parse("127.0.0.1:0"), 0));
  // The kernel takes one or two more than the backlog says; from then on it drops SYNs.
  for (int i = 0; i < 8; ++i) {
    net::FileDescriptor filler = std::move(*net::make_stream_socket(AF_INET));
    const net::Address to = address();
    static_cast<void>(::connect(filler.get(), to.data(), to.size()));
    fillers_.push_back(std::move(filler));
  }
}

net::Address SilentHost::address() const {
  return net::local_address(listening_.get());
}

NetworkTest::~NetworkTest() {
  listener_.reset();
  std::vector<std::shared_ptr<Recorder>> all;
  {
    const std::lock_guard lock(mutex_);
    all = accepted_;
  }
  all.insert(all.end(), connected_.begin(), connected_.end());
  for (const auto& peer : all) on(*peer, [&] { peer->connection->close(); });
  loops_.stop();
}

void NetworkTest::listen(Prepare prepare, net::ListenerSettings settings) {
  auto opened = net::Listener::open(
      loops_, *net::Address::parse("127.0.0.1:0"),
      [this, prepare](const std::shared_ptr<net::Connection>& connection) {
        const auto recorder = std::make_shared<Recorder>();
        recorder->connection = connection;
        connection->start(recorder);
        if (prepare) prepare(*recorder);
        {
          const std::lock_guard lock(mutex_);
          accepted_.push_back(recorder);
        }
        changed_.notify_all();
        return recorder;
      },
      std::move(settings));
  ASSERT_TRUE(opened.ok()) << opened.error().what;
  listener_ = std::move(*opened);
}

std::shared_ptr<Recorder> NetworkTest::accepted(std::size_t index) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return accepted_.size() > index; }))
    throw std::runtime_error("nothing was accepted");
  return accepted_[index];
}

std::shared_ptr<Recorder> NetworkTest::connect(Prepare prepare, net::ConnectionSettings settings) {
  std::promise<std::shared_ptr<Recorder>> made;
  net::Connector::connect(
      loops_.next(), listener_->address(), 10s,
      [&](Result<std::shared_ptr<net::Connection>> connection) {
        if (!connection) {
          made.set_value(nullptr);
          return;
        }
        const auto recorder = std::make_shared<Recorder>();
        recorder->connection = *connection;
        (*connection)->start(recorder);
        if (prepare) prepare(*recorder);
        made.set_value(recorder);
      },
      settings);
  auto recorder = made.get_future().get();
  if (recorder == nullptr) throw std::runtime_error("cannot connect");
  connected_.push_back(recorder);
  return recorder;
}

bool NetworkTest::eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sluis::test
