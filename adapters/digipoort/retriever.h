// Retrieval (POP3): visits every mailbox by the clock, one session a mailbox.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "adapters/digipoort/pop_session.h"
#include "core/channel/context.h"
#include "core/net/event_loop.h"

namespace sluis::digipoort {

// [Threading] everything on one event loop, except start, stop, change and trouble. [Ownership] as Submitter.
class Retriever {
 public:
  Retriever(ChannelContext& context, net::EventLoop& loop, RetrieveProfile profile);
  ~Retriever();
  Retriever(const Retriever&) = delete;
  Retriever& operator=(const Retriever&) = delete;

  void start();
  void stop();  // at once; not from the loop
  void change(const AccountChanges& changes);
  [[nodiscard]] std::string trouble() const;  // of all mailboxes, for health; empty: none

 private:
  struct Mailbox {
    std::shared_ptr<const Account> account;
    std::unique_ptr<Leases::Lease> lease;
    TimerId timer = TimerId::none;
    std::shared_ptr<PopSession> session;  // while a visit runs
    std::optional<net::ConnectAttempt> connecting;
    bool queued = false, busy = false, removed = false;
    int failures = 0;                    // in a row
    std::chrono::seconds login_delay{};  // as the server said last
    // Incidents that may be open, also from before a restart.
    bool troubled = true, too_large = true, refused = true;
  };
  using MailboxPtr = std::shared_ptr<Mailbox>;  // shared: callbacks of a visit may come after the account has gone

  void add(const std::shared_ptr<const Account>& account);
  void remove(const std::string& customer);
  void plan(const MailboxPtr& mailbox, Duration after);
  void due(const MailboxPtr& mailbox);
  void visit_next();
  void begin(const MailboxPtr& mailbox);
  // Brings what a visit needs from the disk. [Threading] blocks: in the pool.
  Result<PopSession::Plan> prepare(const Account& account) const;
  void connect(const MailboxPtr& mailbox, PopSession::Plan plan);
  void ended(const MailboxPtr& mailbox, const Visit& visit);
  Duration failed(const MailboxPtr& mailbox, const Visit& visit);
  void worked(const MailboxPtr& mailbox, const Visit& visit);
  void give_up(const MailboxPtr& mailbox, std::string_view why);
  void settle_stop();
  [[nodiscard]] Duration jittered(Duration interval);

  ChannelContext& context_;
  net::EventLoop& loop_;
  const RetrieveProfile profile_;
  WorkerPool pool_{2};
  std::map<std::string, MailboxPtr> mailboxes_;  // by customer, "" the channel's own
  std::deque<MailboxPtr> waiting_;
  std::size_t visiting_ = 0;
  bool stopping_ = false;
  std::function<void()> stopped_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // shared: what was posted finds out that this has gone
  const std::weak_ptr<int> weak_{alive_};                  // copied from any thread, while the loop resets alive_
  mutable std::mutex mutex_;
  std::map<std::string, std::string> troubles_;
};

}  // namespace sluis::digipoort
