#include "core/net/http/client_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/net/http/client_core.h"

namespace sluis::net::http {
namespace {

std::string_view whole_body(const ClientRequest& request) {
  return request.shared_body != nullptr ? *request.shared_body : request.body;
}

}  // namespace

ClientConnection::ClientConnection(std::shared_ptr<ClientCore> core, Origin origin,
                                   std::shared_ptr<Connection> connection)
    : core_(std::move(core)),
      origin_(std::move(origin)),
      connection_(std::move(connection)),
      machine_(core_->settings.limits) {}

void ClientConnection::open(std::shared_ptr<CallState> call) {
  const auto connection = connection_;
  connection->start(shared_from_this());
  if (!origin_.tls) {
    run(std::move(call));
    return;
  }
  call_ = std::move(call);
  call_->connection = weak_from_this();
  arm(Phase::tls);
  if (Status begun = connection->start_tls_client(core_->settings.tls, origin_.host); !begun) fail_call(begun.error());
}

void ClientConnection::on_tls(const TlsInfo&) {
  if (call_ != nullptr) run(std::exchange(call_, nullptr));
}

void ClientConnection::run(std::shared_ptr<CallState> call) {
  reused_ = served_;
  call_ = std::move(call);
  call_->connection = weak_from_this();
  const ClientRequest& request = call_->request;
  status_ = 0;
  body_sent_ = 0;
  request_octets_ = 0;
  fed_ = inflating_ = false;
  inflater_.reset();
  // What is still queued is the end of the TLS handshake.
  sent_before_ = connection_->bytes_sent() + connection_->queued();

  Headers headers = request.headers;
  if (!headers.has("User-Agent") && !core_->settings.user_agent.empty())
    headers.add("User-Agent", core_->settings.user_agent);
  if (request.accept_gzip && !headers.has("Accept-Encoding")) headers.add("Accept-Encoding", "gzip");
  const std::optional<std::uint64_t> length = request.streamed ? request.content_length : whole_body(request).size();
  if (Status said = machine_.request(request.method, request.target, origin_.authority(), headers, length); !said) {
    fail_call(said.error());
    return;
  }
  send_some();
  settle();
  // When the turn is over the request has gone, as a rule: only then it is known that we wait.
  core_->loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->settle();
  });
}

// The next pieces of the body, as far as the connection takes them.
void ClientConnection::send_some() {
  constexpr std::size_t slice = 64 * 1024;
  while (connection_ != nullptr && call_ != nullptr && !machine_.request_done()) {
    const ClientRequest& request = call_->request;
    std::string_view rest = request.streamed ? std::string_view(call_->upload) : whole_body(request).substr(body_sent_);
    rest = rest.substr(0, slice);
    const bool last = rest.empty() && (!request.streamed || call_->upload_ended);
    if (rest.empty() && !last) break;
    if (Status written = last ? machine_.end_body() : machine_.write_body(rest); !written) {
      fail_call(written.error());
      return;
    }
    body_sent_ += rest.size();
    if (request.streamed && !rest.empty()) {
      const std::size_t taken = rest.size();
      call_->upload.erase(0, taken);
      call_->took_upload(taken);
    }
    if (!flush()) break;
  }
  flush();
}

bool ClientConnection::flush() {
  if (connection_ == nullptr) return false;
  std::string& output = machine_.output();
  request_octets_ += output.size();
  const bool more = output.empty() ? connection_->writable() : connection_->write(output);
  output.clear();
  if (call_ != nullptr) call_->set_full(!more);
  return more;
}

void ClientConnection::on_upload() {
  if (call_ == nullptr || connection_ == nullptr || !machine_.in_exchange()) return;
  if (connection_->writable()) send_some();
  settle();
  if (call_ != nullptr) call_->tell_drained();
}

void ClientConnection::on_drained() {
  if (call_ == nullptr) return;
  call_->set_full(false);
  send_some();
  settle();
  if (call_ != nullptr) call_->tell_drained();
}

void ClientConnection::on_bytes(std::string_view bytes) {
  if (connection_ == nullptr) return;
  machine_.receive(bytes);
  pump();
}

void ClientConnection::on_resume() {
  pump();
}

void ClientConnection::pump() {
  if (pumping_ || connection_ == nullptr) return;
  pumping_ = true;
  const auto self = shared_from_this();
  while (connection_ != nullptr && step()) {}
  pumping_ = false;
  settle();
}

bool ClientConnection::step() {
  if (call_ != nullptr && call_->paused) return false;
  if (inflating_) return step_body();
  switch (machine_.next()) {
    case ClientMachine::Event::none: return false;
    case ClientMachine::Event::response: on_head(); return true;
    case ClientMachine::Event::body:
      if (inflater_ != nullptr) {
        inflater_->feed(machine_.body());
        fed_ = inflating_ = true;
        return true;
      }
      if (call_->guarded([this] { call_->handler->on_body(machine_.body()); })) return true;
      break;
    case ClientMachine::Event::end: on_end(); return false;
    case ClientMachine::Event::refused: {
      const Error error{machine_.refusal().code, machine_.refusal().what};
      if (call_ != nullptr) {
        fail_call(error.in(origin_.text()));
      } else {
        close();
      }
      return false;
    }
  }
  fail_call({"http.handler", "the handler threw an exception"});
  return false;
}

bool ClientConnection::step_body() {
  const Result<std::string_view> piece = inflater_->next();
  if (!piece) {
    fail_call(piece.error().in(origin_.text()));
    return false;
  }
  if (piece->empty()) {
    inflating_ = false;
    return true;
  }
  if (call_->guarded([&] { call_->handler->on_body(*piece); })) return true;
  fail_call({"http.handler", "the handler threw an exception"});
  return false;
}

void ClientConnection::on_head() {
  ResponseHead head = machine_.response();
  status_ = head.status;
  machine_.limit_body(call_->request.most_body);
  const std::vector<std::string_view> codings = head.headers.list("Content-Encoding");
  // Only what we have asked for is undone; anything else is the handler's business.
  if (call_->request.accept_gzip && codings.size() == 1 &&
      (same_name(codings.front(), "gzip") || same_name(codings.front(), "x-gzip"))) {
    inflater_ = std::make_unique<Inflater>(call_->request.inflate);
    head.headers.erase("Content-Encoding");
  }
  if (!call_->guarded([&] { call_->handler->on_response(head); }))
    fail_call({"http.handler", "the handler threw an exception"});
}

void ClientConnection::on_end() {
  if (inflater_ != nullptr && fed_)
    if (Status whole = inflater_->finish(); !whole) {
      fail_call(whole.error().in(origin_.text()));
      return;
    }
  served_ = true;
  finish_call(nullptr);
}

Sent ClientConnection::sent() const {
  // Under TLS more octets leave than were written, so that "whole" may be said a record too early, never too late.
  const std::uint64_t count = connection_ == nullptr ? 0 : connection_->bytes_sent();
  if (count <= sent_before_ || request_octets_ == 0) return Sent::nothing;
  return machine_.request_done() && count - sent_before_ >= request_octets_ ? Sent::whole : Sent::part;
}

void ClientConnection::finish_call(const Error* error) {
  const auto self = shared_from_this();
  const auto call = std::exchange(call_, nullptr);
  ClientResult result;
  result.sent = sent();
  result.status = status_;
  result.reused = reused_;
  result.tls = connection_->tls();
  if (error != nullptr) result.error = *error;
  const bool doubtful = result.sent == Sent::whole && !turned_away_;
  result.verdict = error == nullptr ? Verdict::answered : doubtful ? Verdict::in_doubt : Verdict::not_sent;
  inflater_.reset();
  inflating_ = false;
  std::string().swap(machine_.output());  // an idle connection keeps no buffer
  // The connection first: the handler's next request then finds it.
  if (error == nullptr) {
    core_->release(self, machine_.reusable());
  } else {
    close();
  }
  call->finish(result);
}

void ClientConnection::fail_call(const Error& error) {
  if (call_ == nullptr) return;
  if (connection_ == nullptr) return;
  finish_call(&error);
}

void ClientConnection::on_closed(const Error& reason) {
  const auto self = shared_from_this();
  if (connection_ == nullptr) return;
  if (call_ == nullptr) {
    connection_.reset();
    core_->lost(*this);
    return;
  }
  if (machine_.in_exchange()) {
    // What came before the end may be a whole response, or one that lasts until here.
    machine_.end_of_stream(reason.code == "net.eof");
    call_->paused = false;
    pump();
    if (call_ == nullptr || connection_ == nullptr) return;
  }
  const bool stale = reused_ && !machine_.heard();
  const bool again =
      stale && !call_->retried && !call_->request.streamed && (call_->request.idempotent || sent() == Sent::nothing);
  if (again) {
    const auto call = std::exchange(call_, nullptr);
    call->connection.reset();
    connection_.reset();
    core_->lost(*this);
    core_->again(call);
    return;
  }
  // A server that refuses our certificate breaks off its handshake, and nothing that came behind it reaches HTTP; in
  // TLS 1.3 our request was on its way by then (RFC 8446 §4.4.2.4, §2).
  turned_away_ =
      !served_ && !machine_.heard() && reason.code == "tls.alert" &&
      (reason.what.find("certificate") != std::string::npos || reason.what.find("unknown ca") != std::string::npos ||
       reason.what.find("access denied") != std::string::npos);
  Error error = reason;
  if (stale) error = {"http.stale", fmt::format("{}: a kept connection had ended: {}", origin_.text(), reason.what)};
  finish_call(&error);
}

void ClientConnection::keep(Duration idle_timeout) {
  phase_ = Phase::idle;
  connection_->resume_reading();
  connection_->set_deadline(idle_timeout);
}

void ClientConnection::close() {
  const auto self = shared_from_this();
  const auto connection = std::exchange(connection_, nullptr);
  if (connection == nullptr) return;
  // Our end of it is said properly (close_notify), unless a request or response is cut off in the middle.
  if (!machine_.in_exchange()) {
    connection->shutdown();
  } else {
    connection->close();
  }
  core_->lost(*this);
}

ClientConnection::Phase ClientConnection::phase_now() const {
  if (call_ == nullptr) return Phase::idle;
  if (machine_.response_begun()) return call_->paused ? Phase::held : Phase::receiving;
  return machine_.request_done() && connection_->queued() == 0 ? Phase::waiting : Phase::sending;
}

void ClientConnection::settle() {
  if (connection_ == nullptr || call_ == nullptr || !machine_.in_exchange()) return;
  if (call_->paused) {
    connection_->pause_reading();
  } else {
    connection_->resume_reading();
  }
  if (const Phase now = phase_now(); now != phase_) arm(now);
}

void ClientConnection::arm(Phase phase) {
  phase_ = phase;
  mark_ = phase == Phase::receiving ? connection_->bytes_received() : connection_->bytes_sent();
  const ClientTimeouts& timeouts = call_->request.timeouts;
  if (phase == Phase::held) {
    connection_->clear_deadline();
  } else {
    connection_->set_deadline(phase == Phase::tls       ? timeouts.tls
                              : phase == Phase::waiting ? timeouts.response
                                                        : timeouts.rate_window);
  }
}

void ClientConnection::on_timeout() {
  if (connection_ == nullptr) return;
  if (call_ == nullptr) {
    close();
    return;
  }
  if (phase_ != Phase::tls)
    if (const Phase now = phase_now(); now != phase_) {
      arm(now);
      return;
    }
  const ClientTimeouts& timeouts = call_->request.timeouts;
  switch (phase_) {
    case Phase::tls:
      fail_call(
          {"http.timeout.tls", fmt::format("{}: no TLS within {}", origin_.text(), format_duration(timeouts.tls))});
      return;
    case Phase::waiting:
      fail_call({"http.timeout.response",
                 fmt::format("{}: no response within {}", origin_.text(), format_duration(timeouts.response))});
      return;
    case Phase::sending:
    case Phase::receiving: {
      const bool sending = phase_ == Phase::sending;
      const std::uint64_t moved = (sending ? connection_->bytes_sent() : connection_->bytes_received()) - mark_;
      const auto seconds =
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(timeouts.rate_window).count());
      // A streamed body whose writer pauses is not the network's fault.
      const bool ours = sending && connection_->queued() == 0;
      if (ours || moved >= std::max<std::uint64_t>(timeouts.least_rate * seconds, 1)) {
        arm(phase_);
        return;
      }
      fail_call({"http.timeout.rate", fmt::format("{}: slower than {} octets a second while {}", origin_.text(),
                                                  timeouts.least_rate, sending ? "sending" : "receiving")});
      return;
    }
    case Phase::idle:
    case Phase::held: return;
  }
}

}  // namespace sluis::net::http
