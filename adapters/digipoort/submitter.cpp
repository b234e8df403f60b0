#include "adapters/digipoort/submitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
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

// "2.0.0 Ok: queued as 4XyZ" → "4XyZ": what postmasters ask for. Only the common form is read; the whole text is the receipt.
std::string queue_id(std::string_view text) {
  const auto at = text.find("queued as ");
  if (at == std::string_view::npos) return {};
  std::string_view id = text.substr(at + 10);
  return std::string(id.substr(0, id.find_first_of(" \r\n")));
}

}  // namespace

Outcome outcome_of(const smtp::TransactionResult& result, Receipt receipt) {
  if (result.accepted) {
    Outcome outcome;
    receipt.text = result.final_reply ? fmt::format("{} {}", code_of(*result.final_reply), result.peer_text) : result.peer_text;
    if (const std::string id = queue_id(result.peer_text); !id.empty()) {
      receipt.details.set("queue-id", id);
      outcome.learned.push_back(Reference{"smtp-queue", std::string(receipt.details.get("peer")), id});
    }
    outcome.verdict = Delivered{std::move(receipt)};
    return outcome;
  }
  const smtp::SessionError failure = result.failure.value_or(
      smtp::SessionError{result.stage, Error{"smtp.unknown", "the transaction ended without a reason"}, std::nullopt, smtp::Scope::message, false});
  Error reason = failure.error;
  if (result.in_doubt) return retry(Retry::Scope::message, Error{reason.code, "the mail left and its answer did not come: " + reason.what}, true);
  // Content that is not what was stored: no attempt will mend it, and nothing wrong may leave.
  if (reason.what.find("content.corrupt") != std::string::npos) return Outcome{Held{reason.what}, {}, {}};
  // A no to this mail is the peer's final word; a no to the account or to us altogether is ours to mend, and the mail stays.
  if (failure.permanent && failure.scope == smtp::Scope::message)
    return Outcome{Rejected{failure.reply ? code_of(*failure.reply) : reason.code, reason.what}, {}, {}};
  return retry(scope_of(failure.scope), std::move(reason));
}

Submitter::Submitter(ChannelContext& context, net::EventLoop& loop, SubmitProfile profile)
    : context_(context), loop_(loop), profile_(std::move(profile)) {}

Submitter::~Submitter() = default;

void Submitter::deliver(Attempt attempt) {
  auto submission = std::make_shared<std::unique_ptr<Submission>>(std::make_unique<Submission>());   // shared: a std::function is copied
  (*submission)->attempt = std::make_shared<Attempt>(std::move(attempt));
  loop_.post([this, weak = std::weak_ptr(alive_), submission] {
    if (!weak.expired()) return submit(std::move(*submission));
    (*submission)->attempt->finish(retry(Retry::Scope::message, Error{"channel.stopping", "the channel is stopping"}));
  });
}

void Submitter::submit(std::unique_ptr<Submission> submission) {
  Attempt& attempt = *submission->attempt;
  const Delivery& delivery = attempt.delivery();
  if (stopping_) return attempt.finish(retry(Retry::Scope::message, Error{"channel.stopping", "the channel is stopping"}));
  const auto account = context_.accounts().find(delivery.destination.account);
  if (account == nullptr)
    return attempt.finish(retry(Retry::Scope::account, Error{"account.missing", fmt::format("customer \"{}\" has no account on this channel", delivery.destination.account)}));
  if (delivery.destination.address.empty())
    return attempt.finish(Outcome{Held{"no recipient: neither the route nor the flow catalogue gives an address for this flow and environment"}, {}, {}});
  const std::string from = account->settings.text("mailbox");
  auto mail = WireMail::create(delivery, profile_.mail, from, delivery.destination.address, context_.content());
  if (!mail) return attempt.finish(Outcome{Held{mail.error().what}, {}, {}});
  if ((*mail)->size() > profile_.size_most)
    return attempt.finish(Outcome{Rejected{"552 5.3.4", fmt::format("the mail would have {} octets; this channel takes {} (submit.max-size)", (*mail)->size(), profile_.size_most)}, {}, {}});
  submission->transaction.reverse_path = from;
  submission->transaction.recipients = {delivery.destination.address};
  submission->transaction.size = (*mail)->size();
  submission->transaction.dsn.envid = delivery.message->id.text();
  submission->transaction.dsn.orcpt = "rfc822;" + delivery.destination.address;
  submission->mail = std::move(*mail);
  const std::string name = account->customer;
  lanes_[name].waiting.push_back(std::move(submission));
  pump(name);
}

void Submitter::pump(const std::string& account) {
  Lane& lane = lanes_[account];
  while (!lane.waiting.empty() && !lane.idle.empty()) {
    const auto session = lane.idle.back();
    lane.idle.pop_back();
    auto submission = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    session->give(std::move(submission));
  }
  // One new connection for each waiting mail, as far as sessions are allowed.
  while (lane.waiting.size() > lane.connecting && lane.open.size() + lane.connecting < profile_.sessions) connect(account);
}

void Submitter::connect(const std::string& account) {
  ++lanes_[account].connecting;
  context_.network().connector->connect(loop_, profile_.connect, [this, weak = std::weak_ptr(alive_), account](Result<std::shared_ptr<net::Connection>> connection) {
    if (weak.expired()) return;
    Lane& lane = lanes_[account];
    --lane.connecting;
    if (!connection) {
      fail_waiting(account, smtp::SessionError{smtp::Stage::connect, connection.error(), std::nullopt, smtp::Scope::channel, false});
      return settle_stop();
    }
    const auto owner = context_.accounts().find(account);
    if (owner == nullptr || stopping_) {
      fail_waiting(account, smtp::SessionError{smtp::Stage::connect, Error{"channel.stopping", "the channel is stopping or the account has gone"}, std::nullopt, smtp::Scope::message, false});
      return settle_stop();
    }
    const auto session = std::make_shared<SmtpSession>(*this, profile_, submit_credentials(*owner), pool_);
    lane.open.push_back(session);
    account_of_[session.get()] = account;
    session->start(*connection);
  });
}

void Submitter::fail_waiting(const std::string& account, const smtp::SessionError& error) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = error.error.what;
  }
  context_.log().warning("submit.failed", error.error.what, {{"stage", smtp::to_string(error.stage)}, {"code", error.error.code}, {"customer", account}});
  std::deque<std::unique_ptr<Submission>> waiting;
  waiting.swap(lanes_[account].waiting);
  for (const auto& submission : waiting) submission->attempt->finish(retry(scope_of(error.scope), error.error));
}

void Submitter::ready(const std::shared_ptr<SmtpSession>& session) {
  {
    const std::lock_guard lock(mutex_);
    trouble_.clear();
  }
  const std::string& account = account_of_.at(session.get());
  Lane& lane = lanes_[account];
  if (stopping_) return session->quit();
  lane.idle.push_back(session);
  pump(account);
}

void Submitter::done(std::unique_ptr<Submission> submission, const smtp::TransactionResult& result, const std::optional<net::TlsInfo>& tls,
                     const std::string& peer) {
  Receipt receipt;
  receipt.details.set("peer", profile_.connect.host + " " + peer);
  receipt.details.set("recipient", submission->transaction.recipients.front());
  receipt.details.set("message-id", submission->attempt->delivery().identity.value);
  if (result.accepted && submission->mail != nullptr) receipt.details.set("mail-sha256", to_hex(submission->mail->digest()));
  if (tls) {
    receipt.details.set("tls", tls->version + " " + tls->cipher);
    if (tls->peer) receipt.details.set("certificate-sha256", to_hex(tls->peer->sha256));
  }
  context_.metrics().counter("sluis_digipoort_mails_total", "Mails submitted, by how the transaction ended",
                             {{"channel", context_.channel()}, {"result", result.accepted ? "accepted" : result.in_doubt ? "in-doubt" : "refused"}}).add();
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
  // A session that never worked speaks for those that wait for one; one that ended between two mails does not.
  const bool never_worked = failure && failure->stage < smtp::Stage::ready;
  if (never_worked) fail_waiting(account, *failure);
  else if (!stopping_) pump(account);
  settle_stop();
}

void Submitter::forget_sessions() {
  loop_.post([this, weak = std::weak_ptr(alive_)] {
    if (weak.expired()) return;
    for (auto& [account, lane] : lanes_) {
      const auto idle = std::move(lane.idle);
      lane.idle.clear();
      for (const auto& session : idle) session->quit();
    }
  });
}

void Submitter::settle_stop() {
  if (!stopping_ || !stopped_) return;
  for (const auto& [account, lane] : lanes_)
    if (!lane.open.empty() || lane.connecting > 0) return;
  const auto stopped = std::exchange(stopped_, nullptr);
  stopped();
}

void Submitter::stop(MonoTime deadline) {
  std::promise<void> done;
  auto finished = done.get_future();
  loop_.post([&, this] {
    stopping_ = true;
    stopped_ = [&done] { done.set_value(); };
    for (auto& [account, lane] : lanes_) {
      std::deque<std::unique_ptr<Submission>> waiting;
      waiting.swap(lane.waiting);
      for (const auto& submission : waiting) submission->attempt->finish(retry(Retry::Scope::message, Error{"channel.stopping", "the channel is stopping"}));
      const auto open = lane.open;
      for (const auto& session : open) session->quit();
    }
    loop_.schedule(deadline, [this, weak = std::weak_ptr(alive_)] {
      if (weak.expired() || !stopped_) return;
      for (auto& [account, lane] : lanes_) {
        lane.connecting = 0;
        const auto open = lane.open;
        for (const auto& session : open) session->abort();
      }
      settle_stop();
    });
    settle_stop();
  });
  finished.wait();
  std::promise<void> gone;
  loop_.post([&] {
    alive_.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  pool_.stop();
}

std::string Submitter::last_trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace sluis::digipoort
