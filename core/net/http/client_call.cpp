#include "core/net/http/client_call.h"

#include <exception>
#include <utility>

#include "core/net/http/client_connection.h"
#include "core/net/http/client_core.h"

namespace sluis::net::http {

void CallState::cancel() {
  loop.post([self = shared_from_this()] { self->fail("http.cancelled", "cancelled"); });
}

bool CallState::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (ended_ || done_ || !request.streamed) return false;
  posted_ += bytes.size();
  loop.post([self = shared_from_this(), text = std::string(bytes)] {
    // What waits for a connection counts as posted still, so that a writer does not fill the memory before there is
    // one.
    self->upload += text;
    if (const auto running = self->connection.lock()) running->on_upload();
  });
  if (!full_ && posted_ < high_water) return true;
  wants_drained_ = true;
  loop.post([self = shared_from_this()] { self->tell_drained(); });
  return false;
}

void CallState::end() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  loop.post([self = shared_from_this()] {
    self->upload_ended = true;
    if (const auto running = self->connection.lock()) running->on_upload();
  });
}

void CallState::resume() {
  if (!paused.exchange(false)) return;
  loop.post([self = shared_from_this()] {
    if (const auto running = self->connection.lock()) running->on_resume();
  });
}

void CallState::took_upload(std::size_t octets) {
  posted_ -= octets;
}

void CallState::tell_drained() {
  if (handler == nullptr || full_ || posted_ >= high_water || !wants_drained_.exchange(false)) return;
  if (!guarded([this] { handler->on_drained(); })) fail("http.handler", "the handler threw an exception");
}

bool CallState::guarded(const std::function<void()>& what) {
  try {
    what();
    return true;
  } catch (const std::exception& exception) {
    if (const auto shared = core.lock())
      shared->settings.log.error("http.handler.exception", "a handler of responses threw an exception; it is a bug",
                                 {{"client", shared->settings.name}, {"reason", exception.what()}});
  }
  return false;
}

void CallState::fail(std::string_view code, std::string_view what) {
  if (handler == nullptr) return;
  const auto self = shared_from_this();
  if (const auto running = connection.lock()) {
    running->fail_call({code, what});
    return;
  }
  const auto shared = core.lock();
  // Under way to a connection: its place in the pool goes back.
  const bool connecting = std::exchange(under_way, false);
  attempt.cancel();
  attempt = {};
  ClientResult result;
  result.error = Error{code, what};
  finish(result);
  if (shared != nullptr && connecting) shared->gave_up_connecting(request.origin);
}

void CallState::finish(const ClientResult& result) {
  const auto self = shared_from_this();
  const auto done = std::exchange(handler, nullptr);
  if (done == nullptr) return;
  done_ = true;
  loop.cancel(total_timer);
  connection.reset();
  std::string().swap(upload);
  if (const auto shared = core.lock()) shared->forget(self);
  guarded([&] { done->on_done(result); });
  // It may have called from one of its own methods; it goes on a later turn.
  loop.post([done] {});
}

void ClientCall::cancel() const {
  if (state_ != nullptr) state_->cancel();
}
bool ClientCall::write(std::string_view bytes) const {
  return state_ != nullptr && state_->write(bytes);
}
void ClientCall::end() const {
  if (state_ != nullptr) state_->end();
}
void ClientCall::pause() const {
  if (state_ != nullptr) state_->pause();
}
void ClientCall::resume() const {
  if (state_ != nullptr) state_->resume();
}

}  // namespace sluis::net::http
