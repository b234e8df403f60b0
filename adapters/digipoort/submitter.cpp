#include "adapters/digipoort/submitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

namespace sluis::digipoort {

namespace {

Outcome retry(Retry::Scope scope, Error reason, bool in_doubt = false) {
  Retry verdict;
  verdict.scope = scope;
  verdict.reason = std::move(reason);
  verdict.in_doubt = in_doubt;
  return Outcome{std::move(verdict), {}, {}};
}

Retry::Scope scope_of(smtp::Scope scope) {
  switch (scope) {
    case smtp::Scope::message: return Retry::Scope::message;
    case smtp::Scope::account: return Retry::Scope::account;
    case smtp::Scope::channel: return Retry::Scope::channel;
  }
  return Retry::Scope::message;
}

std::string code_of(const smtp::Reply& reply) {
  return reply.enhanced.empty() ? std::to_string(reply.code) : fmt::format("{} {}", reply.code, reply.enhanced);
}

// "2.0.0 Ok: queued as 4XyZ" → "4XyZ": what postmasters ask for. Only the common form is read; the whole text is the
// receipt.
std::string queue_id(std::string_view text) {
  const auto at = text.find("queued as ");
  if (at == std::string_view::npos) return {};
  std::string_view id = text.substr(at + 10);
  return std::string(id.substr(0, id.find_first_of(" \r\n")));
}

Error stopping_error() {
  return {"channel.stopping", "the channel is stopping"};
}

bool lost_while_kept(const SmtpSession& session, const Submission& submission, const smtp::TransactionResult& result) {
  if (result.accepted || result.in_doubt || submission.again || session.given() < 2 || !result.failure) return false;
  const smtp::SessionError& failure = *result.failure;
  return failure.error.code == "smtp.closed" || failure.error.code == "smtp.421";
}

}  // namespace

Outcome outcome_of(const smtp::TransactionResult& result, Receipt receipt) {
  if (result.accepted) {
    Outcome outcome;
    receipt.text =
        result.final_reply ? fmt::format("{} {}", code_of(*result.final_reply), result.peer_text) : result.peer_text;
    if (const std::string id = queue_id(result.peer_text); !id.empty()) {
      receipt.details.set("queue-id", id);
      outcome.learned.push_back(Reference{"smtp-queue", std::string(receipt.details.get("peer")), id});
    }
    outcome.verdict = Delivered{std::move(receipt)};
    return outcome;
  }
  const smtp::SessionError failure = result.failure.value_or(
      smtp::SessionError{result.stage, Error{"smtp.unknown", "the transaction ended without a reason"}, std::nullopt,
                         smtp::Scope::message, false});
  Error reason = failure.error;
  if (result.in_doubt)
    return retry(Retry::Scope::message, Error{reason.code, "the mail left and its answer did not come: " + reason.what},
                 true);
  // Content that is not what was stored: no attempt will mend it, and nothing wrong may leave.
  if (reason.what.find("content.corrupt") != std::string::npos) return Outcome{Held{reason.what}, {}, {}};
  // A no to this mail is the peer's final word; a no to the account or to us altogether is ours to mend, and the mail
  // stays.
  if (failure.permanent && failure.scope == smtp::Scope::message)
    return Outcome{Rejected{failure.reply ? code_of(*failure.reply) : reason.code, reason.what}, {}, {}};
  return retry(scope_of(failure.scope), std::move(reason));
}

Submitter::Submitter(ChannelContext& context, net::EventLoop& loop, SubmitProfile profile)
    : context_(context), loop_(loop), profile_(std::move(profile)) {}

Submitter::~Submitter() = default;

void Submitter::deliver(Attempt attempt) {
  auto shared = std::make_shared<Attempt>(std::move(attempt));  // shared: a std::function is copied
  loop_.post([this, weak = weak_, shared] {
    if (!weak.expired()) return submit(shared, false);
    shared->finish(retry(Retry::Scope::message, stopping_error()));
  });
}

void Submitter::submit(std::shared_ptr<Attempt> attempt, bool again) {
  const Delivery& delivery = attempt->delivery();
  if (stopping_ || attempt->cancelled()) return attempt->finish(retry(Retry::Scope::message, stopping_error()));
  const auto account = context_.accounts().find(delivery.destination.account);
  if (account == nullptr)
    return attempt->finish(retry(Retry::Scope::account,
                                 Error{"account.missing", fmt::format("customer \"{}\" has no account on this channel",
                                                                      delivery.destination.account)}));
  if (delivery.destination.address.empty())
    return attempt->finish(Outcome{
        Held{"no recipient: neither the route nor the flow catalogue gives an address for this flow and environment"},
        {},
        {}});
  const std::string from = account->settings.text("mailbox");
  auto mail = WireMail::create(delivery, profile_.mail, from, delivery.destination.address, context_.content());
  if (!mail) return attempt->finish(Outcome{Held{mail.error().what}, {}, {}});
  if ((*mail)->size() > profile_.size_most)
    return attempt->finish(Outcome{
        Rejected{"552 5.3.4", fmt::format("the mail would have {} octets; this channel takes {} (submit.max-size)",
                                          (*mail)->size(), profile_.size_most)},
        {},
        {}});
  auto submission = std::make_unique<Submission>();
  submission->transaction.reverse_path = from;
  submission->transaction.recipients = {delivery.destination.address};
  submission->transaction.size = (*mail)->size();
  submission->transaction.dsn.envid = delivery.message->id.text();
  submission->transaction.dsn.orcpt = "rfc822;" + delivery.destination.address;
  submission->mail = std::move(*mail);
  submission->attempt = std::move(attempt);
  submission->again = again;
  const std::string name = account->customer;
  auto& waiting = lanes_[name].waiting;
  again ? waiting.push_front(std::move(submission)) : waiting.push_back(std::move(submission));
  pump(name);
}

void Submitter::pump(const std::string& account) {
  Lane& lane = lanes_[account];
  while (!lane.waiting.empty() && !lane.idle.empty()) {
    const auto session = lane.idle.back();
    lane.idle.pop_back();
    auto submission = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    if (!session->give(submission)) lane.waiting.push_front(std::move(submission));
  }
  // One new connection for each waiting mail, as far as sessions are allowed.
  while (!lane.narrow && lane.waiting.size() > lane.connecting.size() + starting(lane) &&
         lane.open.size() + lane.connecting.size() < profile_.sessions)
    connect(account);
}

void Submitter::connect(const std::string& account) {
  Caller caller{account, next_connecting_++, context_.accounts().find(account), profile_.tls.own};
  lanes_[account].connecting[caller.number];
  if (caller.owner == nullptr || !has_own_certificate(*caller.owner) || profile_.tls.own.context == nullptr)
    return dial(std::move(caller));
  const bool posted = pool_.post([this, weak = weak_, caller] {
    if (weak.expired()) return;  // stop() waits for the pool
    auto tls = std::make_shared<Result<ClientTls>>(tls_for(profile_.tls, *caller.owner));
    loop_.post([this, weak, caller, tls]() mutable {
      if (weak.expired() || !lanes_[caller.account].connecting.contains(caller.number)) return;
      if (tls->ok()) {
        caller.tls = std::move(**tls);
        return dial(std::move(caller));
      }
      lanes_[caller.account].connecting.erase(caller.number);
      if (changed(caller)) return pump(caller.account);
      never_worked(caller.account,
                   smtp::SessionError{smtp::Stage::tls, tls->error(), std::nullopt, smtp::Scope::account, true});
    });
  });
  if (posted) return;
  lanes_[account].connecting.erase(caller.number);
  never_worked(account, smtp::SessionError{smtp::Stage::connect,
                                           Error{"channel.busy", "too much waits for the disk, or the channel stops"},
                                           std::nullopt, smtp::Scope::message, false});
}

bool Submitter::changed(const Caller& caller) const {
  const auto owner = context_.accounts().find(caller.account);
  return owner == nullptr || caller.owner == nullptr || *caller.owner != *owner;
}

void Submitter::dial(Caller caller) {
  const std::string account = caller.account;
  const int number = caller.number;
  // The callback comes on a later turn of this loop.
  lanes_[account].connecting[number] = context_.network().connector->connect(
      loop_, profile_.connect,
      [this, weak = weak_, caller = std::move(caller)](Result<std::shared_ptr<net::Connection>> connection) {
        if (!weak.expired()) connected(caller, std::move(connection));
      });
}

void Submitter::connected(const Caller& caller, Result<std::shared_ptr<net::Connection>> connection) {
  const std::string& account = caller.account;
  Lane& lane = lanes_[account];
  lane.connecting.erase(caller.number);
  if (!connection) {
    never_worked(account, smtp::SessionError{smtp::Stage::connect, connection.error(), std::nullopt,
                                             smtp::Scope::channel, false});
    return settle_stop();
  }
  const auto owner = context_.accounts().find(account);
  if (stopping_) return settle_stop();
  // Without its own account the customer's mails go by the channel's own, if there is one: submit() decides anew.
  if (owner == nullptr || owner->customer != account) return submit_anew(account);
  // Its new password must not go out beside its old certificate.
  if (changed(caller)) return pump(account);
  const auto session = std::make_shared<SmtpSession>(*this, profile_, caller.tls, submit_credentials(*owner), pool_);
  lane.open.push_back(session);
  account_of_[session.get()] = account;
  session->start(*connection);
}

void Submitter::submit_anew(const std::string& account) {
  std::deque<std::unique_ptr<Submission>> waiting;
  waiting.swap(lanes_[account].waiting);
  for (const auto& submission : waiting) submit(std::move(submission->attempt), false);
}

// How many sessions are on their way to be ready: each will take a mail.
std::size_t Submitter::starting(const Lane& lane) {
  return lane.open.size() - lane.working.size();
}

void Submitter::never_worked(const std::string& account, const smtp::SessionError& error) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = error.error.what;
  }
  context_.log().warning("submit.failed", error.error.what,
                         {{"stage", smtp::to_string(error.stage)}, {"code", error.error.code}, {"customer", account}});
  Lane& lane = lanes_[account];
  // A peer that bears fewer sessions than we would like: nothing is wrong with the mails, and the channel is not down.
  if (!lane.working.empty()) {
    lane.narrow = true;
    return;
  }
  std::deque<std::unique_ptr<Submission>> waiting;
  waiting.swap(lane.waiting);
  for (const auto& submission : waiting) submission->attempt->finish(retry(scope_of(error.scope), error.error));
}

void Submitter::ready(const std::shared_ptr<SmtpSession>& session) {
  {
    const std::lock_guard lock(mutex_);
    trouble_.clear();
  }
  const std::string account = account_of_.at(session.get());
  Lane& lane = lanes_[account];
  if (stopping_ || stale_.contains(session.get())) return session->quit();
  if (std::find(lane.working.begin(), lane.working.end(), session) == lane.working.end())
    lane.working.push_back(session);
  lane.idle.push_back(session);
  pump(account);
}

void Submitter::done(const std::shared_ptr<SmtpSession>& session, std::unique_ptr<Submission> submission,
                     const smtp::TransactionResult& result) {
  // A session that was kept and that the peer gave up just now says nothing about the mail or the peer: another session
  // takes it, once, and the engine need not know.
  if (lost_while_kept(*session, *submission, result) && !stopping_) {
    context_.log().info("submit.again", "a kept session had ended; the mail goes over another",
                        {{"customer", account_of_.at(session.get())}});
    return submit(std::move(submission->attempt), true);
  }
  const std::optional<net::TlsInfo>& tls = session->tls();
  Receipt receipt;
  receipt.details.set("peer", profile_.connect.host + " " + session->peer());
  receipt.details.set("recipient", submission->transaction.recipients.front());
  receipt.details.set("message-id", submission->attempt->delivery().identity.value);
  if (result.accepted && submission->mail != nullptr)
    receipt.details.set("mail-sha256", to_hex(submission->mail->digest()));
  if (tls) {
    receipt.details.set("tls", tls->version + " " + tls->cipher);
    if (tls->peer) receipt.details.set("certificate-sha256", tls->peer->sha256);
  }
  context_.metrics()
      .counter("sluis_digipoort_mails_total", "Mails submitted, by how the transaction ended",
               {{"channel", context_.channel()},
                {"result", result.accepted   ? "accepted"
                           : result.in_doubt ? "in-doubt"
                                             : "refused"}})
      .add();
  submission->attempt->finish(outcome_of(result, std::move(receipt)));
}

void Submitter::ended(const std::shared_ptr<SmtpSession>& session, const std::optional<smtp::SessionError>& failure) {
  const auto at = account_of_.find(session.get());
  if (at == account_of_.end()) return;
  const std::string account = at->second;
  account_of_.erase(at);
  Lane& lane = lanes_[account];
  std::erase(lane.open, session);
  std::erase(lane.idle, session);
  std::erase(lane.working, session);
  const bool stale = stale_.erase(session.get()) > 0;
  // A session that never worked speaks for those that wait for one; one that ended between two mails does not.
  if (failure && failure->stage < smtp::Stage::ready && !stale && !stopping_) never_worked(account, *failure);
  if (lane.open.empty()) lane.narrow = false;
  if (!stopping_) pump(account);
  settle_stop();
}

void Submitter::forget_sessions() {
  loop_.post([this, weak = weak_] {
    if (weak.expired() || stopping_) return;
    std::vector<std::string> accounts;
    for (auto& [account, lane] : lanes_) {
      accounts.push_back(account);
      for (const auto& session : lane.open) stale_.insert(session.get());
      const auto idle = std::move(lane.idle);
      lane.idle.clear();
      for (const auto& session : idle) session->quit();
    }
    for (const std::string& account : accounts) submit_anew(account);
  });
}

void Submitter::settle_stop() {
  if (!stopping_ || !stopped_) return;
  for (const auto& [account, lane] : lanes_)
    if (!lane.open.empty()) return;
  std::exchange(stopped_, nullptr)();
}

void Submitter::begin_stop(MonoTime deadline) {
  stopping_ = true;
  for (auto& [account, lane] : lanes_) {
    for (auto& [number, attempt] : lane.connecting)
      if (attempt) attempt->cancel();
    lane.connecting.clear();
    std::deque<std::unique_ptr<Submission>> waiting;
    waiting.swap(lane.waiting);
    for (const auto& submission : waiting) submission->attempt->finish(retry(Retry::Scope::message, stopping_error()));
    // Sessions that are not ready yet have nothing to finish; the others say QUIT, after the mail they are at.
    const auto open = lane.open, working = lane.working;
    for (const auto& session : open)
      std::find(working.begin(), working.end(), session) == working.end() ? session->abort() : session->quit();
  }
  loop_.schedule(deadline, [this, weak = weak_] {
    if (weak.expired() || !stopped_) return;
    for (auto& [account, lane] : lanes_) {
      const auto open = lane.open;
      for (const auto& session : open) session->abort();
    }
    settle_stop();
  });
  settle_stop();
}

void Submitter::stop(MonoTime deadline) {
  // Shared: the promise must outlive its set_value(), and the waiting thread returns in the middle of that.
  const auto done = std::make_shared<std::promise<void>>();
  loop_.post([this, done, deadline] {
    // On a turn of its own: whoever found that all is over is still inside a method of this object.
    stopped_ = [this, done] {
      loop_.post([this, done] {
        alive_.reset();
        done->set_value();
      });
    };
    begin_stop(deadline);
  });
  done->get_future().wait();
  pool_.stop();
}

std::string Submitter::last_trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace sluis::digipoort
