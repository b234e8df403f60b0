// The answer to one request, and the place it takes in the channel until it is given.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "core/net/http/handler.h"
#include "core/runtime/clock.h"

namespace sluis::http {

// Requests under way. [Ownership] places share it; it lives as long as the last of them. [Threading] any thread.
class Visits : public std::enable_shared_from_this<Visits> {
 public:
  // Null once the channel has stopped.
  std::shared_ptr<void> enter();
  // No more come in; waits at most so long for those that are in.
  void close(Duration most);

 private:
  void leave();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

// [Ownership] shared by whoever may give the answer; when the last goes and nobody has, the client is told to come
// again: work that a stopping channel never began must not look like a fault of the server's. [Threading] any thread.
class Reply {
 public:
  Reply(net::http::Responder responder, std::shared_ptr<void> place)
      : responder_(std::move(responder)), place_(std::move(place)) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply();

  void give(net::http::Response response);
  // For a body in pieces: from here on the answer is the caller's to complete.
  [[nodiscard]] const net::http::Responder& begin(net::http::ResponseHead head, std::uint64_t length);
  [[nodiscard]] const net::http::Responder& responder() const { return responder_; }
  // One more thing that stays until the answer is given (a customer's place at the door).
  void keep(std::shared_ptr<void> more) { more_ = std::move(more); }

 private:
  const net::http::Responder responder_;
  std::shared_ptr<void> place_, more_;
  std::atomic<bool> given_{false};
};
using ReplyPtr = std::shared_ptr<Reply>;

}  // namespace sluis::http
