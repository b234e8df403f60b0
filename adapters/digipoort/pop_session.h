// One visit to a mailbox: the POP3 client machine on an event loop. Store, then DELE, then QUIT.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/digipoort/profile.h"
#include "adapters/digipoort/received_mail.h"
#include "core/channel/context.h"
#include "core/net/connection.h"
#include "core/runtime/worker_pool.h"
#include "protocols/pop3/client.h"

namespace sluis::digipoort {

// How a visit ended.
struct Visit {
  bool ok = false;  // QUIT was answered +OK
  std::size_t listed = 0, stored = 0, again = 0, deleted = 0, left = 0;
  std::size_t too_large = 0, refused = 0;  // of those left
  bool more = false;                       // the mailbox holds more than one visit takes
  std::optional<Error> error;
  pop3::FailureClass failure = pop3::FailureClass::temporary;
  std::chrono::seconds login_delay{};  // the server wants at least this between two logins
};

// A mail is handed to the intake, and only after its commit DELE is said; the UIDL is remembered in that same commit,
// so that a mail whose deletion was not confirmed by +OK to QUIT is not taken a second time: it is only deleted. A
// crash anywhere leaves either the mail on the server and unknown here, or known here and skipped. [Lifetime] held by
// its connection and by the retriever; `ended` is called once. [Threading] all on the connection's loop; mail is
// written and parsed in the pool, one piece after the other, with reading paused meanwhile.
class PopSession final : public net::ConnectionHandler, public std::enable_shared_from_this<PopSession> {
 public:
  struct Plan {
    std::string account;  // customer, or "" for the channel's own
    std::string mailbox;  // for attributes: whose mailbox it is
    sasl::Credentials credentials;
    ClientTls tls;
    std::set<std::string> known;    // UIDLs taken before and not known to be deleted
    std::set<std::string> refused;  // UIDLs that the intake refused for good: left where they are, and not read again
  };
  PopSession(ChannelContext& context, const RetrieveProfile& profile, WorkerPool& pool, Plan plan,
             std::function<void(const Visit&)> ended);
  void start(const std::shared_ptr<net::Connection>& connection);
  void abort(std::string_view why);

  void on_bytes(std::string_view bytes) override;
  void on_tls(const net::TlsInfo& info) override;
  void on_timeout() override;
  void on_closed(const Error& reason) override;

  // The state keys that remember a UIDL of an account: taken, and refused with the reason as value.
  static std::string state_key(std::string_view account, std::string_view uidl);
  static std::string refused_key(std::string_view account, std::string_view uidl);

 private:
  void run_actions();
  void next();
  void too_large(const std::string& what);
  void store_piece(bool last, bool irregular);
  void arrived(Result<Arrival> arrival);
  void accepted(const IntakeResult& result);
  void refused(const Error& reason);
  void committed();
  void finish();
  void drop_current();
  const pop3::Entry* current() const;

  ChannelContext& context_;
  const RetrieveProfile& profile_;
  WorkerPool& pool_;
  const Plan plan_;
  std::function<void(const Visit&)> ended_;
  pop3::Client client_;
  net::EventLoop* loop_ = nullptr;
  std::shared_ptr<net::Connection> connection_;
  MonoTime began_{};

  std::vector<pop3::Entry> entries_;
  std::size_t at_ = 0;  // the entry being dealt with
  bool retrieving_ = false, ended_mail_ = false;
  std::string piece_;                   // octets of the mail not yet given to the pool
  std::shared_ptr<ReceivedMail> mail_;  // shared with the pool's task
  bool writing_ = false, last_waits_ = false, irregular_ = false;
  std::string digest_key_;           // dedupe text of a mail without UIDL
  std::vector<std::string> marked_;  // UIDLs whose deletion is marked
  std::set<std::string> present_;    // UIDLs in the listing
  Visit visit_;
  bool running_ = false, over_ = false;
  bool certificate_refused_ = false;
};

}  // namespace sluis::digipoort
