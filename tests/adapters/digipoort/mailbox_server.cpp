#include "tests/adapters/digipoort/mailbox_server.h"

#include <gtest/gtest.h>

#include <future>

#include <algorithm>

namespace sluis::digipoort::tests {

struct MailboxServer::State {
  std::shared_ptr<const net::TlsContext> tls;
  bool implicit = false;
  mutable std::mutex mutex;
  Secret password{std::string("geheim")};
  std::vector<Mail> mails;
  std::vector<std::weak_ptr<Session>> all;
  bool refuse_commits = false;
  std::chrono::seconds login_delay{};
  std::vector<sasl::Mechanism> mechanisms{sasl::Mechanism::plain};
  std::string certificate;
  std::vector<std::string> logins;
  int sessions = 0, open = 0, most_at_once = 0, fetched = 0, commits = 0;
  std::string heard;
};

class MailboxServer::Session final : public net::ConnectionHandler, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<State> state, std::shared_ptr<net::Connection> connection)
      : state_(std::move(state)), connection_(std::move(connection)), server_(config(*state_)) {}

  void begin() {
    connection_->start(shared_from_this());
    server_.start();
    run();
  }
  void drop() {
    if (connection_ != nullptr) connection_->close();
    connection_.reset();
  }
  void on_bytes(std::string_view bytes) override {
    {
      const std::lock_guard lock(state_->mutex);
      state_->heard += bytes;
    }
    server_.on_bytes(bytes);
    run();
  }
  void on_tls(const net::TlsInfo& info) override {
    if (info.peer) certificate_ = info.peer->subject;
    server_.on_tls_established();
    run();
  }
  void on_closed(const Error& reason) override {
    server_.on_closed(reason.what);
    gone();
    run();
  }

 private:
  static pop3::ServerConfig config(const State& state) {
    const std::lock_guard lock(state.mutex);
    pop3::ServerConfig config;
    config.tls = state.tls == nullptr ? pop3::ServerTls::none
                 : state.implicit     ? pop3::ServerTls::implicit
                                      : pop3::ServerTls::required;
    config.allow_clear_login = state.tls == nullptr;
    config.login_delay = state.login_delay;
    config.mechanisms = state.mechanisms;
    config.cram_challenge = [] { return std::string("<1896.697170952@pop.example.test>"); };
    return config;
  }
  void gone() {
    if (connection_ == nullptr) return;
    connection_.reset();
    const std::lock_guard lock(state_->mutex);
    --state_->open;
  }
  void run() {
    if (running_) return;
    running_ = true;
    const auto self = shared_from_this();
    for (auto actions = server_.take_actions(); !actions.empty(); actions = server_.take_actions())
      for (auto& action : actions) act(action);
    running_ = false;
  }
  void act(pop3::Server::Action& action) {
    if (auto* send = std::get_if<pop3::Send>(&action)) {
      if (connection_ != nullptr) connection_->write(send->bytes);
    } else if (std::holds_alternative<pop3::StartTls>(action)) {
      if (connection_ == nullptr) return;
      EXPECT_TRUE(connection_->start_tls_server(state_->tls).ok());
    } else if (auto* login = std::get_if<pop3::Authenticate>(&action)) {
      const std::lock_guard lock(state_->mutex);
      const bool external = login->presented.mechanism == sasl::Mechanism::external;
      if (external ? certificate_.empty() || certificate_ != state_->certificate
                   : !sasl::verify(login->presented, state_->password))
        return server_.auth_result(pop3::AuthResult::refused);
      state_->logins.push_back(std::string(sasl::to_string(login->presented.mechanism)) + " " +
                               login->presented.username);
      mails_.clear();
      for (const Mail& mail : state_->mails)
        if (mail.owner.empty() || mail.owner == login->presented.username) mails_.push_back(mail);
      pop3::Maildrop drop;
      for (const Mail& mail : mails_) drop.push_back({mail.uidl, mail.bytes.size()});
      server_.auth_result(pop3::AuthResult::granted, std::move(drop));
    } else if (auto* fetch = std::get_if<pop3::FetchMail>(&action)) {
      {
        const std::lock_guard lock(state_->mutex);
        ++state_->fetched;
      }
      server_.mail_data(mails_.at(fetch->index).bytes, true);
    } else if (auto* commit = std::get_if<pop3::Commit>(&action)) {
      const std::lock_guard lock(state_->mutex);
      if (!state_->refuse_commits) {
        ++state_->commits;
        for (const std::size_t index : commit->deleted) std::erase(state_->mails, mails_.at(index));
      }
      server_.commit_result(!state_->refuse_commits);
    } else if (std::holds_alternative<pop3::Close>(action)) {
      if (connection_ != nullptr) connection_->shutdown();
      gone();
    }
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<net::Connection> connection_;
  pop3::Server server_;
  std::vector<Mail> mails_;  // as they were at login
  std::string certificate_;  // subject of the client's
  bool running_ = false;
};

MailboxServer::MailboxServer(net::LoopGroup& loops, std::shared_ptr<const net::TlsContext> tls, bool implicit)
    : state_(std::make_shared<State>()), loop_(loops.at(0)) {
  state_->tls = std::move(tls);
  state_->implicit = implicit;
  auto listener = net::Listener::open(loops, *net::Address::parse("127.0.0.1:0"),
                                      [state = state_](const std::shared_ptr<net::Connection>& connection) {
                                        {
                                          const std::lock_guard lock(state->mutex);
                                          ++state->sessions;
                                          state->most_at_once = std::max(state->most_at_once, ++state->open);
                                        }
                                        auto session = std::make_shared<Session>(state, connection);
                                        {
                                          const std::lock_guard lock(state->mutex);
                                          state->all.push_back(session);
                                        }
                                        session->begin();
                                        return session;
                                      });
  EXPECT_TRUE(listener.ok());
  listener_ = std::move(*listener);
}

MailboxServer::~MailboxServer() {
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

void MailboxServer::put(std::vector<Mail> mails) {
  const std::lock_guard lock(state_->mutex);
  for (Mail& mail : mails) state_->mails.push_back(std::move(mail));
}
void MailboxServer::remove(const std::string& uidl) {
  const std::lock_guard lock(state_->mutex);
  std::erase_if(state_->mails, [&](const Mail& mail) { return mail.uidl == uidl; });
}
void MailboxServer::password(const std::string& password) {
  const std::lock_guard lock(state_->mutex);
  state_->password = Secret(password);
}
void MailboxServer::mechanisms(std::vector<sasl::Mechanism> mechanisms, const std::string& certificate) {
  const std::lock_guard lock(state_->mutex);
  state_->mechanisms = std::move(mechanisms);
  state_->certificate = certificate;
}
void MailboxServer::refuse_commits(bool refuse) {
  const std::lock_guard lock(state_->mutex);
  state_->refuse_commits = refuse;
}
void MailboxServer::login_delay(std::chrono::seconds least) {
  const std::lock_guard lock(state_->mutex);
  state_->login_delay = least;
}
std::vector<std::string> MailboxServer::uidls() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> uidls;
  for (const Mail& mail : state_->mails) uidls.push_back(mail.uidl);
  return uidls;
}
std::size_t MailboxServer::mails_of(const std::string& owner) const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<std::size_t>(
      std::count_if(state_->mails.begin(), state_->mails.end(), [&](const Mail& mail) { return mail.owner == owner; }));
}
int MailboxServer::sessions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->sessions;
}
int MailboxServer::most_at_once() const {
  const std::lock_guard lock(state_->mutex);
  return state_->most_at_once;
}
int MailboxServer::fetched() const {
  const std::lock_guard lock(state_->mutex);
  return state_->fetched;
}
std::vector<std::string> MailboxServer::logins() const {
  const std::lock_guard lock(state_->mutex);
  return state_->logins;
}
int MailboxServer::commits() const {
  const std::lock_guard lock(state_->mutex);
  return state_->commits;
}
std::string MailboxServer::heard() const {
  const std::lock_guard lock(state_->mutex);
  return state_->heard;
}

}  // namespace sluis::digipoort::tests
