// The session's other half: what happens after each event, deadlines, and how a connection ends.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/net/http/server_session.h"

namespace sluis::net::http {

void ServerSession::settle() {
  if (connection_ == nullptr || ending_) return;
  flush();
  if (connection_ == nullptr) return;
  if (machine_.closing()) {
    end_connection();
    return;
  }
  if (channel_ != nullptr && (machine_.response_done() || !machine_.in_request())) {
    finish_exchange();
    // What came ahead of its turn, and what is left of a body that nobody wants.
    pump();
    return;
  }
  if (machine_.response_done() || !machine_.in_request()) pending_.reset();
  update_reading();
  update_deadline();
}

void ServerSession::flush() {
  std::string& output = machine_.output();
  if (output.empty() || connection_ == nullptr) return;
  // A new stretch of sending has a window of its own.
  if (phase_ == Phase::sending && connection_->queued() == 0) arm(Phase::sending);
  const bool more = connection_->write(output);
  output.clear();
  if (channel_ != nullptr) channel_->set_full(!more);
}

void ServerSession::on_drained() {
  if (connection_ == nullptr || ending_) return;
  if (channel_ != nullptr) channel_->set_full(false);
  if (pending_ != nullptr) write_some();
  if (connection_ != nullptr && handler_ != nullptr && channel_ != nullptr && channel_->take_drained())
    guarded([this] { handler_->on_drained(); });
  pump();
}

void ServerSession::finish_exchange() {
  core_->settings.log.debug("http.request", "a request was answered",
                            {{"listener", core_->settings.name},
                             {"peer", connection_->remote().text()},
                             {"method", machine_.request().method},
                             {"path", machine_.request().path},
                             {"status", status_},
                             {"took", format_duration(core_->clock.mono() - began_)}});
  ++exchange_;
  if (channel_ != nullptr) channel_->die();
  channel_.reset();
  handler_.reset();
  inflater_.reset();
  inflating_ = false;
  pending_.reset();
  std::string().swap(machine_.output());  // an idle connection keeps no buffer
}

void ServerSession::abort_exchange(const Error& reason) {
  const auto handler = std::exchange(handler_, nullptr);
  const auto channel = std::exchange(channel_, nullptr);
  ++exchange_;
  inflating_ = false;
  inflater_.reset();
  pending_.reset();
  if (channel == nullptr) return;
  channel->die();
  core_->count_aborted();
  if (handler == nullptr) return;
  try {
    handler->on_aborted(reason);
  } catch (const std::exception& exception) {
    core_->settings.log.error("http.handler.exception", "a handler of requests threw an exception; it is a bug",
                              {{"listener", core_->settings.name}, {"reason", exception.what()}});
  }
}

void ServerSession::cut(const Error& reason) {
  if (connection_ == nullptr) return;
  const auto self = shared_from_this();
  const auto connection = std::exchange(connection_, nullptr);
  // Without close_notify or the last chunk the client sees that something is missing.
  connection->close();
  abort_exchange(reason);
  leave();
}

void ServerSession::end_connection() {
  const bool unfinished = machine_.responding() && !machine_.response_done();
  if (unfinished) {
    cut({machine_.refusal().code, machine_.refusal().what});
    return;
  }
  ending_ = true;
  if (channel_ != nullptr) finish_exchange();
  // Says the end and reads on for a while: closing over octets that still arrive would reset the connection and take
  // the response with it (RFC 9112 §9.6).
  connection_->resume_reading();
  connection_->shutdown();
}

void ServerSession::on_closed(const Error& reason) {
  if (connection_ == nullptr) return;
  const auto self = shared_from_this();
  connection_.reset();
  if (!ending_ && reason.code != "net.eof")
    core_->settings.log.debug("http.closed", "a connection ended",
                              {{"listener", core_->settings.name}, {"reason", reason.what}});
  abort_exchange(reason);
  leave();
}

void ServerSession::drain() {
  if (connection_ == nullptr || ending_) return;
  machine_.close_after_response();
  if (machine_.in_request() || machine_.begun()) return;
  ending_ = true;
  connection_->shutdown();
}

void ServerSession::stop_now() {
  cut({"http.stopped", "the server stops"});
}

void ServerSession::update_reading() {
  // A body is read as fast as its handler takes it; beyond the request only a little, to notice that the peer leaves.
  const bool full = !machine_.reading_body() && machine_.unread() > core_->settings.most_ahead;
  const bool held = machine_.reading_body() && !wants_body();
  if (full || held) {
    connection_->pause_reading();
  } else {
    connection_->resume_reading();
  }
}

ServerSession::Phase ServerSession::phase_now() const {
  if (!machine_.in_request()) return machine_.begun() || machine_.requests() == 0 ? Phase::head : Phase::idle;
  if (machine_.reading_body() && wants_body()) return Phase::body;
  return connection_->queued() > 0 ? Phase::sending : Phase::handler;
}

void ServerSession::update_deadline() {
  // Each head has its own deadline, also when one follows the other without a pause.
  if (const Phase now = phase_now(); now != phase_ || (now == Phase::head && machine_.requests() != armed_for_))
    arm(now);
}

Duration ServerSession::window_of(Phase phase) const {
  switch (phase) {
    case Phase::head: return core_->settings.header_deadline;
    case Phase::idle: return core_->settings.idle_timeout;
    default: return core_->settings.rate_window;
  }
}

void ServerSession::arm(Phase phase) {
  phase_ = phase;
  armed_for_ = machine_.requests();
  mark_ = phase == Phase::body ? connection_->bytes_received() : connection_->bytes_sent();
  // While a handler thinks nothing runs: how long that may take is the adapter's to say.
  if (phase == Phase::handler) {
    connection_->clear_deadline();
  } else {
    connection_->set_deadline(window_of(phase));
  }
}

void ServerSession::on_timeout() {
  if (connection_ == nullptr || ending_) return;
  const auto self = shared_from_this();
  const HttpServerSettings& settings = core_->settings;
  // The phase may have changed by what the network did alone: a queue that is empty now was not a moment ago.
  if (const Phase now = phase_now(); now != phase_) {
    arm(now);
    return;
  }
  switch (phase_) {
    case Phase::idle:
      ending_ = true;
      connection_->shutdown();
      return;
    case Phase::head:
      if (!machine_.begun()) {
        core_->count_refused("http.head-timeout");
        ending_ = true;
        connection_->shutdown();
        return;
      }
      refuse({408, "http.head-timeout",
              fmt::format("no complete head within {}", format_duration(settings.header_deadline))});
      break;
    case Phase::body: {
      const auto seconds =
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(settings.rate_window).count());
      if (connection_->bytes_received() - mark_ >= std::max<std::uint64_t>(settings.least_body_rate * seconds, 1)) {
        arm(Phase::body);
        return;
      }
      refuse(
          {408, "http.body-timeout", fmt::format("a body slower than {} octets a second", settings.least_body_rate)});
      break;
    }
    case Phase::sending:
      if (connection_->bytes_sent() != mark_) {
        arm(Phase::sending);
        return;
      }
      core_->count_refused("http.send-timeout");
      cut({"http.send-timeout",
           fmt::format("the client took nothing of the response for {}", format_duration(settings.rate_window))});
      return;
    case Phase::handler:
    case Phase::ended: return;
  }
  settle();
}

}  // namespace sluis::net::http
