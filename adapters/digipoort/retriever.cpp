#include "adapters/digipoort/retriever.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

namespace sluis::digipoort {

namespace {
constexpr int failures_before_incident = 3;  // a login that is refused is told at once
}

Retriever::Retriever(ChannelContext& context, net::EventLoop& loop, RetrieveProfile profile)
    : context_(context), loop_(loop), profile_(std::move(profile)) {}
Retriever::~Retriever() = default;

void Retriever::start() {
  loop_.post([this, weak = weak_] {
    if (weak.expired()) return;
    for (const auto& account : context_.accounts().all()) add(account);
  });
}

void Retriever::change(const AccountChanges& changes) {
  loop_.post([this, weak = weak_, changes] {
    if (weak.expired() || stopping_) return;
    for (const auto& account : changes.removed) remove(account->customer);
    for (const auto& account : changes.changed) {
      remove(account->customer);
      add(account);
    }
    for (const auto& account : changes.added) add(account);
  });
}

Duration Retriever::jittered(Duration interval) {
  const double factor = 1.0 + profile_.jitter * (2.0 * context_.random().unit() - 1.0);
  return Duration{static_cast<Duration::rep>(static_cast<double>(interval.count()) * factor)};
}

void Retriever::add(const std::shared_ptr<const Account>& account) {
  auto mailbox = std::make_shared<Mailbox>();
  mailbox->account = account;
  mailboxes_[account->customer] = mailbox;
  // A mailbox belongs to one node at a time: two that list it would each take what the other deletes.
  mailbox->lease =
      context_.leases().acquire(fmt::format("pop3/{}/{}", context_.channel(), account->customer), [](bool) {});
  // Spread over a while, so that a thousand mailboxes do not log in at the same moment after a start.
  const Duration spread = std::min<Duration>(profile_.every, 5s);
  plan(mailbox,
       Duration{static_cast<Duration::rep>(context_.random().below(static_cast<std::uint64_t>(spread.count())))});
}

void Retriever::remove(const std::string& customer) {
  const auto at = mailboxes_.find(customer);
  if (at == mailboxes_.end()) return;
  const MailboxPtr mailbox = at->second;
  mailboxes_.erase(at);
  mailbox->removed = true;
  loop_.cancel(mailbox->timer);
  give_up(mailbox, "the account was changed");
  mailbox->lease.reset();  // before another mailbox of that name asks for it
  context_.incidents().close("mailbox/" + customer);
  const std::lock_guard lock(mutex_);
  troubles_.erase(customer);
}

// Without QUIT the server deletes nothing: what was taken is known here and only deleted on the next visit.
void Retriever::give_up(const MailboxPtr& mailbox, std::string_view why) {
  if (mailbox->session != nullptr) return mailbox->session->abort(why);
  if (!mailbox->connecting) return;
  mailbox->connecting->cancel();
  Visit visit;
  visit.error = Error{"pop3.aborted", why};
  ended(mailbox, visit);
}

void Retriever::plan(const MailboxPtr& mailbox, Duration after) {
  if (stopping_ || mailbox->removed) return;
  mailbox->timer = loop_.schedule_after(after, [this, weak = weak_, mailbox] {
    if (!weak.expired()) due(mailbox);
  });
}

void Retriever::due(const MailboxPtr& mailbox) {
  if (stopping_ || mailbox->removed || mailbox->busy || mailbox->queued) return;
  if (!mailbox->lease->held())
    return plan(mailbox, std::min<Duration>(profile_.every, 1s));  // not ours yet, or another node's
  if (!context_.at_rest().empty()) return plan(mailbox, std::min<Duration>(profile_.every, 1s));
  mailbox->queued = true;
  waiting_.push_back(mailbox);
  visit_next();
}

void Retriever::visit_next() {
  while (visiting_ < profile_.sessions && !waiting_.empty()) {
    const MailboxPtr mailbox = waiting_.front();
    waiting_.pop_front();
    mailbox->queued = false;
    if (mailbox->removed || stopping_) continue;
    begin(mailbox);
  }
}

void Retriever::begin(const MailboxPtr& mailbox) {
  ++visiting_;
  mailbox->busy = true;
  const bool posted = pool_.post([this, weak = weak_, mailbox, account = mailbox->account] {
    if (weak.expired()) return;
    auto plan = std::make_shared<Result<PopSession::Plan>>(prepare(*account));  // shared: a std::function is copied
    loop_.post([this, weak, mailbox, plan] {
      if (weak.expired()) return;
      if (*plan) return connect(mailbox, std::move(**plan));
      Visit visit;
      visit.error = plan->error();
      ended(mailbox, visit);
    });
  });
  if (!posted) {
    Visit visit;
    visit.error = Error{"channel.stopping", "the channel is stopping"};
    ended(mailbox, visit);
  }
}

Result<PopSession::Plan> Retriever::prepare(const Account& account) const {
  auto tls = tls_for(profile_.tls, account);
  if (!tls) return tls.error();
  PopSession::Plan plan{
      account.customer, account.settings.text("mailbox"), retrieve_credentials(account), std::move(*tls), {}, {}};
  const auto remembered = [&](const std::string& prefix, std::set<std::string>& uidls) -> Status {
    const auto listed = context_.state().list(prefix);
    if (!listed) return listed.error();
    for (const auto& [key, value] : *listed) uidls.insert(key.substr(prefix.size()));
    return {};
  };
  if (auto read = remembered(PopSession::state_key(account.customer, ""), plan.known); !read) return read.error();
  if (auto read = remembered(PopSession::refused_key(account.customer, ""), plan.refused); !read) return read.error();
  return plan;
}

void Retriever::connect(const MailboxPtr& mailbox, PopSession::Plan plan) {
  if (mailbox->removed || stopping_) {
    Visit visit;
    visit.error = Error{"pop3.aborted", "the channel is stopping or the account has changed"};
    return ended(mailbox, visit);
  }
  mailbox->connecting = context_.network().connector->connect(
      loop_, profile_.connect,
      [this, weak = weak_, mailbox, plan = std::move(plan)](Result<std::shared_ptr<net::Connection>> connection) {
        if (weak.expired()) return;
        mailbox->connecting.reset();
        if (!connection) {
          Visit visit;
          visit.error = connection.error();
          return ended(mailbox, visit);
        }
        mailbox->session =
            std::make_shared<PopSession>(context_, profile_, pool_, plan, [this, weak, mailbox](const Visit& visit) {
              if (!weak.expired()) ended(mailbox, visit);
            });
        mailbox->session->start(*connection);
      });
}

void Retriever::ended(const MailboxPtr& mailbox, const Visit& visit) {
  mailbox->session.reset();
  mailbox->connecting.reset();
  mailbox->busy = false;
  --visiting_;
  context_.metrics()
      .counter("sluis_digipoort_visits_total", "Visits to mailboxes, by how they ended",
               {{"channel", context_.channel()}, {"result", visit.error ? "failed" : "ok"}})
      .add();
  if (visit.stored > 0)
    context_.metrics()
        .counter("sluis_digipoort_retrieved_total", "Mails taken", {{"channel", context_.channel()}})
        .add(static_cast<double>(visit.stored));
  if (visit.listed > 0)
    context_.log().info("retrieve.visit", "a mailbox was visited",
                        {{"customer", mailbox->account->customer},
                         {"listed", visit.listed},
                         {"stored", visit.stored},
                         {"again", visit.again},
                         {"deleted", visit.deleted},
                         {"left", visit.left}});
  if (!mailbox->removed && !stopping_) {
    Duration wait = profile_.every;
    if (visit.error)
      wait = failed(mailbox, visit);
    else
      worked(mailbox, visit);
    if (visit.more && !visit.error)
      wait = std::min<Duration>(wait, 1s);  // several visits, each committed, rather than one long one
    if (visit.login_delay > 0s) mailbox->login_delay = visit.login_delay;
    plan(mailbox, std::max<Duration>(jittered(wait), mailbox->login_delay));
  }
  visit_next();
  settle_stop();
}

// How long to wait before the next visit.
Duration Retriever::failed(const MailboxPtr& mailbox, const Visit& visit) {
  const std::string& account = mailbox->account->customer;
  ++mailbox->failures;
  context_.log().warning("retrieve.failed", visit.error->what,
                         {{"customer", account}, {"code", visit.error->code}, {"failures", mailbox->failures}});
  {
    const std::lock_guard lock(mutex_);
    troubles_[account] = visit.error->what;
  }
  const bool now =
      visit.failure == pop3::FailureClass::authentication || visit.failure == pop3::FailureClass::permanent;
  if (now || mailbox->failures >= failures_before_incident) {
    mailbox->troubled = true;
    context_.incidents().open("mailbox/" + account, Severity::warning,
                              "the mailbox cannot be read: " + visit.error->what, account);
  }
  Duration wait = profile_.every;
  for (int i = 1; i < mailbox->failures && wait < profile_.back_off; ++i) wait *= 2;
  return std::min(wait, profile_.back_off);
}

void Retriever::worked(const MailboxPtr& mailbox, const Visit& visit) {
  const std::string& account = mailbox->account->customer;
  mailbox->failures = 0;
  const auto settle = [&](bool& open, bool still, const char* key) {
    if (std::exchange(open, still) && !still) context_.incidents().close(key + account);
  };
  settle(mailbox->troubled, false, "mailbox/");
  // A visit that did not come to the end of the mailbox cannot say that nothing of the kind is left.
  settle(mailbox->too_large, visit.too_large > 0 || (visit.more && mailbox->too_large), "mail-too-large/");
  settle(mailbox->refused, visit.refused > 0 || (visit.more && mailbox->refused), "mail-refused/");
  const std::lock_guard lock(mutex_);
  troubles_.erase(account);
}

void Retriever::settle_stop() {
  if (!stopping_ || !stopped_ || visiting_ > 0) return;
  std::exchange(stopped_, nullptr)();
}

void Retriever::stop() {
  // Shared: the promise must outlive its set_value(), and the waiting thread returns in the middle of that.
  const auto done = std::make_shared<std::promise<void>>();
  loop_.post([this, done] {
    stopping_ = true;
    // On a turn of its own: whoever found that all is over is still inside a method of this object.
    stopped_ = [this, done] {
      loop_.post([this, done] {
        mailboxes_.clear();
        alive_.reset();
        done->set_value();
      });
    };
    waiting_.clear();
    // No visit is waited for: nothing is lost when it ends at once.
    for (const auto& [customer, mailbox] : mailboxes_) {
      loop_.cancel(mailbox->timer);
      give_up(mailbox, "the gateway is stopping");
    }
    settle_stop();
  });
  done->get_future().wait();
  pool_.stop();
}

std::string Retriever::trouble() const {
  const std::lock_guard lock(mutex_);
  if (troubles_.empty()) return {};
  return fmt::format("{} mailboxes cannot be read; one of them: {}", troubles_.size(), troubles_.begin()->second);
}

}  // namespace sluis::digipoort
