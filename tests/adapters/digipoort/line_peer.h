// A server of lines that says what a test tells it to say: for peers that no proper server machine can be.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/net/listener.h"

namespace sluis::digipoort::tests {

// In clear text, on a free port of 127.0.0.1. After an answer that begins with 354 lines are content until the dot,
// which is asked about as ".". [Threading] the answers run on the loop; the rest from any thread.
class LinePeer {
 public:
  struct Says {
    std::string bytes;   // with CR LF
    bool close = false;  // after the bytes
  };
  using Answer = std::function<Says(const std::string& line, int session)>;  // sessions count from 1

  LinePeer(net::LoopGroup& loops, Says greeting, Answer answer);
  ~LinePeer();  // closes its connections
  LinePeer(const LinePeer&) = delete;
  LinePeer& operator=(const LinePeer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] int sessions() const;
  [[nodiscard]] std::vector<std::string> lines() const;  // commands, of all sessions
  [[nodiscard]] std::string received() const;            // every octet
  [[nodiscard]] bool heard(const std::string& line) const;

 private:
  class Session;
  struct State {
    Says greeting;
    Answer answer;
    mutable std::mutex mutex;
    int sessions = 0;
    std::vector<std::string> lines;
    std::string received;
    std::vector<std::weak_ptr<Session>> all;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();  // shared with the sessions, which the loop holds
  net::EventLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::digipoort::tests
