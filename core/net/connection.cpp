#include "core/net/connection.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/net/tls_filter.h"

namespace sluis::net {
namespace {

constexpr std::size_t chunk = 64 * 1024;
constexpr int chunks_a_turn = 4;                     // then the other connections of the loop get theirs
constexpr std::size_t encrypted_ahead = 128 * 1024;  // cipher text queued at most; the rest waits as plain text

// One buffer a loop, not one a connection: nothing is kept in it between calls.
std::array<char, chunk>& socket_buffer() {
  static thread_local std::array<char, chunk> buffer;
  return buffer;
}
std::array<char, chunk>& plain_buffer() {
  static thread_local std::array<char, chunk> buffer;
  return buffer;
}

template <class F>
Address name_of(int fd, F get) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (get(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return Address::from(reinterpret_cast<const sockaddr*>(&storage), size);
}

Error network_error(int error, const Address& remote) {
  const char* code = error == ECONNRESET || error == EPIPE ? "net.reset"
                     : error == ETIMEDOUT                  ? "net.timeout"
                                                           : "net.io";
  return {code, fmt::format("{}: {}", remote.text(), std::strerror(error))};
}

}  // namespace

// One dispatch by the loop. While it lasts the connection stays alive and write() only queues; at its end all that was
// queued leaves in one go.
class Connection::Turn {
 public:
  explicit Turn(Connection& connection) : self_(connection.shared_from_this()) { ++self_->turns_; }
  ~Turn() {
    if (--self_->turns_ == 0 && self_->state_ != State::closed) {
      self_->flush();
      self_->update_interest();
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::shared_ptr<Connection> self_;
};

Connection::Connection(EventLoop& loop, FileDescriptor socket, ConnectionSettings settings)
    : loop_(loop),
      socket_(std::move(socket)),
      settings_(settings),
      remote_(name_of(socket_.get(), ::getpeername)),
      local_(name_of(socket_.get(), ::getsockname)) {
  if (!remote_.is_unix()) {
    const int on = 1;
    // We write whole replies at once; waiting for more of them only adds a round trip.
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
}

Connection::~Connection() = default;

std::shared_ptr<Connection> Connection::create(EventLoop& loop, FileDescriptor socket, ConnectionSettings settings) {
  return std::shared_ptr<Connection>(new Connection(loop, std::move(socket), settings));
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

// --- writing
// -----------------------------------------------------------------------------------------------------------

std::size_t Connection::queued() const {
  return plain_.size() + wire_.size();
}
bool Connection::writable() const {
  return (state_ == State::created || state_ == State::open) && queued() < settings_.high_water;
}

bool Connection::write(std::string_view bytes) {
  if (state_ == State::closed || state_ == State::closing) return false;
  if (bytes.empty()) return writable();
  if (queued() + bytes.size() > settings_.most_queued) {
    plain_.clear();
    wire_.clear();
    loop_.post([self = shared_from_this(), bound = settings_.most_queued] {
      self->fail({"net.overflow", fmt::format("{}: more than {} octets wait to be sent", self->remote_.text(), bound)});
    });
    return false;
  }
  (tls_ != nullptr ? plain_ : wire_).append(bytes);
  schedule_flush();
  if (queued() >= settings_.high_water) full_ = true;
  return !full_;
}

void Connection::schedule_flush() {
  if (turns_ > 0 || flush_posted_ || state_ == State::created) return;
  flush_posted_ = true;
  loop_.post([self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->state_ != State::closed) const Turn turn(*self);
  });
}

void Connection::flush() {
  encrypt();
  send_wire();
  while (state_ != State::closed && wire_.empty() && tls_ != nullptr && tls_->established() && !plain_.empty()) {
    encrypt();
    send_wire();
  }
  if (state_ != State::closed) after_flush();
}

void Connection::encrypt() {
  if (tls_ == nullptr) return;
  while (tls_->established() && !plain_.empty() && wire_.size() < encrypted_ahead) {
    const Result<std::size_t> taken = tls_->write(plain_.front());
    if (!taken) {
      plain_.clear();
      fail(taken.error());
      return;
    }
    plain_.take(*taken);
    tls_->take_output(wire_.tail());
  }
  tls_->take_output(wire_.tail());
}

void Connection::send_wire() {
  while (state_ != State::closed && !wire_.empty()) {
    const std::string_view bytes = wire_.front();
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      on_send_failure(errno);
      return;
    }
    wire_.take(static_cast<std::size_t>(count));
    sent_ += static_cast<std::uint64_t>(count);
    if (state_ == State::closing) arm_linger();
  }
}

void Connection::after_flush() {
  if (state_ == State::closing) {
    if (!plain_.empty() || !wire_.empty()) return;
    if (tls_ != nullptr && !end_sent_) {
      end_sent_ = true;
      tls_->close_notify();
      encrypt();
      send_wire();
      if (state_ == State::closed || !wire_.empty()) return;
    }
    if (!write_closed_) {
      write_closed_ = true;
      ::shutdown(socket_.get(), SHUT_WR);
    }
    return;
  }
  if (!full_ || queued() > settings_.high_water / 4) return;
  full_ = false;
  const auto handler = handler_;
  handler->on_drained();
  // What it wrote leaves on the next turn, so that one fast reader does not keep the loop to itself.
  if (state_ != State::closed && queued() > 0) schedule_flush();
}

void Connection::on_send_failure(int error) {
  plain_.clear();
  wire_.clear();
  if (state_ == State::closing) {
    fail(network_error(error, remote_));
    return;
  }
  // A peer that said why before it hung up ("421 …") has its words in our receive buffer; they come first. Later,
  // because the caller may be in the middle of a read.
  loop_.post([self = shared_from_this(), reason = network_error(error, remote_)] { self->read_what_is_left(reason); });
}

void Connection::read_what_is_left(const Error& reason) {
  if (state_ == State::closed) return;
  const auto self = shared_from_this();
  ++turns_;  // no flush: there is nobody to send to
  for (int i = 0; i < 16 && state_ == State::open && !paused_; ++i) {
    auto& buffer = socket_buffer();
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    received_ += static_cast<std::uint64_t>(count);
    receive_clear({buffer.data(), static_cast<std::size_t>(count)});
  }
  --turns_;
  fail(reason);
}

// --- reading
// -----------------------------------------------------------------------------------------------------------

void Connection::on_io(IoEvents events) {
  const Turn turn(*this);
  if (has(events, IoEvents::readable) && (!paused_ || state_ == State::closing)) receive();
}

void Connection::receive() {
  for (int i = 0; i < chunks_a_turn; ++i) {
    auto& buffer = socket_buffer();
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) fail(network_error(errno, remote_));
      return;
    }
    if (count == 0) {
      if (tls_ != nullptr) read_tls();  // after a pause, what came before the end is still in there
      if (state_ == State::closed || (paused_ && state_ != State::closing)) return;
      on_end_of_stream();
      return;
    }
    received_ += static_cast<std::uint64_t>(count);
    receive_clear({buffer.data(), static_cast<std::size_t>(count)});
    if (state_ == State::closed || (paused_ && state_ != State::closing)) return;
    if (static_cast<std::size_t>(count) < buffer.size()) return;  // level-triggered: epoll tells when there is more
  }
}

void Connection::receive_clear(std::string_view bytes) {
  if (tls_ == nullptr) {
    deliver(bytes);
    return;
  }
  tls_->feed(bytes);
  read_tls();
}

void Connection::read_tls() {
  if (!tls_->established()) {
    if (Status done = tls_->handshake(); !done) {
      fail(done.error());
      return;
    }
    if (!tls_->established()) return;
    tls_info_ = tls_->info();
    if (state_ == State::open) {
      const auto handler = handler_;
      handler->on_tls(*tls_info_);
    }
  }
  while (state_ != State::closed && (!paused_ || state_ == State::closing)) {
    auto& buffer = plain_buffer();
    const Result<std::size_t> count = tls_->read(buffer.data(), buffer.size());
    if (!count) {
      fail(count.error());
      return;
    }
    if (*count > 0) {
      deliver({buffer.data(), *count});
      continue;
    }
    if (tls_->peer_closed()) on_end_of_stream();
    return;
  }
}

void Connection::deliver(std::string_view bytes) {
  if (state_ != State::open) return;
  const auto handler = handler_;
  handler->on_bytes(bytes);
}

void Connection::on_end_of_stream() {
  if (state_ == State::closed) return;
  // Answers to the last bytes, written in this very turn: a peer that only ended its own half still reads them.
  encrypt();
  send_wire();
  if (state_ == State::closed) return;
  truncated_ = tls_ != nullptr && !tls_->peer_closed();
  if (state_ == State::closing) {
    // The peer need not answer our close_notify (RFC 8446 §6.1): after our own end its way of leaving says nothing.
    const Error reason{"net.closed", fmt::format("{}: closed", remote_.text())};
    fail(reason);
    return;
  }
  if (tls_ != nullptr && !tls_->established()) {
    fail({"tls.handshake", fmt::format("{} closed the connection during the TLS handshake", remote_.text())});
    return;
  }
  if (truncated_) {
    fail({"tls.truncated", fmt::format("{} ended the stream without close_notify; it may be cut off", remote_.text())});
    return;
  }
  fail({"net.eof", fmt::format("{} closed the connection", remote_.text())});
}

void Connection::pause_reading() {
  paused_ = true;
  if (turns_ == 0) update_interest();
}

void Connection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (turns_ == 0) update_interest();
  if (tls_ == nullptr || state_ != State::open) return;
  // What TLS has decrypted already is in no socket: epoll would never tell.
  loop_.post([self = shared_from_this()] {
    if (self->state_ == State::closed || self->paused_) return;
    const Turn turn(*self);
    self->read_tls();
  });
}

void Connection::update_interest() {
  if (state_ != State::open && state_ != State::closing) return;
  const bool reading = !paused_ || state_ == State::closing;
  loop_.modify(socket_.get(), (reading ? IoEvents::readable : IoEvents::none) |
                                  (!wire_.empty() ? IoEvents::writable : IoEvents::none));
}

// --- TLS
// ---------------------------------------------------------------------------------------------------------------

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

// --- the end
// -----------------------------------------------------------------------------------------------------------

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

// --- deadlines
// ---------------------------------------------------------------------------------------------------------

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
