// A server machine under test, with the client's lines played to it by hand and an owner that answers at once.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "protocols/pop3/server.h"

namespace sluis::pop3 {

class ScriptedServer {
 public:
  static ServerConfig clear() {
    ServerConfig config;
    config.tls = ServerTls::none;
    config.allow_clear_login = true;
    return config;
  }

  explicit ScriptedServer(ServerConfig config = clear()) : server(std::move(config)) {
    server.start();
    greeting = collect();
  }
  // The client says this; returns what the server sent in answer.
  std::string hears(std::string_view bytes) {
    server.on_bytes(bytes);
    return collect();
  }
  // Carries out what the owner does; with `answers` false, Authenticate, FetchMail and Commit stay open.
  std::string collect() {
    std::string sent;
    for (bool more = true; more;) {
      more = false;
      for (auto& action : server.take_actions()) {
        more = true;
        if (const auto* send = std::get_if<Send>(&action)) sent += send->bytes;
        const auto* authenticate = answers ? std::get_if<Authenticate>(&action) : nullptr;
        const auto* fetch = answers ? std::get_if<FetchMail>(&action) : nullptr;
        const bool commit = answers && std::holds_alternative<Commit>(action);
        actions.push_back(action);
        if (authenticate != nullptr) {
          const bool known =
              authenticate->presented.username == "acme" && sasl::verify(authenticate->presented, Secret{"s3 cret "});
          server.auth_result(known ? AuthResult::granted : AuthResult::refused,
                             known ? std::optional{drop()} : std::nullopt);
        }
        if (fetch != nullptr) server.mail_data(mails.at(fetch->index), true);
        if (commit) server.commit_result(true);
      }
    }
    return sent;
  }
  void log_in() {
    EXPECT_EQ(hears("USER acme\r\n"), "+OK\r\n");
    EXPECT_EQ(hears("PASS s3 cret \r\n").substr(0, 3), "+OK");
  }
  Maildrop drop() const {
    Maildrop maildrop;
    for (std::size_t i = 0; i < mails.size(); ++i) maildrop.push_back({"uid-" + std::to_string(i), mails[i].size()});
    return maildrop;
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& action : actions)
      if (const auto* match = std::get_if<T>(&action)) found.push_back(*match);
    return found;
  }

  Server server;
  bool answers = true;
  std::vector<std::string> mails{"A: 1\r\n\r\n.one\r\n", "A: 2\r\n\r\n1\r\n2\r\n3\r\n", "A: 3\r\n\r\n"};
  std::string greeting;
  std::vector<Server::Action> actions;
};

inline bool ok(const std::string& answer) {
  return answer.starts_with("+OK");
}
inline bool err(const std::string& answer) {
  return answer.starts_with("-ERR");
}

}  // namespace sluis::pop3
