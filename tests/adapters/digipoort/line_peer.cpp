#include "tests/adapters/digipoort/line_peer.h"

#include <gtest/gtest.h>

#include <future>

namespace sluis::digipoort::tests {

class LinePeer::Session final : public net::ConnectionHandler {
 public:
  Session(std::shared_ptr<State> state, std::shared_ptr<net::Connection> connection, int number)
      : state_(std::move(state)), connection_(std::move(connection)), number_(number) {}

  void drop() {
    if (connection_ != nullptr) connection_->close();
    connection_.reset();
  }
  void on_bytes(std::string_view bytes) override {
    {
      const std::lock_guard lock(state_->mutex);
      state_->received += bytes;
    }
    input_ += bytes;
    for (auto end = input_.find("\r\n"); end != std::string::npos && connection_ != nullptr;
         end = input_.find("\r\n")) {
      const std::string line = input_.substr(0, end);
      input_.erase(0, end + 2);
      if (content_ && line != ".") continue;
      content_ = false;
      {
        const std::lock_guard lock(state_->mutex);
        state_->lines.push_back(line);
      }
      say(state_->answer(line, number_));
    }
  }
  void say(const Says& says) {
    content_ = says.bytes.starts_with("354");
    connection_->write(says.bytes);
    if (says.close) {
      connection_->shutdown();
      connection_.reset();
    }
  }
  void on_closed(const Error&) override { connection_.reset(); }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<net::Connection> connection_;
  int number_;
  std::string input_;
  bool content_ = false;
};

LinePeer::LinePeer(net::LoopGroup& loops, Says greeting, Answer answer) : loop_(loops.at(0)) {
  state_->greeting = std::move(greeting);
  state_->answer = std::move(answer);
  auto listener = net::Listener::open(loops, *net::Address::parse("127.0.0.1:0"),
                                      [state = state_](const std::shared_ptr<net::Connection>& connection) {
                                        int number = 0;
                                        {
                                          const std::lock_guard lock(state->mutex);
                                          number = ++state->sessions;
                                        }
                                        auto session = std::make_shared<Session>(state, connection, number);
                                        {
                                          const std::lock_guard lock(state->mutex);
                                          state->all.push_back(session);
                                        }
                                        connection->start(session);
                                        session->say(state->greeting);
                                        return session;
                                      });
  EXPECT_TRUE(listener.ok());
  listener_ = std::move(*listener);
}

LinePeer::~LinePeer() {
  listener_.reset();
  // A session and its connection hold each other until one of them is closed.
  const auto done = std::make_shared<std::promise<void>>();
  loop_.post([state = state_, done] {
    for (const auto& one : state->all)
      if (const auto session = one.lock()) session->drop();
    done->set_value();
  });
  done->get_future().wait();
}

int LinePeer::sessions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->sessions;
}
std::vector<std::string> LinePeer::lines() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lines;
}
std::string LinePeer::received() const {
  const std::lock_guard lock(state_->mutex);
  return state_->received;
}
bool LinePeer::heard(const std::string& line) const {
  const std::lock_guard lock(state_->mutex);
  for (const std::string& one : state_->lines)
    if (one == line) return true;
  return false;
}

}  // namespace sluis::digipoort::tests
