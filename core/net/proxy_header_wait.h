// A connection that a named proxy has made, until its header is there.
#pragma once

#include <functional>
#include <memory>

#include "core/net/event_loop.h"
#include "core/net/file_descriptor.h"
#include "core/net/proxy_protocol.h"
#include "core/runtime/result.h"

namespace sluis::net {

// [Ownership] holds the socket and itself, by the loop's watch, until the header is complete, wrong or late; then hands
// the socket to `done`, with everything behind the header still unread. [Threading] begin() from any thread; `done` is
// called once, on the loop. [Errors] "net.proxy-header" wrong or late; "net.eof", "net.reset", "net.io".
class ProxyHeaderWait : public std::enable_shared_from_this<ProxyHeaderWait> {
 public:
  using Done = std::function<void(FileDescriptor socket, Result<ProxyHeader> header)>;
  static void begin(EventLoop& loop, FileDescriptor socket, Duration limit, Done done);

  ProxyHeaderWait(EventLoop& loop, FileDescriptor socket, Done done)
      : loop_(loop), socket_(std::move(socket)), done_(std::move(done)) {}

 private:
  void watch(Duration limit);
  void read();
  void finish(Result<ProxyHeader> header);

  EventLoop& loop_;
  FileDescriptor socket_;
  Done done_;
  ProxyHeaderReader reader_;
  TimerId timer_ = TimerId::none;
};

}  // namespace sluis::net
