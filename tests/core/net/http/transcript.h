// Drives the machines and writes down what they say, so that a test compares texts.
#pragma once

#include <string>
#include <string_view>

#include "core/net/http/client_machine.h"
#include "core/net/http/server_machine.h"

namespace sluis::test {

using net::http::ClientMachine;
using net::http::ServerMachine;

// What came in, one line an event; consecutive pieces of a body are one line, so that cuts do not show.
class Transcript {
 public:
  void line(const std::string& text) {
    text_ += text + "\n";
    in_body_ = false;
  }
  void body(std::string_view bytes) {
    if (in_body_) text_.pop_back();
    if (!in_body_) text_ += "body ";
    text_ += bytes;
    text_ += '\n';
    in_body_ = true;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool in_body_ = false;
};

// A server that answers each request with its own body, or what `answer` says.
class ServerDriver {
 public:
  explicit ServerDriver(net::http::ServerMachineSettings settings = {}) : machine(clock, settings) {}

  void feed(std::string_view bytes) {
    machine.receive(bytes);
    run();
  }
  void run() {
    for (;;) {
      switch (machine.next()) {
        case ServerMachine::Event::none: return collect();
        case ServerMachine::Event::request: {
          const auto& request = machine.request();
          seen.line("request " + request.method + " " + request.path +
                    (request.query.empty() ? "" : "?" + request.query));
          echo_.clear();
          if (sends_continue) machine.send_continue();
          break;
        }
        case ServerMachine::Event::body:
          seen.body(machine.body());
          echo_ += machine.body();
          break;
        case ServerMachine::Event::end:
          seen.line("end");
          if (answers) answer();
          break;
        case ServerMachine::Event::refused:
          seen.line("refused " + machine.refusal().code + " " + std::to_string(machine.refusal().status));
          break;
      }
      collect();
    }
  }
  void answer() {
    const bool ok = machine
                        .respond({200, {}, {{"Content-Type", "text/plain"}}},
                                 chunked_answers ? std::nullopt : std::optional<std::uint64_t>(echo_.size()))
                        .ok() &&
                    machine.write_body(echo_).ok() && machine.end_body().ok();
    if (!ok) seen.line("answer failed");
    collect();
  }
  void collect() {
    sent += machine.output();
    machine.output().clear();
  }

  ManualClock clock;
  ServerMachine machine;
  Transcript seen;
  std::string sent;
  bool answers = true;
  bool sends_continue = true;
  bool chunked_answers = false;

 private:
  std::string echo_;
};

class ClientDriver {
 public:
  explicit ClientDriver(const net::http::MessageLimits& limits = {}) : machine(limits) {}

  void ask(std::string_view method, std::string_view body = {}, bool chunked = false, std::string_view target = "/") {
    const auto length = chunked ? std::nullopt : std::optional<std::uint64_t>(body.size());
    if (!machine.request(method, target, "peer.example", {}, length).ok() || !machine.write_body(body).ok() ||
        !machine.end_body().ok())
      seen.line("request failed");
    collect();
  }
  void feed(std::string_view bytes) {
    machine.receive(bytes);
    run();
  }
  void end(bool authentic = true) {
    machine.end_of_stream(authentic);
    run();
  }
  void run() {
    for (;;) {
      switch (machine.next()) {
        case ClientMachine::Event::none: return;
        case ClientMachine::Event::response: seen.line("response " + std::to_string(machine.response().status)); break;
        case ClientMachine::Event::body: seen.body(machine.body()); break;
        case ClientMachine::Event::end: seen.line("end"); break;
        case ClientMachine::Event::refused: seen.line("refused " + machine.refusal().code); return;
      }
    }
  }
  void collect() {
    sent += machine.output();
    machine.output().clear();
  }

  ClientMachine machine;
  Transcript seen;
  std::string sent;
};

}  // namespace sluis::test
