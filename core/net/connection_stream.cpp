// The streaming half of Connection: bytes out, bytes in, and what the network says when either fails.
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/net/connection_turn.h"
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

Error network_error(int error, const Address& remote) {
  const char* code = error == ECONNRESET || error == EPIPE ? "net.reset"
                     : error == ETIMEDOUT                  ? "net.timeout"
                                                           : "net.io";
  return {code, fmt::format("{}: {}", remote.text(), std::strerror(error))};
}

}  // namespace

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

}  // namespace sluis::net
