// The other side of a retrieval: the house's own POP3 server machine over real sockets, one mailbox for all users or
// one for each, with switches for trouble.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/net/listener.h"
#include "core/net/tls.h"
#include "protocols/pop3/server.h"

namespace sluis::digipoort::tests {

// [Threading] any thread.
class MailboxServer {
 public:
  struct Mail {
    std::string uidl, bytes;
    std::string owner = {};  // the user who sees it; empty: everyone
    bool operator==(const Mail&) const = default;
  };
  // `tls` null: clear text. `implicit`: TLS from the first octet, else STLS.
  MailboxServer(net::LoopGroup& loops, std::shared_ptr<const net::TlsContext> tls, bool implicit);

  ~MailboxServer();  // closes its connections
  MailboxServer(const MailboxServer&) = delete;
  MailboxServer& operator=(const MailboxServer&) = delete;

  void put(std::vector<Mail> mails);
  void remove(const std::string& uidl);  // by somebody else
  void password(const std::string& password);
  // Before the first connection. Without a certificate EXTERNAL is refused, with this one it is granted.
  void mechanisms(std::vector<sasl::Mechanism> mechanisms, const std::string& certificate = {});
  void refuse_commits(bool refuse);              // -ERR to QUIT, nothing deleted
  void login_delay(std::chrono::seconds least);  // announced in CAPA

  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] std::vector<std::string> uidls() const;  // what is in the mailbox
  [[nodiscard]] std::size_t mails_of(const std::string& owner) const;
  [[nodiscard]] int sessions() const;
  [[nodiscard]] int most_at_once() const;
  [[nodiscard]] int fetched() const;                      // RETR, of all sessions
  [[nodiscard]] std::vector<std::string> logins() const;  // "MECHANISM user", granted
  [[nodiscard]] int commits() const;                      // QUIT that was answered +OK
  [[nodiscard]] std::string heard() const;                // every octet of every session, decrypted

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;  // shared with the sessions, which the loop holds
  net::EventLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluis::digipoort::tests
