// A server machine with an owner that answers as told; what a test sees of one session.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocols/smtp/server.h"
#include "tests/protocols/smtp/trace.h"

namespace sluis::smtp::test {

struct ReceivedMail {
  Envelope envelope;
  std::string content;
  std::string identity;
};

inline ServerConfig open_server() {
  ServerConfig config;
  config.hostname = "mx.example.test";
  config.require_tls = false;
  config.require_auth = false;
  return config;
}

class ServerSession {
 public:
  explicit ServerSession(ServerConfig config = open_server()) : server(std::move(config)) {}

  // Starts, and drops the greeting.
  ServerSession& greeted() {
    server.start();
    run();
    take();
    return *this;
  }
  ServerSession& hello() {
    say("EHLO client.example.test\r\n");
    return *this;
  }
  ServerSession& in_data() {
    say("MAIL FROM:<a@example.test>\r\n");
    say("RCPT TO:<b@example.test>\r\n");
    say("DATA\r\n");
    return *this;
  }
  // Gives the octets at once and returns what the server answered.
  std::string say(std::string_view bytes) {
    server.on_bytes(bytes);
    run();
    return take();
  }
  std::string take() { return std::exchange(sent, {}); }

  void run() {
    for (auto actions = server.take_actions(); !actions.empty(); actions = server.take_actions())
      for (auto& action : actions) std::visit([this](auto& a) { on(a); }, action);
  }

  void on(Send& a) {
    sent += a.bytes;
    trace.add("send", a.bytes);
  }
  void on(StartTls&) {
    ++starttls;
    trace.add("starttls");
  }
  void on(Close&) {
    ++closes;
    trace.add("close");
  }
  void on(SetDeadline& a) { deadlines.push_back(a.after); }
  void on(Authenticate& a) {
    presented = a.presented;
    ask(Question::auth, hold_auth, a.presented.username);
  }
  void on(MailFrom& a) {
    mail_from.push_back(a.reverse_path);
    ask(Question::mail, hold_mail, a.reverse_path);
  }
  void on(RcptTo& a) {
    rcpt_to.push_back(a.recipient);
    ask(Question::rcpt, hold_rcpt, a.recipient.address);
  }
  void on(BeginData& a) {
    current = ReceivedMail{a.envelope, "", server.peer().identity};
    trace.add("begin");
  }
  void on(Data& a) {
    current.content += a.bytes;
    trace.add("data", a.bytes);
  }
  void on(EndData& a) {
    ends.push_back(a);
    ask(Question::data, hold_data, "end");
  }
  void on(Abort& a) {
    aborts.push_back(a.reason.code);
    trace.add("abort", a.reason.code);
  }

  enum class Question { none, auth, mail, rcpt, data };
  void ask(Question question, bool hold, std::string_view about) {
    trace.add("ask", about);
    open_question = question;
    if (!hold) answer();
  }
  // Answers the open question as told; false when there is none.
  bool answer() {
    switch (std::exchange(open_question, Question::none)) {
      case Question::none: return false;
      case Question::auth: {
        const bool known = presented->mechanism == sasl::Mechanism::external || sasl::verify(*presented, password);
        server.auth_result(known ? AuthVerdict::accepted : auth_otherwise, auth_identity);
        break;
      }
      case Question::mail: server.mail_verdict(mail_reply); break;
      case Question::rcpt: {
        Reply reply = rcpt_reply;
        if (!rcpt_replies.empty()) {
          reply = rcpt_replies.front();
          rcpt_replies.pop_front();
        }
        server.rcpt_verdict(reply);
        break;
      }
      case Question::data: commit(); break;
    }
    return true;
  }
  void commit() {
    open_question = Question::none;
    if (data_reply.positive()) mails.push_back(current);
    server.data_verdict(data_reply);
  }

  Server server;
  std::string sent;
  Trace trace;
  Question open_question = Question::none;
  int starttls = 0;
  int closes = 0;
  std::vector<Duration> deadlines;
  std::optional<sasl::Presented> presented;
  std::vector<std::string> mail_from;
  std::vector<Recipient> rcpt_to;
  std::vector<std::string> aborts;
  std::vector<EndData> ends;
  ReceivedMail current;
  std::vector<ReceivedMail> mails;

  Secret password{"wachtwoord"};
  AuthVerdict auth_otherwise = AuthVerdict::rejected;
  std::string auth_identity;
  Reply mail_reply{250, "2.1.0", "sender ok"};
  Reply rcpt_reply{250, "2.1.5", "recipient ok"};
  std::deque<Reply> rcpt_replies;
  Reply data_reply{250, "2.0.0", "Ok: queued as 01TEST"};
  bool hold_auth = false;
  bool hold_mail = false;
  bool hold_rcpt = false;
  bool hold_data = false;
};

}  // namespace sluis::smtp::test
