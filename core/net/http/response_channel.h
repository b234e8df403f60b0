// Between a Responder on any thread and the session on its loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/event_loop.h"
#include "core/net/http/gzip.h"
#include "core/net/http/messages.h"

namespace sluis::net::http {

class ServerSession;

// [Ownership] shared_ptr: the session and every copy of the Responder. It knows the session weakly: a session that has
// gone has nobody to answer. [Threading] any thread; it posts to the loop and never calls the session directly, so that
// a handler that answers within its own call is not called again inside it.
class ResponseChannel : public std::enable_shared_from_this<ResponseChannel> {
 public:
  ResponseChannel(EventLoop& loop, std::weak_ptr<ServerSession> session, std::uint64_t exchange, bool accepts_gzip,
                  std::size_t high_water)
      : loop_(loop),
        session_(std::move(session)),
        exchange_(exchange),
        accepts_gzip_(accepts_gzip),
        high_water_(high_water) {}
  ResponseChannel(const ResponseChannel&) = delete;
  ResponseChannel& operator=(const ResponseChannel&) = delete;

  void respond(Response response);
  void begin(ResponseHead head, std::optional<std::uint64_t> length, bool compress);
  bool write(std::string_view bytes);
  void end();
  void abort();
  void pause() { paused_ = true; }
  void resume();
  // What Responders hold; the last of them to go without an answer leaves the request abandoned. The session's own
  // reference does not count.
  [[nodiscard]] std::shared_ptr<ResponseChannel> grip();

  // For the session, on the loop.
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] bool begun() const { return begun_; }
  [[nodiscard]] bool alive() const { return alive_; }
  void die() { alive_ = false; }
  void set_full(bool full) { full_ = full; }  // the connection wants no more for the moment
  // write() has said "enough", and by now nothing of what was written waits here: tell the handler. Once.
  [[nodiscard]] bool take_drained();

 private:
  template <class F>
  void post(F work);
  void post_body(std::string bytes);
  void dropped();

  EventLoop& loop_;
  const std::weak_ptr<ServerSession> session_;
  const std::uint64_t exchange_;
  const bool accepts_gzip_;
  const std::size_t high_water_;

  std::mutex mutex_;  // guards deflater_ and the order of what is posted
  std::unique_ptr<Deflater> deflater_;
  bool ended_ = false;

  std::atomic<bool> begun_{false};
  std::atomic<bool> paused_{false};
  std::atomic<bool> alive_{true};
  std::atomic<bool> wants_drained_{false};
  std::atomic<std::size_t> posted_{0};  // octets on their way to the loop
  std::atomic<bool> full_{false};
};

}  // namespace sluis::net::http
