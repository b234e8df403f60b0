// Submission (SMTP-MSA): attempts of each account over a few sessions that are used again.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/digipoort/smtp_session.h"
#include "core/channel/context.h"
#include "core/net/event_loop.h"

namespace sluis::digipoort {

// [Threading] deliver() from any thread; everything else on one event loop. [Ownership] context, loop and connector
// outlive it; stop() before the destructor. A mail is handed to a session only when one is ready, so that what waits is
// never in doubt.
class Submitter final : public SmtpSession::Owner {
 public:
  Submitter(ChannelContext& context, net::EventLoop& loop, SubmitProfile profile);
  ~Submitter() override;
  Submitter(const Submitter&) = delete;
  Submitter& operator=(const Submitter&) = delete;

  void deliver(Attempt attempt);
  // What waits ends as Retry; sessions say QUIT, and what is under way may end by the deadline. Not from the loop.
  void stop(MonoTime deadline);
  // Accounts changed: what waits is built anew from the new settings, and no open session takes another mail.
  void forget_sessions();
  [[nodiscard]] std::string last_trouble() const;

 private:
  struct Lane {  // of one account
    std::deque<std::unique_ptr<Submission>> waiting;
    std::vector<std::shared_ptr<SmtpSession>> open, idle, working;  // working: those of `open` that were ready once
    std::map<int, std::optional<net::ConnectAttempt>> connecting;   // none: its certificate is being read
    // The peer refused another session while one works: that one takes the mails until none is open any more.
    bool narrow = false;
  };
  void submit(std::shared_ptr<Attempt> attempt, bool again);
  void pump(const std::string& account);
  // Who a connection is made for, and with what TLS.
  struct Caller {
    std::string account;
    int number = 0;
    std::shared_ptr<const Account> owner;
    ClientTls tls;
  };
  void connect(const std::string& account);
  void dial(Caller caller);
  [[nodiscard]] bool changed(const Caller& caller) const;
  void connected(const Caller& caller, Result<std::shared_ptr<net::Connection>> connection);
  void submit_anew(const std::string& account);
  static std::size_t starting(const Lane& lane);
  void never_worked(const std::string& account, const smtp::SessionError& error);
  void begin_stop(MonoTime deadline);
  void settle_stop();

  void ready(const std::shared_ptr<SmtpSession>& session) override;
  void done(const std::shared_ptr<SmtpSession>& session, std::unique_ptr<Submission> submission,
            const smtp::TransactionResult& result) override;
  void ended(const std::shared_ptr<SmtpSession>& session, const std::optional<smtp::SessionError>& failure) override;

  ChannelContext& context_;
  net::EventLoop& loop_;
  const SubmitProfile profile_;
  WorkerPool pool_{2};
  std::map<std::string, Lane> lanes_;  // by account (customer, or "" for the channel's own)
  std::map<const SmtpSession*, std::string> account_of_;
  std::set<const SmtpSession*> stale_;  // logged in with what an account was before
  int next_connecting_ = 1;
  bool stopping_ = false;
  std::function<void()> stopped_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // shared: what was posted finds out that this has gone
  const std::weak_ptr<int> weak_{alive_};                  // copied from any thread, while the loop resets alive_
  mutable std::mutex mutex_;
  std::string trouble_;
};

// The outcome of a transaction as the engine understands it (protocols/digipoort.md §3.2, 6–7). Pure.
Outcome outcome_of(const smtp::TransactionResult& result, Receipt receipt);

}  // namespace sluis::digipoort
