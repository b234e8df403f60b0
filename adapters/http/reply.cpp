#include "adapters/http/reply.h"

#include <chrono>
#include <utility>

namespace sluis::http {

std::shared_ptr<void> Visits::enter() {
  const std::lock_guard lock(mutex_);
  if (closed_) return nullptr;
  ++inside_;
  return {this, [self = shared_from_this()](Visits*) { self->leave(); }};
}

void Visits::leave() {
  const std::lock_guard lock(mutex_);
  --inside_;
  changed_.notify_all();
}

void Visits::close(Duration most) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.wait_for(lock, most, [&] { return inside_ == 0; });
}

Reply::~Reply() {
  if (given_) return;
  net::http::Response response = net::http::problem(503, "the channel is stopping; come again", "http.stopping");
  response.headers.add("Retry-After", "5");
  responder_.respond(std::move(response));
}

void Reply::give(net::http::Response response) {
  if (given_.exchange(true)) return;
  responder_.respond(std::move(response));
  place_.reset();
  more_.reset();
}

const net::http::Responder& Reply::begin(net::http::ResponseHead head, std::uint64_t length) {
  if (!given_.exchange(true)) responder_.begin(std::move(head), length);
  return responder_;
}

}  // namespace sluis::http
