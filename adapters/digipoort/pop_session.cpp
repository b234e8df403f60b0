#include "adapters/digipoort/pop_session.h"

#include <fmt/format.h>

#include <utility>

namespace sluis::digipoort {

namespace {

constexpr std::size_t piece_most = 256 * 1024;

pop3::ClientConfig with(pop3::ClientConfig config, const PopSession::Plan& plan) {
  config.credentials = plan.credentials;
  // EXTERNAL means the certificate; without one the next mechanism is ours to use.
  if (!plan.tls.certificate) std::erase(config.mechanisms, sasl::Mechanism::external);
  return config;
}

}  // namespace

PopSession::PopSession(ChannelContext& context, const RetrieveProfile& profile, WorkerPool& pool, Plan plan,
                       std::function<void(const Visit&)> ended)
    : context_(context),
      profile_(profile),
      pool_(pool),
      plan_(std::move(plan)),
      ended_(std::move(ended)),
      client_(with(profile.client, plan_)) {}

std::string PopSession::state_key(std::string_view account, std::string_view uidl) {
  return fmt::format("uidl/{}/{}", account, uidl);
}

std::string PopSession::refused_key(std::string_view account, std::string_view uidl) {
  return fmt::format("refused/{}/{}", account, uidl);
}

void PopSession::start(const std::shared_ptr<net::Connection>& connection) {
  connection_ = connection;
  loop_ = &connection->loop();
  began_ = context_.clock().mono();
  connection->start(shared_from_this());
  client_.start();
  run_actions();
}

void PopSession::abort(std::string_view why) {
  if (over_) return;
  if (!visit_.error) visit_.error = Error{"pop3.aborted", why};
  client_.abort();
  run_actions();
}

void PopSession::on_bytes(std::string_view bytes) {
  client_.on_bytes(bytes);
  run_actions();
}

void PopSession::on_tls(const net::TlsInfo&) {
  client_.on_tls_established();
  run_actions();
}

void PopSession::on_timeout() {
  client_.on_timeout();
  run_actions();
}

void PopSession::on_closed(const Error& reason) {
  connection_.reset();
  certificate_refused_ = certificate_refused(reason);
  client_.on_closed(reason.code + ": " + reason.what);
  run_actions();
}

void PopSession::run_actions() {
  if (running_) return;
  running_ = true;
  const auto self = shared_from_this();
  for (;;) {
    auto actions = client_.take_actions();
    if (actions.empty()) break;
    for (auto& action : actions) {
      if (auto* send = std::get_if<pop3::Send>(&action)) {
        if (connection_ != nullptr) connection_->write(send->bytes);
      } else if (std::holds_alternative<pop3::StartTls>(action)) {
        if (connection_ == nullptr) continue;
        if (auto started = connection_->start_tls_client(plan_.tls.context, profile_.connect.host); !started)
          client_.on_closed(started.error().what);
      } else if (auto* listing = std::get_if<pop3::Listing>(&action)) {
        entries_ = std::move(listing->entries);
        visit_.listed = entries_.size();
        visit_.more = listing->truncated;
        for (const pop3::Entry& entry : entries_)
          if (!entry.uidl.empty()) present_.insert(entry.uidl);
        next();
      } else if (auto* chunk = std::get_if<pop3::MailChunk>(&action)) {
        piece_ += chunk->bytes;
        if (piece_.size() >= piece_most) store_piece(false, false);
      } else if (auto* end = std::get_if<pop3::MailEnd>(&action)) {
        store_piece(true, end->irregular);
      } else if (auto* aborted = std::get_if<pop3::MailAborted>(&action)) {
        context_.log().warning("retrieve.mail", aborted->error.what,
                               {{"customer", plan_.account}, {"code", aborted->error.code}});
        if (aborted->error.code == "pop3.limit.mail") too_large(aborted->error.what);
        drop_current();
        ++visit_.left;
        ++at_;
        if (client_.ready()) next();
      } else if (std::holds_alternative<pop3::Deleted>(action)) {
        if (!current()->uidl.empty()) marked_.push_back(current()->uidl);
        ++visit_.deleted;
        ++at_;
        next();
      } else if (auto* refused = std::get_if<pop3::DeleteRefused>(&action)) {
        context_.log().warning("retrieve.delete", refused->error.what, {{"customer", plan_.account}});
        ++visit_.left;
        ++at_;
        next();
      } else if (auto* delay = std::get_if<pop3::LoginDelay>(&action)) {
        visit_.login_delay = delay->least;
      } else if (auto* finished = std::get_if<pop3::Finished>(&action)) {
        if (finished->committed)
          committed();
        else if (!visit_.error)
          visit_.error = finished->error;
      } else if (auto* failed = std::get_if<pop3::Failed>(&action)) {
        visit_.failure = failed->failure;
        if (certificate_refused_) {
          failed->error = {"tls.certificate",
                           "the server refuses our client certificate, or wants one: " + failed->error.what};
          visit_.failure = pop3::FailureClass::authentication;
        }
        if (!visit_.error) visit_.error = failed->error;
      } else if (std::holds_alternative<pop3::Close>(action)) {
        finish();
      } else if (auto* deadline = std::get_if<pop3::SetDeadline>(&action)) {
        if (connection_ == nullptr) continue;
        if (deadline->after == Duration::zero())
          connection_->clear_deadline();
        else
          connection_->set_deadline(deadline->after);
      }
    }
  }
  running_ = false;
}

const pop3::Entry* PopSession::current() const {
  return &entries_[at_];
}

void PopSession::next() {
  for (; at_ < entries_.size(); ++at_) {
    const pop3::Entry& entry = entries_[at_];
    const bool key = !entry.uidl.empty() && !entry.duplicate_uidl;
    if (key && plan_.known.contains(entry.uidl)) {
      // Taken on an earlier visit whose QUIT was not confirmed.
      ++visit_.again;
      if (profile_.leave_on_server) continue;
      static_cast<void>(
          client_.remove(entry.number));  // refused only when the session is over, and then Failed says so
      return run_actions();
    }
    if (key && plan_.refused.contains(entry.uidl)) {
      ++visit_.refused;
      ++visit_.left;
      continue;
    }
    // Bounds of one visit: what was marked so far is committed by QUIT, the rest comes next time.
    if (visit_.stored >= profile_.mails_most || context_.clock().mono() - began_ >= profile_.session_most) {
      visit_.more = true;
      break;
    }
    // By the server's own word it is too large: not read again on every visit only to be dropped.
    if (entry.size_hint && *entry.size_hint > profile_.client.limits.mail_octets) {
      too_large(fmt::format("the server says {} octets", *entry.size_hint));
      ++visit_.left;
      continue;
    }
    mail_ = std::make_shared<ReceivedMail>(context_.content());
    piece_.clear();
    retrieving_ = true;
    static_cast<void>(client_.retrieve(entry.number));
    return run_actions();
  }
  static_cast<void>(client_.quit());
  run_actions();
}

void PopSession::too_large(const std::string& what) {
  ++visit_.too_large;
  context_.incidents().open("mail-too-large/" + plan_.account, Severity::warning,
                            "a mail in the mailbox is larger than retrieve.max-size; it stays there: " + what,
                            plan_.account);
}

void PopSession::store_piece(bool last, bool irregular) {
  last_waits_ = last_waits_ || last;
  irregular_ = irregular_ || irregular;
  if (writing_ || mail_ == nullptr) return;  // the task that runs comes back here
  writing_ = true;
  if (connection_ != nullptr) connection_->pause_reading();
  const bool end = std::exchange(last_waits_, false);
  const bool odd = std::exchange(irregular_, false);
  auto bytes = std::make_shared<std::string>(std::exchange(piece_, {}));  // shared: a std::function is copied
  const bool posted = pool_.post([self = shared_from_this(), mail = mail_, bytes, end, odd] {
    auto result = std::make_shared<Result<Arrival>>(Arrival{});
    const Status fed = mail->feed(*bytes);
    if (!fed)
      *result = fed.error();
    else if (end)
      *result = mail->finish(odd);
    self->loop_->post([self, mail, end, result] {
      self->writing_ = false;
      if (self->connection_ != nullptr) self->connection_->resume_reading();
      // Dropped meanwhile: what was read then is of no use, and the next mail may have been waiting for the pool.
      if (self->mail_ == mail && (!*result || end)) return self->arrived(std::move(*result));
      if (self->piece_.size() >= piece_most || self->last_waits_) self->store_piece(false, false);
    });
  });
  if (!posted) {
    writing_ = false;
    abort("the gateway is stopping");
  }
}

void PopSession::drop_current() {
  mail_.reset();
  piece_.clear();
  last_waits_ = irregular_ = retrieving_ = false;
}

void PopSession::arrived(Result<Arrival> result) {
  const pop3::Entry& entry = *current();
  if (!result) {
    drop_current();
    return abort(result.error().what);  // the store failed: nothing of this visit is deleted
  }
  Arrival arrival = std::move(*result);
  arrival.from = AccountRef{context_.channel(), plan_.account, false};
  arrival.attributes.set("mail.mailbox", plan_.mailbox);
  const bool key = !entry.uidl.empty() && !entry.duplicate_uidl;
  if (key) {
    // With the content, too: a server that gives a UIDL a second time must not make another mail look like a duplicate.
    arrival.key =
        DedupeKey{fmt::format("{}/{}/{}", plan_.account, entry.uidl, to_hex(arrival.parts.back().content.sha256))};
    arrival.state.push_back({state_key(plan_.account, entry.uidl), context_.gateway()});
    arrival.attributes.set("pop3.uidl", entry.uidl);
  } else {
    // No UIDL to know it by: its content and its Message-ID must do.
    arrival.key = DedupeKey{
        fmt::format("{}//{}/{}", plan_.account, to_hex(arrival.parts.back().content.sha256), mail_->message_id())};
  }
  drop_current();
  context_.intake().accept(std::move(arrival), [self = shared_from_this()](IntakeResult answer) {
    self->loop_->post([self, answer = std::move(answer)] { self->accepted(answer); });
  });
}

void PopSession::accepted(const IntakeResult& result) {
  if (over_) return;
  if (const auto* refusal = std::get_if<Refusal>(&result)) {
    context_.log().warning(
        "retrieve.refused", "a mail was not taken and stays in the mailbox",
        {{"customer", plan_.account}, {"code", refusal->error.code}, {"reason", refusal->error.what}});
    ++visit_.left;
    if (refusal->temporary) {
      visit_.error = refusal->error;
      entries_.resize(at_ + 1);  // the next one would fare no better: QUIT commits what was marked
    } else {
      refused(refusal->error);
    }
    ++at_;
    return next();
  }
  const auto& done = std::get<Accepted>(result);
  if (done.duplicate)
    ++visit_.again;
  else
    ++visit_.stored;
  if (profile_.leave_on_server) {
    ++at_;
    return next();
  }
  static_cast<void>(client_.remove(current()->number));
  run_actions();
}

// More reading cannot mend it, so it is remembered and not read again; somebody must look, and take it out by hand.
void PopSession::refused(const Error& reason) {
  ++visit_.refused;
  const pop3::Entry& entry = *current();
  const bool key = !entry.uidl.empty() && !entry.duplicate_uidl;
  if (key)
    // If it fails the mail is read, and refused, once more.
    context_.state().put({{refused_key(plan_.account, entry.uidl), reason.code + ": " + reason.what}},
                         [](const Status&) {});
  context_.incidents().open(
      "mail-refused/" + plan_.account, Severity::warning,
      key ? fmt::format("mail {} stays in the mailbox and is not fetched again: {}", entry.uidl, reason.what)
          : fmt::format("a mail without UIDL stays in the mailbox: {}", reason.what),
      plan_.account);
}

void PopSession::committed() {
  visit_.ok = !visit_.error.has_value();
  // What is deleted there need not be remembered here; nor what has gone from the listing some other way.
  std::vector<StateWrite> writes;
  for (const std::string& uidl : marked_) writes.push_back({state_key(plan_.account, uidl), std::nullopt});
  if (!visit_.more) {
    for (const std::string& uidl : plan_.known)
      if (!present_.contains(uidl)) writes.push_back({state_key(plan_.account, uidl), std::nullopt});
    for (const std::string& uidl : plan_.refused)
      if (!present_.contains(uidl)) writes.push_back({refused_key(plan_.account, uidl), std::nullopt});
  }
  if (!writes.empty())
    context_.state().put(std::move(writes), [](const Status&) {});  // if it fails they are pruned at a later visit
}

void PopSession::finish() {
  if (std::exchange(over_, true)) return;
  drop_current();
  if (connection_ != nullptr) {
    connection_->shutdown();
    connection_.reset();
  }
  if (!visit_.ok && !visit_.error)
    visit_.error = Error{"pop3.quit", "the server did not confirm QUIT; deletions do not count"};
  ended_(visit_);
}

}  // namespace sluis::digipoort
