// A client machine with an owner that streams a mail; what a test sees of one session.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocols/smtp/client.h"
#include "tests/protocols/smtp/trace.h"

namespace sluis::smtp::test {

inline ClientConfig clear_client() {
  ClientConfig config;
  config.ehlo = "gateway.example.test";
  config.tls = TlsMode::none;
  return config;
}

inline Transaction one_mail() {
  Transaction transaction;
  transaction.reverse_path = "a@example.test";
  transaction.recipients = {"b@example.test"};
  return transaction;
}

class ClientSession {
 public:
  explicit ClientSession(ClientConfig config = clear_client()) : client(std::move(config)) {}

  // Gives the server's octets and returns what the client sent then.
  std::string hear(std::string_view bytes) {
    client.on_bytes(bytes);
    run();
    return take();
  }
  std::string submit(Transaction transaction) {
    submitted = client.submit(std::move(transaction));
    run();
    return take();
  }
  std::string take() { return std::exchange(sent, {}); }

  // From nothing to Ready; `offers` are the EHLO lines after the first.
  ClientSession& ready(const std::vector<std::string>& offers = {}) {
    client.start();
    run();
    hear("220 mx.test\r\n");
    hear(ehlo_reply(offers));
    return *this;
  }
  // From Ready to "the final dot has left".
  ClientSession& dot_sent() {
    submit(one_mail());
    hear("250 ok\r\n");
    hear("250 ok\r\n");
    hear("354 go\r\n");
    return *this;
  }
  static std::string ehlo_reply(const std::vector<std::string>& offers) {
    Reply reply{250, "", "mx.test"};
    reply.lines.insert(reply.lines.end(), offers.begin(), offers.end());
    return write_reply(reply);
  }

  void run() {
    for (auto actions = client.take_actions(); !actions.empty(); actions = client.take_actions())
      for (auto& action : actions) std::visit([this](auto& a) { on(a); }, action);
  }

  void on(Send& a) {
    sent += a.bytes;
    (a.secret ? secret_text : open_text) += a.bytes;
    trace.add("send", a.bytes);
  }
  void on(StartTls&) {
    ++starttls;
    trace.add("starttls");
  }
  void on(NeedData&) {
    if (hold_content) return;
    const std::size_t size = std::min(piece, content.size() - content_at);
    const std::string_view chunk = std::string_view{content}.substr(content_at, size);
    content_at += size;
    client.more_data(chunk, content_at == content.size());
  }
  void on(Ready& a) {
    ++readies;
    trace.add("ready");
    capabilities = a.capabilities;
  }
  void on(TransactionDone& a) {
    results.push_back(a.result);
    trace.add(a.result.accepted ? "accepted" : a.result.in_doubt ? "in doubt" : "not accepted", a.result.peer_text);
    content_at = 0;
  }
  void on(Failed& a) {
    failures.push_back(a.error);
    trace.add("failed", a.error.error.code);
  }
  void on(Close&) {
    ++closes;
    trace.add("close");
  }
  void on(SetDeadline& a) { deadlines.push_back(a.after); }

  Client client;
  std::string sent;
  Trace trace;
  std::string secret_text;  // everything that was marked secret
  std::string open_text;
  int starttls = 0;
  int readies = 0;
  int closes = 0;
  Capabilities capabilities;
  std::vector<TransactionResult> results;
  std::vector<SessionError> failures;
  std::vector<Duration> deadlines;
  Status submitted;
  std::string content = "Subject: x\r\n\r\n.dot\r\n";
  std::size_t content_at = 0;
  std::size_t piece = 7;
  bool hold_content = false;
};

}  // namespace sluis::smtp::test
