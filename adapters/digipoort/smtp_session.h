// One connection to the submission server: the SMTP client machine on an event loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/digipoort/profile.h"
#include "core/channel/attempt.h"
#include "core/net/connection.h"
#include "core/runtime/worker_pool.h"
#include "protocols/smtp/client.h"

namespace sluis::digipoort {

// A mail on its way: the attempt and its octets.
struct Submission {
  std::shared_ptr<Attempt> attempt;  // shared: held by the session and by the pool's task that reads content
  std::unique_ptr<WireMail> mail;    // null while the pool reads from it
  smtp::Transaction transaction;
  bool again = false;  // came back from a session that had ended unnoticed: not a second time
};

// [Lifetime] held by its connection and by the submitter; ends with Owner::ended(). [Threading] all on the connection's
// loop.
class SmtpSession final : public net::ConnectionHandler, public std::enable_shared_from_this<SmtpSession> {
 public:
  // What the submitter is told. On the loop.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The session is idle: give() it something, or leave it (it says QUIT after its idle time).
    virtual void ready(const std::shared_ptr<SmtpSession>& session) = 0;
    virtual void done(const std::shared_ptr<SmtpSession>& session, std::unique_ptr<Submission> submission,
                      const smtp::TransactionResult& result) = 0;
    // Over; `failure` when it did not end by itself. A submission that was with it has been told by done().
    virtual void ended(const std::shared_ptr<SmtpSession>& session,
                       const std::optional<smtp::SessionError>& failure) = 0;
  };

  SmtpSession(Owner& owner, const SubmitProfile& profile, ClientTls tls, sasl::Credentials credentials,
              WorkerPool& pool);
  void start(const std::shared_ptr<net::Connection>& connection);
  // False: it is saying QUIT because its idle time is over, and the submission stays with the caller; ended() follows.
  [[nodiscard]] bool give(std::unique_ptr<Submission>& submission);
  void quit();
  // The gateway stops: the mail under way ends in doubt or safe to retry, as far as it came.
  void abort();

  [[nodiscard]] std::size_t given() const { return given_; }  // mails so far
  [[nodiscard]] const std::optional<net::TlsInfo>& tls() const { return tls_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }

  void on_bytes(std::string_view bytes) override;
  void on_tls(const net::TlsInfo& info) override;
  void on_drained() override;
  void on_timeout() override;
  void on_closed(const Error& reason) override;

 private:
  void run_actions();
  void need_data();
  void read_next();
  void finish();

  Owner& owner_;
  const SubmitProfile& profile_;
  const ClientTls client_tls_;
  WorkerPool& pool_;
  smtp::Client client_;
  std::shared_ptr<net::Connection> connection_;
  std::optional<net::TlsInfo> tls_;
  std::string peer_;
  std::unique_ptr<Submission> submission_;
  std::size_t given_ = 0;
  std::optional<smtp::SessionError> failure_;
  bool running_ = false, over_ = false;
  bool certificate_refused_ = false;
  bool data_wanted_ = false, reading_ = false;
};

}  // namespace sluis::digipoort
