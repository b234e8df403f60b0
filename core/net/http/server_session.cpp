#include "core/net/http/server_session.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace sluis::net::http {

ServerSession::ServerSession(std::shared_ptr<ServerCore> core, std::shared_ptr<Connection> connection)
    : core_(std::move(core)), connection_(std::move(connection)), machine_(core_->clock, core_->settings.machine) {}

ServerSession::~ServerSession() {
  leave();
}

void ServerSession::leave() {
  if (!std::exchange(left_, true)) core_->leave(this);
}

void ServerSession::begin(std::shared_ptr<const TlsContext> tls) {
  const auto connection = connection_;
  connection->start(shared_from_this());
  // The first head's deadline covers the TLS handshake too.
  arm(Phase::head);
  if (tls == nullptr) return;
  if (Status begun = connection->start_tls_server(std::move(tls)); !begun) cut(begun.error());
}

void ServerSession::handler_bug(std::string_view event, std::string_view sentence, std::string_view why) const {
  core_->count_refused("http.handler");
  core_->settings.log.error(event, sentence,
                            {{"listener", core_->settings.name}, {"path", machine_.request().path}, {"reason", why}});
}

bool ServerSession::guarded(const std::function<void()>& call) {
  try {
    call();
    return true;
  } catch (const std::exception& exception) {
    handler_bug("http.handler.exception", "a handler of requests threw an exception; it is a bug", exception.what());
  }
  machine_.refuse({500, "http.handler", "the request could not be handled"});
  abort_exchange({"http.handler", "the handler threw an exception"});
  return false;
}

void ServerSession::on_bytes(std::string_view bytes) {
  if (connection_ == nullptr || ending_) return;
  machine_.receive(bytes);
  pump();
}

void ServerSession::pump() {
  if (pumping_ || connection_ == nullptr || ending_) return;
  pumping_ = true;
  const auto self = shared_from_this();
  while (connection_ != nullptr && !ending_ && step()) {}
  pumping_ = false;
  settle();
}

bool ServerSession::wants_body() const {
  return channel_ == nullptr || !channel_->paused();
}

bool ServerSession::step() {
  if (machine_.closing() || !wants_body()) return false;
  // Who asks and does not read the answers is asked to wait: on_drained() goes on.
  if (!machine_.in_request() && !connection_->writable()) return false;
  if (inflating_) return step_body();
  if (machine_.reading_body() && handler_ != nullptr && channel_ != nullptr && !channel_->begun())
    machine_.send_continue();
  switch (machine_.next()) {
    case ServerMachine::Event::none: return false;
    case ServerMachine::Event::request: on_request(); return true;
    case ServerMachine::Event::body:
      if (handler_ == nullptr) return true;
      if (inflater_ == nullptr) return guarded([this] { handler_->on_body(machine_.body()); });
      inflater_->feed(machine_.body());
      inflating_ = true;
      return true;
    case ServerMachine::Event::end: on_request_end(); return true;
    case ServerMachine::Event::refused: on_refused(); return false;
  }
  return false;
}

bool ServerSession::step_body() {
  const Result<std::string_view> piece = inflater_->next();
  if (!piece) {
    refuse({piece.error().code == "http.gzip" ? 400 : 413, piece.error().code, piece.error().what});
    return false;
  }
  if (piece->empty()) {
    inflating_ = false;
    return true;
  }
  return handler_ == nullptr || guarded([&] { handler_->on_body(*piece); });
}

void ServerSession::on_request() {
  core_->count_request();
  began_ = core_->clock.mono();
  status_ = 0;
  ++exchange_;
  const RequestHead& head = machine_.request();
  const std::shared_ptr<const Mount> mount = core_->find(head.authority, head.path);
  if (mount == nullptr) {
    core_->count_refused("http.no-mount");
    answer(problem(404, "nothing is served under this path", "http.no-mount"));
    return;
  }
  machine_.limit_body(mount->most_body);
  if (head.content_length.value_or(0) > mount->most_body) {
    refuse({413, "http.body-size", fmt::format("a body above the limit of {} octets", mount->most_body)});
    return;
  }
  std::unique_ptr<Inflater> inflater;
  for (const std::string_view coding : head.headers.list("Content-Encoding")) {
    if (same_name(coding, "identity") || !head.has_body()) continue;
    if (inflater != nullptr || !(same_name(coding, "gzip") || same_name(coding, "x-gzip"))) {
      refuse({415, "http.content-encoding", "a content coding other than gzip"});
      return;
    }
    inflater = std::make_unique<Inflater>(mount->inflate);
  }
  Request request;
  static_cast<RequestHead&>(request) = head;
  request.peer = connection_->remote();
  request.local = connection_->local();
  request.tls = connection_->tls();
  const auto channel =
      std::make_shared<ResponseChannel>(connection_->loop(), weak_from_this(), exchange_, accepts_gzip(head.headers),
                                        core_->settings.response_high_water);
  channel_ = channel;
  inflater_ = std::move(inflater);
  guarded([&] { handler_ = mount->serve(request, Responder(channel->grip())); });
}

void ServerSession::on_request_end() {
  if (inflater_ != nullptr)
    if (Status whole = inflater_->finish(); !whole) {
      refuse({400, whole.error().code, whole.error().what});
      return;
    }
  if (handler_ != nullptr) guarded([this] { handler_->on_end(); });
}

void ServerSession::on_refused() {
  const Refusal& refusal = machine_.refusal();
  status_ = refusal.status;
  core_->count_refused(refusal.code);
  core_->settings.log.info("http.refused", "a request was refused",
                           {{"listener", core_->settings.name},
                            {"peer", connection_->remote().text()},
                            {"reason", refusal.code},
                            {"detail", refusal.what},
                            {"status", refusal.status},
                            {"path", machine_.request().path}});
  abort_exchange({refusal.code, refusal.what});
}

void ServerSession::refuse(Refusal refusal) {
  machine_.refuse(std::move(refusal));
  on_refused();
}

// A response of the server's own, or of a handler all at once.
void ServerSession::answer(Response response) {
  auto body = response.shared_body != nullptr ? std::move(response.shared_body)
                                              : std::make_shared<const std::string>(std::move(response.body));
  send({response.status, {}, std::move(response.headers)}, body->size());
  if (connection_ == nullptr || machine_.closing() || !machine_.responding()) return;
  pending_ = std::move(body);
  pending_sent_ = 0;
  write_some();
}

void ServerSession::send(const ResponseHead& head, std::optional<std::uint64_t> length) {
  status_ = head.status;
  const Status said = machine_.respond(head, length);
  if (said) return;
  handler_bug("http.response.invalid", "a handler gave a response that cannot be sent; it is a bug", said.error().what);
  machine_.refuse({500, "http.handler", "the response could not be sent"});
  abort_exchange(said.error());
}

// A large response leaves in slices as the peer takes it, so that it is in memory once and not once more in the queue.
void ServerSession::write_some() {
  constexpr std::size_t slice = 64 * 1024;
  while (connection_ != nullptr && pending_ != nullptr && machine_.responding() && !machine_.response_done()) {
    const std::string_view rest = std::string_view(*pending_).substr(pending_sent_);
    if (rest.empty()) {
      // The length was announced as the body's own: this cannot fail.
      static_cast<void>(machine_.end_body());
      break;
    }
    static_cast<void>(machine_.write_body(rest.substr(0, slice)));
    pending_sent_ += std::min(slice, rest.size());
    flush();
    if (connection_ != nullptr && !connection_->writable()) break;
  }
}

bool ServerSession::current(std::uint64_t exchange) const {
  return connection_ != nullptr && !ending_ && channel_ != nullptr && exchange == exchange_ && !machine_.closing();
}

void ServerSession::on_respond(std::uint64_t exchange, Response response) {
  if (!current(exchange)) return;
  answer(std::move(response));
  settle();
}

void ServerSession::on_begin(std::uint64_t exchange, const ResponseHead& head, std::optional<std::uint64_t> length) {
  if (!current(exchange)) return;
  send(head, length);
  settle();
}

void ServerSession::on_write(std::uint64_t exchange, std::string_view bytes) {
  if (!current(exchange)) return;
  if (Status written = machine_.write_body(bytes); !written) {
    handler_bug("http.response.invalid", "a handler gave a response that cannot be sent; it is a bug",
                written.error().what);
    cut(written.error());
    return;
  }
  settle();
}

void ServerSession::on_finish(std::uint64_t exchange) {
  if (!current(exchange)) return;
  if (Status ended = machine_.end_body(); !ended) {
    handler_bug("http.response.invalid", "a handler gave a response that cannot be sent; it is a bug",
                ended.error().what);
    cut(ended.error());
    return;
  }
  settle();
}

void ServerSession::on_abort(std::uint64_t exchange) {
  if (current(exchange)) cut({"http.aborted", "the response was broken off"});
}

void ServerSession::on_abandoned(std::uint64_t exchange) {
  if (!current(exchange)) return;
  handler_bug("http.response.none", "a request was dropped without a response; it is a bug", "no response");
  if (machine_.responding()) {
    cut({"http.handler", "the response was dropped unfinished"});
    return;
  }
  answer(problem(500, "the request was dropped without a response", "http.handler"));
  settle();
}

void ServerSession::on_resume(std::uint64_t exchange) {
  if (current(exchange)) pump();
}

void ServerSession::on_wants_drained(std::uint64_t exchange) {
  if (!current(exchange)) return;
  channel_->set_full(!connection_->writable());
  if (handler_ != nullptr && channel_->take_drained()) guarded([this] { handler_->on_drained(); });
  settle();
}

}  // namespace sluis::net::http
