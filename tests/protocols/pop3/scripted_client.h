// A client machine under test, and the server's lines played to it by hand.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "protocols/pop3/client.h"

namespace sluis::pop3 {

class ScriptedClient {
 public:
  static ClientConfig clear() {
    ClientConfig config;
    config.tls = TlsMode::none;
    config.allow_clear = true;
    config.credentials = {"acme", Secret{"s3cret"}};
    return config;
  }
  static ClientConfig stls() {
    ClientConfig config = clear();
    config.tls = TlsMode::stls_required;
    config.allow_clear = false;
    return config;
  }

  explicit ScriptedClient(ClientConfig config = clear()) : client(std::move(config)) {
    client.start();
    collect();
  }
  // The server says this; returns what the client sent in answer.
  std::string hears(std::string_view bytes) {
    client.on_bytes(bytes);
    return collect();
  }
  std::string collect() {
    std::string sent;
    for (auto& action : client.take_actions()) {
      if (const auto* send = std::get_if<Send>(&action)) sent += send->bytes;
      actions.push_back(std::move(action));
    }
    return sent;
  }
  // Greeting to Listing, without CAPA at the server.
  void log_in(std::string_view uidl = "1 a\r\n2 b\r\n", std::string_view list = "1 10\r\n2 20\r\n") {
    EXPECT_EQ(hears("+OK ready\r\n"), "CAPA\r\n");
    EXPECT_EQ(hears("-ERR what?\r\n"), "USER acme\r\n");
    EXPECT_EQ(hears("+OK\r\n"), "PASS s3cret\r\n");
    EXPECT_EQ(hears("+OK\r\n"), "UIDL\r\n");
    EXPECT_EQ(hears("+OK\r\n" + std::string(uidl) + ".\r\n"), "LIST\r\n");
    hears("+OK\r\n" + std::string(list) + ".\r\n");
  }
  void retrieve(int number) {
    EXPECT_TRUE(client.retrieve(number).ok());
    EXPECT_EQ(collect(), "RETR " + std::to_string(number) + "\r\n");
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& action : actions)
      if (const auto* match = std::get_if<T>(&action)) found.push_back(*match);
    return found;
  }
  // The one action of this kind; the test fails when there is none or more.
  template <class T>
  T one() const {
    const auto found = all<T>();
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? T{} : found.front();
  }
  std::string mail() const {
    std::string content;
    for (const auto& chunk : all<MailChunk>()) content += chunk.bytes;
    return content;
  }

  Client client;
  std::vector<Client::Action> actions;
};

}  // namespace sluis::pop3
