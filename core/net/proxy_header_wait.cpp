#include "core/net/proxy_header_wait.h"

#include <fmt/format.h>

#include <utility>

#include "core/net/socket_prefix.h"

namespace sluis::net {

void ProxyHeaderWait::begin(EventLoop& loop, FileDescriptor socket, Duration limit, Done done) {
  const auto wait = std::make_shared<ProxyHeaderWait>(loop, std::move(socket), std::move(done));
  loop.post([wait, limit] { wait->watch(limit); });
}

void ProxyHeaderWait::watch(Duration limit) {
  // Held by the watch alone; the timer must not keep a socket whose loop has let go of it.
  loop_.watch(socket_.get(), IoEvents::readable, [self = shared_from_this()](IoEvents) { self->read(); });
  timer_ = loop_.schedule_after(limit, [weak = weak_from_this(), limit] {
    if (const auto self = weak.lock())
      self->finish(
          Error{"net.proxy-header", fmt::format("PROXY header: not complete within {}", format_duration(limit))});
  });
}

void ProxyHeaderWait::read() {
  const Result<bool> complete = take_from_socket(socket_.get(), reader_);
  if (!complete) return finish(complete.error());
  if (*complete) finish(reader_.header());
}

void ProxyHeaderWait::finish(Result<ProxyHeader> header) {
  const auto self = shared_from_this();  // unwatch lets go of the one in the watch
  loop_.unwatch(socket_.get());
  loop_.cancel(timer_);
  const Done done = std::exchange(done_, nullptr);
  done(std::move(socket_), std::move(header));
}

}  // namespace sluis::net
