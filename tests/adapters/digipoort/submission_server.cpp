#include "tests/adapters/digipoort/submission_server.h"

#include <gtest/gtest.h>

#include <future>

#include <algorithm>

namespace sluis::digipoort::tests {

struct SubmissionServer::State {
  Trouble trouble;
  std::shared_ptr<const net::TlsContext> tls;
  bool implicit = false;
  mutable std::mutex mutex;
  std::map<std::string, Secret> passwords;
  std::map<std::string, std::string> certificates;  // subject → user name
  std::vector<Mail> mails;
  std::vector<std::shared_ptr<Session>> held;
  std::vector<std::weak_ptr<Session>> all;
  int sessions = 0, open = 0, most_at_once = 0;
  std::string clear_text;
};

class SubmissionServer::Session final : public net::ConnectionHandler, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<State> state, std::shared_ptr<net::Connection> connection, int number)
      : state_(std::move(state)), connection_(std::move(connection)), number_(number), server_(config(*state_)) {}

  void begin() {
    mail_.client = connection_->remote().host();
    connection_->start(shared_from_this());
    if (state_->implicit) {
      EXPECT_TRUE(connection_->start_tls_server(state_->tls).ok());
    } else {
      server_.start();
    }
    run();
  }
  void drop() {
    if (connection_ != nullptr) connection_->close();
    connection_.reset();
  }
  void on_bytes(std::string_view bytes) override {
    if (!tls_) {
      const std::lock_guard lock(state_->mutex);
      state_->clear_text += bytes;
    }
    server_.on_bytes(bytes);
    run();
  }
  void on_tls(const net::TlsInfo& info) override {
    tls_ = true;
    if (info.peer) mail_.certificate = info.peer->subject;
    if (state_->implicit)
      server_.start();
    else
      server_.on_tls_established(info.peer.has_value());
    run();
  }
  void on_closed(const Error& reason) override {
    server_.on_closed(reason.what);
    gone();
    run();
  }
  void verdict(smtp::Reply reply) {
    server_.data_verdict(std::move(reply));
    run();
  }
  [[nodiscard]] net::EventLoop* loop() const { return connection_ != nullptr ? &connection_->loop() : nullptr; }

 private:
  static smtp::ServerConfig config(const State& state) {
    smtp::ServerConfig config;
    config.hostname = "msa.example.test";
    config.tls = state.tls == nullptr ? smtp::TlsState::unavailable
                 : state.implicit     ? smtp::TlsState::active
                                      : smtp::TlsState::offered;
    config.require_tls = state.tls != nullptr;
    config.allow_clear_auth = state.tls == nullptr;
    config.mechanisms = state.trouble.mechanisms;
    config.cram_challenge = [] { return std::string("<1896.697170952@msa.example.test>"); };
    config.limits.message_size = 64ULL << 20;
    return config;
  }
  void gone() {
    if (connection_ == nullptr) return;
    connection_.reset();
    const std::lock_guard lock(state_->mutex);
    --state_->open;
  }
  void end(bool politely) {
    if (connection_ == nullptr) return;
    politely ? connection_->shutdown() : connection_->close();
    gone();
  }
  void run() {
    if (running_) return;
    running_ = true;
    const auto self = shared_from_this();
    for (auto actions = server_.take_actions(); !actions.empty(); actions = server_.take_actions())
      for (auto& action : actions) act(action);
    running_ = false;
  }
  void act(smtp::Server::Action& action) {
    if (auto* send = std::get_if<smtp::Send>(&action)) {
      if (connection_ != nullptr) connection_->write(send->bytes);
    } else if (std::holds_alternative<smtp::StartTls>(action)) {
      if (connection_ == nullptr) return;
      EXPECT_TRUE(connection_->start_tls_server(state_->tls).ok());
    } else if (auto* login = std::get_if<smtp::Authenticate>(&action)) {
      const bool known = knows(login->presented);
      if (known) mail_.login = login->presented.username;
      mail_.mechanism = sasl::to_string(login->presented.mechanism);
      server_.auth_result(known ? smtp::AuthVerdict::accepted : smtp::AuthVerdict::rejected);
    } else if (auto* from = std::get_if<smtp::MailFrom>(&action)) {
      mail_.from = from->reverse_path;
      if (state_->trouble.close_after_mails != 0 && mails_ == state_->trouble.close_after_mails) return end(false);
      server_.mail_verdict(smtp::Reply(250, "2.1.0", "ok"));
    } else if (auto* to = std::get_if<smtp::RcptTo>(&action)) {
      mail_.to = to->recipient.address;
      server_.rcpt_verdict(state_->trouble.at_rcpt ? state_->trouble.at_rcpt(mail_.to)
                                                   : smtp::Reply(250, "2.1.5", "ok"));
    } else if (auto* begin = std::get_if<smtp::BeginData>(&action)) {
      mail_.bytes.clear();
      mail_.envid = begin->envelope.envid;
    } else if (auto* data = std::get_if<smtp::Data>(&action)) {
      mail_.bytes += data->bytes;
    } else if (std::holds_alternative<smtp::EndData>(action)) {
      whole();
    } else if (std::holds_alternative<smtp::Close>(action)) {
      end(true);
    }
  }
  bool knows(const sasl::Presented& presented) const {
    const std::lock_guard lock(state_->mutex);
    if (presented.mechanism == sasl::Mechanism::external) {
      const auto at = state_->certificates.find(mail_.certificate);
      return at != state_->certificates.end() && at->second == presented.username;
    }
    const auto at = state_->passwords.find(presented.username);
    return at != state_->passwords.end() && sasl::verify(presented, at->second);
  }
  void whole() {
    ++mails_;
    mail_.session = number_;
    int count = 0;
    bool hold = false;
    {
      const std::lock_guard lock(state_->mutex);
      state_->mails.push_back(mail_);
      count = static_cast<int>(state_->mails.size());
      hold = state_->trouble.hold_at_dot == mail_.to;
      if (hold) state_->held.push_back(shared_from_this());
    }
    const AtDot at_dot = state_->trouble.at_dot ? state_->trouble.at_dot(count) : AtDot::accept;
    if (at_dot == AtDot::close) return end(false);
    if (at_dot == AtDot::accept && !hold)
      server_.data_verdict(smtp::Reply(250, "2.0.0", "Ok: queued as Q" + std::to_string(count)));
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<net::Connection> connection_;
  int number_;
  smtp::Server server_;
  Mail mail_;
  int mails_ = 0;
  bool tls_ = false, running_ = false;
};

SubmissionServer::SubmissionServer(net::LoopGroup& loops, std::shared_ptr<const net::TlsContext> tls, bool implicit,
                                   Trouble trouble)
    : state_(std::make_shared<State>()), loop_(loops.at(0)) {
  state_->trouble = std::move(trouble);
  state_->tls = std::move(tls);
  state_->implicit = implicit;
  auto listener = net::Listener::open(
      loops, *net::Address::parse("127.0.0.1:0"),
      [state = state_](const std::shared_ptr<net::Connection>& connection) -> std::shared_ptr<net::ConnectionHandler> {
        int number = 0;
        bool refused = false;
        {
          const std::lock_guard lock(state->mutex);
          number = ++state->sessions;
          refused = state->open >= state->trouble.sessions_most;
          ++state->open;
          state->most_at_once = std::max(state->most_at_once, state->open);
        }
        auto session = std::make_shared<Session>(state, connection, number);
        {
          const std::lock_guard lock(state->mutex);
          state->all.push_back(session);
        }
        if (refused) {
          connection->start(session);
          connection->write("421 4.7.0 too many sessions\r\n");
          connection->shutdown();
          const std::lock_guard lock(state->mutex);
          --state->open;
        } else {
          session->begin();
        }
        return session;
      });
  EXPECT_TRUE(listener.ok());
  listener_ = std::move(*listener);
}

SubmissionServer::~SubmissionServer() {
  listener_.reset();
  // A session and its connection hold each other until one of them is closed.
  const auto done = std::make_shared<std::promise<void>>();
  loop_.post([state = state_, done] {
    {
      const std::lock_guard lock(state->mutex);
      state->held.clear();
    }
    for (const auto& one : state->all)
      if (const auto session = one.lock()) session->drop();
    done->set_value();
  });
  done->get_future().wait();
}

void SubmissionServer::account(const std::string& username, const std::string& password) {
  const std::lock_guard lock(state_->mutex);
  state_->passwords[username] = Secret(password);
}

void SubmissionServer::certificate(const std::string& subject, const std::string& username) {
  const std::lock_guard lock(state_->mutex);
  state_->certificates[subject] = username;
}

void SubmissionServer::release() {
  std::vector<std::shared_ptr<Session>> held;
  {
    const std::lock_guard lock(state_->mutex);
    held.swap(state_->held);
    state_->trouble.hold_at_dot.clear();
  }
  for (const auto& session : held)
    if (auto* loop = session->loop())
      loop->post([session] { session->verdict(smtp::Reply(250, "2.0.0", "Ok: queued as LATE")); });
}

std::vector<SubmissionServer::Mail> SubmissionServer::mails() const {
  const std::lock_guard lock(state_->mutex);
  return state_->mails;
}
int SubmissionServer::sessions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->sessions;
}
int SubmissionServer::most_at_once() const {
  const std::lock_guard lock(state_->mutex);
  return state_->most_at_once;
}
int SubmissionServer::open() const {
  const std::lock_guard lock(state_->mutex);
  return state_->open;
}
int SubmissionServer::held() const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<int>(state_->held.size());
}
std::string SubmissionServer::clear_text() const {
  const std::lock_guard lock(state_->mutex);
  return state_->clear_text;
}

}  // namespace sluis::digipoort::tests
