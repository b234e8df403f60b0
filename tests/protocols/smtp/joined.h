// A client and a server machine joined in memory by two pipes whose octets arrive in pieces of any size, and which can
// be cut after any octet. TLS is an event, not bytes.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "tests/protocols/smtp/client_session.h"
#include "tests/protocols/smtp/server_session.h"

namespace sluis::smtp::test {

class Joined {
 public:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  Joined(ClientConfig client_config, ServerConfig server_config)
      : client(std::move(client_config)), server(std::move(server_config)) {}

  // Runs until nothing moves: all of `mails` submitted one after the other, then QUIT.
  void run() {
    client.client.start();
    client.run();
    if (client.starttls == 1) {  // implicit TLS stands before the server's first word
      tls_established = 1;
      client.client.on_tls_established(client_cert);
      client.run();
    }
    server.server.start();
    server.run();
    while (step()) {}
  }

  ClientSession client;
  ServerSession server;
  std::deque<Transaction> mails;
  bool client_cert = false;
  std::function<std::size_t()> piece = [] { return never; };  // octets in the next delivery
  std::size_t cut_to_server = never;                          // octets after which the connection is gone
  std::size_t cut_to_client = never;
  std::size_t to_server = 0;
  std::size_t to_client = 0;
  std::size_t dot_arrived_at = never;  // octets to the server when the first EndData came

 private:
  bool step() {
    const std::string request = client.take();
    const bool cut_now = deliver(request, to_server, cut_to_server, [this](std::string_view bytes) {
      server.server.on_bytes(bytes);
      server.run();
      if (!server.ends.empty() && dot_arrived_at == never) dot_arrived_at = to_server;
    });
    const std::string reply = server.take();
    const bool cut_back = deliver(reply, to_client, cut_to_client, [this](std::string_view bytes) {
      client.client.on_bytes(bytes);
      client.run();
    });
    if (cut_now || cut_back) return lose_connection();
    if (!request.empty() || !reply.empty()) return true;
    return client.closes == 0 && server.closes == 0 ? next_event() : close_other_side();
  }

  // True when the connection was cut.
  bool deliver(std::string_view bytes, std::size_t& count, std::size_t limit,
               const std::function<void(std::string_view)>& to) {
    while (!bytes.empty() && count < limit) {
      const std::size_t size = std::min({std::max<std::size_t>(piece(), 1), bytes.size(), limit - count});
      count += size;
      to(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    return count >= limit;
  }

  bool lose_connection() {
    client.client.on_closed("cut");
    client.run();
    server.server.on_closed("cut");
    server.run();
    server.answer();  // an owner that is committing goes on
    return false;
  }

  bool close_other_side() {
    const int before = client.closes + server.closes;
    client.client.on_closed("closed by the server");
    client.run();
    server.server.on_closed("closed by the client");
    server.run();
    return client.closes + server.closes != before;
  }

  bool next_event() {
    if (server.answer()) {
      server.run();
      return true;
    }
    if (client.starttls > tls_established && server.starttls > 0) {
      ++tls_established;
      client.client.on_tls_established(client_cert);
      server.server.on_tls_established(client_cert);
      client.run();
      server.run();
      return true;
    }
    if (client.client.stage() != Stage::ready) return false;
    if (mails.empty()) {
      client.client.quit();
    } else {
      client.submitted = client.client.submit(mails.front());
      mails.pop_front();
    }
    client.run();
    return true;
  }

  int tls_established = 0;
};

// The conversations that the golden tests run: every way to secure, authenticate and group.
struct Conversation {
  std::string name;
  TlsMode tls = TlsMode::none;
  std::optional<sasl::Mechanism> mechanism;
  bool pipelining = false;
  bool late_verdicts = false;
};

inline std::vector<Conversation> all_conversations() {
  using sasl::Mechanism;
  std::vector<Conversation> all;
  for (const bool pipelining : {false, true})
    for (const bool late : {false, true}) {
      const std::string suffix =
          std::string(pipelining ? "_Pipelined" : "_Unpipelined") + (late ? "_LateVerdicts" : "");
      all.push_back({"Clear" + suffix, TlsMode::none, {}, pipelining, late});
      all.push_back({"Implicit_Plain" + suffix, TlsMode::implicit, Mechanism::plain, pipelining, late});
      all.push_back({"Starttls_Plain" + suffix, TlsMode::starttls_required, Mechanism::plain, pipelining, late});
      all.push_back({"Starttls_Login" + suffix, TlsMode::starttls_required, Mechanism::login, pipelining, late});
      all.push_back({"Starttls_CramMd5" + suffix, TlsMode::starttls_required, Mechanism::cram_md5, pipelining, late});
      all.push_back({"Starttls_External" + suffix, TlsMode::starttls_required, Mechanism::external, pipelining, late});
    }
  return all;
}

// Two mails: one of two recipients with a size and DSN, one of the null path.
inline Joined join(const Conversation& conversation) {
  ClientConfig client = clear_client();
  client.tls = conversation.tls;
  client.pipelining = conversation.pipelining;
  ServerConfig server = open_server();
  server.tls = conversation.tls == TlsMode::none       ? TlsState::unavailable
               : conversation.tls == TlsMode::implicit ? TlsState::active
                                                       : TlsState::offered;
  server.require_tls = conversation.tls != TlsMode::none;
  if (conversation.mechanism) {
    client.mechanisms = {*conversation.mechanism};
    client.credentials = {"klant-1", Secret{"wachtwoord"}};
    server.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5,
                         sasl::Mechanism::external};
    server.cram_challenge = [] { return std::string("<1896.697170952@mx.example.test>"); };
    server.require_auth = true;
  }
  Joined joined(std::move(client), std::move(server));
  joined.client_cert = conversation.mechanism == sasl::Mechanism::external;
  joined.client.content = "Subject: golden\r\n\r\n.\r\n..two\r\n\r\nend.\r\n";
  joined.server.hold_auth = joined.server.hold_mail = joined.server.hold_rcpt = joined.server.hold_data =
      conversation.late_verdicts;
  Transaction first = one_mail();
  first.recipients = {"b@example.test", "c@example.test"};
  first.size = joined.client.content.size();
  first.dsn.envid = "01HZX";
  Transaction second = one_mail();
  second.reverse_path = "";
  joined.mails = {first, second};
  return joined;
}

}  // namespace sluis::smtp::test
