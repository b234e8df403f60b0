#include "core/net/connection.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cassert>
#include <utility>

#include "core/net/connection_turn.h"
#include "core/net/proxy_protocol.h"
#include "core/net/tls_filter.h"

namespace sluis::net {
namespace {

template <class F>
Address name_of(int fd, F get) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (get(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return Address::from(reinterpret_cast<const sockaddr*>(&storage), size);
}

}  // namespace

Connection::Connection(EventLoop& loop, FileDescriptor socket, ConnectionSettings settings,
                       std::shared_ptr<const ProxyHeader> header)
    : loop_(loop),
      socket_(std::move(socket)),
      settings_(settings),
      proxy_header_(std::move(header)),
      peer_(name_of(socket_.get(), ::getpeername)),
      remote_(proxy_header_ != nullptr && proxy_header_->source.family() != AF_UNSPEC ? proxy_header_->source : peer_),
      local_(name_of(socket_.get(), ::getsockname)) {
  if (!peer_.is_unix()) {
    const int on = 1;
    // We write whole replies at once; waiting for more of them only adds a round trip.
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
}

Connection::~Connection() = default;

std::shared_ptr<Connection> Connection::create(EventLoop& loop, FileDescriptor socket, ConnectionSettings settings,
                                               std::shared_ptr<const ProxyHeader> header) {
  return std::shared_ptr<Connection>(new Connection(loop, std::move(socket), settings, std::move(header)));
}

void Connection::start(std::shared_ptr<ConnectionHandler> handler) {
  assert(loop_.in_loop() && handler != nullptr);
  if (state_ != State::created) return;
  handler_ = std::move(handler);
  state_ = State::open;
  loop_.watch(socket_.get(), paused_ ? IoEvents::none : IoEvents::readable,
              [self = shared_from_this()](IoEvents events) { self->on_io(events); });
  if (queued() > 0) schedule_flush();
}

std::size_t Connection::pending_input() const {
  if (tls_ != nullptr) return tls_->pending_input();
  int waiting = 0;
  if (state_ == State::closed || ::ioctl(socket_.get(), FIONREAD, &waiting) != 0) return 0;
  return static_cast<std::size_t>(waiting);
}

Status Connection::start_tls_client(std::shared_ptr<const TlsContext> context, std::string_view host,
                                    std::size_t unparsed) {
  if (const std::size_t early = unparsed + pending_input(); early > 0)
    return Error{"tls.buffered",
                 fmt::format("{}: {} octets came in clear text before TLS began", remote_.text(), early)};
  return start_tls(TlsFilter::client(std::move(context), host, loop_.clock().wall()));
}

Status Connection::start_tls_server(std::shared_ptr<const TlsContext> context, std::size_t unparsed) {
  // What waits in the kernel goes to TLS and nowhere else: it is a ClientHello or it ends the connection.
  if (unparsed > 0)
    return Error{"tls.buffered",
                 fmt::format("{}: {} octets came in clear text before TLS began", remote_.text(), unparsed)};
  return start_tls(TlsFilter::server(std::move(context), loop_.clock().wall()));
}

Status Connection::start_tls(Result<std::unique_ptr<TlsFilter>> filter) {
  if (tls_ != nullptr) return Error{"tls.settings", fmt::format("{}: TLS is on already", remote_.text())};
  if (state_ != State::open) return Error{"net.closed", fmt::format("{}: not open", remote_.text())};
  if (!filter) return filter.error();
  tls_ = std::move(*filter);
  if (Status begun = tls_->handshake(); !begun) return begun;
  tls_->take_output(wire_.tail());
  schedule_flush();
  return {};
}

void Connection::shutdown() {
  if (state_ == State::created) {
    close();
    return;
  }
  if (state_ != State::open) return;
  state_ = State::closing;
  clear_deadline();
  arm_linger();
  schedule_flush();
}

void Connection::arm_linger() {
  loop_.cancel(linger_timer_);
  linger_timer_ = loop_.schedule_after(settings_.linger, [weak = weak_from_this()] {
    if (const auto self = weak.lock())
      self->fail(
          {"net.closed", fmt::format("{}: closed; the peer did not end its side in time", self->remote_.text())});
  });
}

void Connection::close() {
  finish(nullptr);
}

void Connection::fail(const Error& reason) {
  if (state_ == State::closed) return;
  if (tls_ != nullptr) {
    // The alert that tells the peer why. One try: it is a courtesy.
    tls_->take_output(wire_.tail());
    if (!wire_.empty()) {
      const std::string_view bytes = wire_.front();
      if (const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); count > 0)
        sent_ += static_cast<std::uint64_t>(count);
    }
  }
  finish(&reason);
}

void Connection::finish(const Error* reason) {
  if (state_ == State::closed) return;
  const auto self = weak_from_this().lock();  // the watch holds the last reference, perhaps
  const State before = std::exchange(state_, State::closed);
  clear_deadline();
  if (linger_timer_ != TimerId::none) loop_.cancel(std::exchange(linger_timer_, TimerId::none));
  if (before != State::created) loop_.unwatch(socket_.get());
  socket_.reset();
  plain_.clear();
  wire_.clear();
  lease_.reset();
  const std::shared_ptr<ConnectionHandler> handler = std::move(handler_);
  if (handler == nullptr) return;
  if (reason != nullptr) handler->on_closed(*reason);
  // On a later turn: this may be running inside one of the handler's own methods.
  loop_.post([handler] {});
}

void Connection::set_deadline(Duration after) {
  if (state_ == State::closed || state_ == State::closing) return;
  deadline_ = loop_.clock().mono() + after;
  // Deadlines move with every command of a session. A timer that is early only looks again; one that is late is
  // replaced.
  if (deadline_timer_ != TimerId::none && deadline_timer_at_ <= *deadline_) return;
  if (deadline_timer_ != TimerId::none) loop_.cancel(deadline_timer_);
  deadline_timer_at_ = *deadline_;
  deadline_timer_ = loop_.schedule(*deadline_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_deadline();
  });
}

void Connection::on_deadline() {
  deadline_timer_ = TimerId::none;
  if (!deadline_ || state_ != State::open) return;
  const Duration left = *deadline_ - loop_.clock().mono();
  if (left > Duration::zero()) {
    set_deadline(left);
    return;
  }
  deadline_.reset();
  const Turn turn(*this);
  const auto handler = handler_;
  handler->on_timeout();
}

void Connection::clear_deadline() {
  deadline_.reset();
  if (state_ == State::closed && deadline_timer_ != TimerId::none)
    loop_.cancel(std::exchange(deadline_timer_, TimerId::none));
}

std::optional<PeerCredentials> Connection::peer_credentials() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (!local_.is_unix() || ::getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return std::nullopt;
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

}  // namespace sluis::net
