#include "adapters/sandbox/session.h"

#include <algorithm>
#include <future>
#include <utility>

namespace sluis::sandbox {
namespace {

constexpr Duration slow_step = 50ms;

}  // namespace

Session::Session(std::shared_ptr<net::Connection> connection, std::shared_ptr<const net::TlsContext> tls,
                 WorkerPool& pool, SessionFaults faults)
    : connection_(std::move(connection)), tls_(std::move(tls)), pool_(pool), faults_(faults) {}

void Session::begin() {
  connection_->start(shared_from_this());
  opened();
  update_reading();
}

void Session::end(std::function<void()> done) {
  connection_->loop().post([self = shared_from_this(), done = std::move(done)] {
    self->connection_->close();
    self->leave("the server stops");
    done();
  });
}

std::string_view Session::within_cut(std::string_view bytes) {
  if (faults_.cut_at) bytes = bytes.substr(0, static_cast<std::size_t>(*faults_.cut_at - octets_));
  octets_ += bytes.size();
  return bytes;
}

void Session::on_bytes(std::string_view bytes) {
  if (left_) return;
  bytes = within_cut(bytes);
  if (faults_.octets_a_second && !bytes.empty()) {
    digesting_ = true;
    const Duration time{static_cast<std::int64_t>(bytes.size()) * 1'000'000 /
                        static_cast<std::int64_t>(*faults_.octets_a_second)};
    connection_->loop().schedule_after(time, [self = shared_from_this()] {
      self->digesting_ = false;
      self->update_reading();
    });
  }
  if (!bytes.empty()) input(bytes);
  if (faults_.cut_at == octets_) drop();
  update_reading();
}

void Session::on_tls(const net::TlsInfo&) {
  securing_ = false;
  handshaking_ = false;
  if (left_) return;
  secured();
  update_reading();
}

void Session::on_timeout() {
  if (left_) return;
  timed_out();
  update_reading();
}

void Session::on_closed(const Error& reason) {
  leave(reason.what);
}

void Session::leave(std::string_view reason) {
  if (std::exchange(left_, true)) return;
  steps_.clear();
  gone(reason);
}

void Session::send(std::string bytes) {
  if (left_) return;
  steps_.emplace_back(std::move(bytes));
  step();
}

void Session::secure() {
  if (left_) return;
  steps_.emplace_back(Secure{});
  step();
}

void Session::finish() {
  if (left_) return;
  steps_.emplace_back(Finish{});
  step();
}

void Session::drop() {
  if (left_) return;
  steps_.emplace_back(Drop{});
  step();
}

void Session::step() {
  while (!steps_.empty() && !waiting_ && !left_) {
    Step& next = steps_.front();
    if (auto* bytes = std::get_if<std::string>(&next)) {
      if (!write_some(*bytes)) return;
      steps_.pop_front();
    } else if (std::holds_alternative<Secure>(next)) {
      steps_.pop_front();
      securing_ = true;
      handshaking_ = true;
      if (const Status started = connection_->start_tls_server(tls_); !started) {
        connection_->close();
        leave(started.error().what);
      }
      update_reading();
    } else if (std::holds_alternative<Finish>(next)) {
      leave("we ended it");
      connection_->shutdown();
    } else {
      leave("misbehaves: the connection ends here");
      // A turn later: what was written leaves at the end of this one.
      connection_->loop().post([connection = connection_] { connection->close(); });
    }
  }
}

// False: the rest waits, or the cut came.
bool Session::write_some(std::string& bytes) {
  std::size_t allowance = bytes.size();
  if (faults_.octets_a_second) {
    const auto a_step = static_cast<std::size_t>(*faults_.octets_a_second * slow_step.count() / 1'000'000);
    allowance = std::min(allowance, std::max<std::size_t>(a_step, 1));
  }
  const std::string_view piece = within_cut(std::string_view(bytes).substr(0, allowance));
  connection_->write(piece);
  if (faults_.cut_at == octets_) {
    steps_.clear();
    drop();
    return false;
  }
  if (!faults_.octets_a_second) return true;
  const Duration time{static_cast<std::int64_t>(piece.size()) * 1'000'000 /
                      static_cast<std::int64_t>(*faults_.octets_a_second)};
  bytes.erase(0, piece.size());
  wait(time);
  if (!bytes.empty()) return false;
  return true;
}

void Session::wait(Duration time) {
  waiting_ = true;
  connection_->loop().schedule_after(time, [self = shared_from_this()] {
    self->waiting_ = false;
    self->step();
  });
}

void Session::set_deadline(Duration after) {
  if (left_) return;
  if (after == Duration::zero())
    connection_->clear_deadline();
  else
    connection_->set_deadline(after);
}

void Session::update_reading() {
  if (left_) return;
  // During a handshake the machine wants nothing, but TLS must hear the peer.
  if (securing_ || (wants_input() && !digesting_))
    connection_->resume_reading();
  else
    connection_->pause_reading();
}

bool Session::off_loop(std::function<Task()> work) {
  return pool_.post([self = shared_from_this(), work = std::move(work)] {
    self->connection_->loop().post([self, after = work()] {
      after();
      self->update_reading();
    });
  });
}

void Sessions::add(const std::shared_ptr<Session>& session) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [](const auto& one) { return one.expired(); });
  sessions_.push_back(session);
}

void Sessions::end_all() {
  std::vector<std::weak_ptr<Session>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(sessions_);
  }
  for (const auto& one : all) {
    const std::shared_ptr<Session> session = one.lock();
    if (!session) continue;
    std::promise<void> ended;
    session->end([&ended] { ended.set_value(); });
    ended.get_future().wait();
  }
}

}  // namespace sluis::sandbox
