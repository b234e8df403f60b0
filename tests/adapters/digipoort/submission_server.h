// The other side of a submission: the house's own SMTP server machine over real sockets, with switches for trouble.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/net/listener.h"
#include "core/net/tls.h"
#include "protocols/smtp/server.h"

namespace sluis::digipoort::tests {

// [Threading] any thread; `trouble` is set before the first connection.
class SubmissionServer {
 public:
  struct Mail {
    std::string from, to, bytes, envid, login, mechanism;
    std::string certificate;  // subject of the client's, when it showed one
    std::string client;       // the address that it came from
    int session = 0;
  };
  // What happens at the final dot of the n-th mail, from 1, instead of 250.
  enum class AtDot { accept, close, silence };
  struct Trouble {
    std::function<AtDot(int mail)> at_dot;
    std::function<smtp::Reply(const std::string& to)> at_rcpt;
    int sessions_most = 1000;   // further ones are told 421
    int close_after_mails = 0;  // of one session: it ends without a word once the next MAIL comes
    std::string hold_at_dot;    // a recipient whose mails get their answer from release()
    std::vector<sasl::Mechanism> mechanisms{sasl::Mechanism::plain, sasl::Mechanism::login};
  };

  // `tls` null: clear text. `implicit`: TLS from the first octet, else STARTTLS.
  SubmissionServer(net::LoopGroup& loops, std::shared_ptr<const net::TlsContext> tls, bool implicit, Trouble trouble);
  SubmissionServer(net::LoopGroup& loops, std::shared_ptr<const net::TlsContext> tls)
      : SubmissionServer(loops, std::move(tls), false, Trouble{}) {}

  ~SubmissionServer();  // closes its connections
  SubmissionServer(const SubmissionServer&) = delete;
  SubmissionServer& operator=(const SubmissionServer&) = delete;

  void account(const std::string& username, const std::string& password);
  // EXTERNAL: the client with this certificate is this account.
  void certificate(const std::string& subject, const std::string& username);
  void release();  // answers 250 to what is held

  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] std::vector<Mail> mails() const;
  [[nodiscard]] int sessions() const;
  [[nodiscard]] int most_at_once() const;
  [[nodiscard]] int open() const;
  [[nodiscard]] int held() const;
  [[nodiscard]] std::string clear_text() const;  // every octet that came before TLS

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;  // shared with the sessions, which the loop holds
  net::EventLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::digipoort::tests
