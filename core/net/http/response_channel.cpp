#include "core/net/http/response_channel.h"

#include <utility>

#include "core/net/http/handler.h"
#include "core/net/http/server_session.h"

namespace sluis::net::http {
namespace {

// Below this gzip costs more than it saves: one packet stays one packet.
constexpr std::size_t least_compressed = 1024;

// RFC 9110 §12.5.5, §8.4.
void say_compressed(Headers& headers) {
  headers.set("Content-Encoding", "gzip");
}
void say_negotiated(Headers& headers) {
  if (!headers.lists("Vary", "Accept-Encoding")) headers.add("Vary", "Accept-Encoding");
}

}  // namespace

template <class F>
void ResponseChannel::post(F work) {
  loop_.post([session = session_, exchange = exchange_, work = std::move(work)]() mutable {
    if (const auto self = session.lock()) work(*self, exchange);
  });
}

void ResponseChannel::respond(Response response) {
  const std::lock_guard lock(mutex_);
  if (begun_.exchange(true)) return;
  ended_ = true;
  if (response.compress && response.shared_body == nullptr && !response.headers.has("Content-Encoding")) {
    say_negotiated(response.headers);
    if (accepts_gzip_ && response.body.size() >= least_compressed) {
      response.body = gzip(response.body);
      say_compressed(response.headers);
    }
  }
  post([response = std::move(response)](ServerSession& session, std::uint64_t exchange) mutable {
    session.on_respond(exchange, std::move(response));
  });
}

void ResponseChannel::begin(ResponseHead head, std::optional<std::uint64_t> length, bool compress) {
  const std::lock_guard lock(mutex_);
  if (begun_.exchange(true)) return;
  if (compress && !length && !head.headers.has("Content-Encoding")) {
    say_negotiated(head.headers);
    if (accepts_gzip_) {
      say_compressed(head.headers);
      deflater_ = std::make_unique<Deflater>();
    }
  }
  post([head = std::move(head), length](ServerSession& session, std::uint64_t exchange) {
    session.on_begin(exchange, head, length);
  });
}

void ResponseChannel::post_body(std::string bytes) {
  if (bytes.empty()) return;
  posted_ += bytes.size();
  loop_.post([weak = weak_from_this(), session = session_, exchange = exchange_, bytes = std::move(bytes)] {
    if (const auto channel = weak.lock()) channel->posted_ -= bytes.size();
    if (const auto self = session.lock()) self->on_write(exchange, bytes);
  });
}

bool ResponseChannel::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (!begun_ || ended_ || !alive_) return false;
  std::string wire;
  if (deflater_ != nullptr) {
    deflater_->deflate(bytes, wire);
  } else {
    wire = bytes;
  }
  post_body(std::move(wire));
  if (!full_ && posted_ < high_water_) return true;
  wants_drained_ = true;
  // The loop may have emptied everything in between and seen no wish: it looks once more.
  post([](ServerSession& session, std::uint64_t exchange) { session.on_wants_drained(exchange); });
  return false;
}

void ResponseChannel::end() {
  const std::lock_guard lock(mutex_);
  if (!begun_ || ended_) return;
  ended_ = true;
  if (deflater_ != nullptr) {
    std::string rest;
    deflater_->finish(rest);
    post_body(std::move(rest));
  }
  post([](ServerSession& session, std::uint64_t exchange) { session.on_finish(exchange); });
}

void ResponseChannel::abort() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  begun_ = true;
  ended_ = true;
  post([](ServerSession& session, std::uint64_t exchange) { session.on_abort(exchange); });
}

void ResponseChannel::resume() {
  if (!paused_.exchange(false)) return;
  post([](ServerSession& session, std::uint64_t exchange) { session.on_resume(exchange); });
}

std::shared_ptr<ResponseChannel> ResponseChannel::grip() {
  return {this, [self = shared_from_this()](ResponseChannel*) { self->dropped(); }};
}

void ResponseChannel::dropped() {
  const std::lock_guard lock(mutex_);
  if (!ended_ && alive_) post([](ServerSession& session, std::uint64_t exchange) { session.on_abandoned(exchange); });
}

bool ResponseChannel::take_drained() {
  return !full_ && posted_ < high_water_ && wants_drained_.exchange(false);
}

void Responder::respond(Response response) const {
  if (channel_ != nullptr) channel_->respond(std::move(response));
}
void Responder::begin(ResponseHead head, std::optional<std::uint64_t> length, bool compress) const {
  if (channel_ != nullptr) channel_->begin(std::move(head), length, compress);
}
bool Responder::write(std::string_view bytes) const {
  return channel_ != nullptr && channel_->write(bytes);
}
void Responder::end() const {
  if (channel_ != nullptr) channel_->end();
}
void Responder::abort() const {
  if (channel_ != nullptr) channel_->abort();
}
void Responder::pause() const {
  if (channel_ != nullptr) channel_->pause();
}
void Responder::resume() const {
  if (channel_ != nullptr) channel_->resume();
}
bool Responder::alive() const {
  return channel_ != nullptr && channel_->alive();
}

}  // namespace sluis::net::http
