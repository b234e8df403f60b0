#include "adapters/digipoort/smtp_session.h"

#include <utility>

namespace sluis::digipoort {

namespace {

smtp::ClientConfig with(smtp::ClientConfig config, sasl::Credentials credentials) {
  config.credentials = std::move(credentials);
  return config;
}

}  // namespace

SmtpSession::SmtpSession(Owner& owner, const SubmitProfile& profile, ClientTls tls, sasl::Credentials credentials,
                         WorkerPool& pool)
    : owner_(owner),
      profile_(profile),
      client_tls_(std::move(tls)),
      pool_(pool),
      client_(with(profile.client, std::move(credentials))) {}

void SmtpSession::start(const std::shared_ptr<net::Connection>& connection) {
  connection_ = connection;
  peer_ = (profile_.connect.proxy ? "through " : "") + connection->remote().text();
  connection->start(shared_from_this());
  client_.start();
  run_actions();
}

bool SmtpSession::give(std::unique_ptr<Submission>& submission) {
  // What is wrong with the envelope is told by TransactionDone; an error here is "smtp.busy" alone: QUIT has left.
  if (auto taken = client_.submit(submission->transaction); !taken) return false;
  submission_ = std::move(submission);
  ++given_;
  run_actions();
  return true;
}

void SmtpSession::quit() {
  client_.quit();
  run_actions();
}

void SmtpSession::abort() {
  if (over_) return;
  client_.on_closed("the gateway is stopping");
  run_actions();
}

void SmtpSession::on_bytes(std::string_view bytes) {
  client_.on_bytes(bytes);
  run_actions();
}

void SmtpSession::on_tls(const net::TlsInfo& info) {
  tls_ = info;
  client_.on_tls_established(client_tls_.certificate);
  run_actions();
}

void SmtpSession::on_timeout() {
  client_.on_timeout();
  run_actions();
}

void SmtpSession::on_closed(const Error& reason) {
  certificate_refused_ = certificate_refused(reason);
  client_.on_closed(reason.code + ": " + reason.what);
  connection_.reset();
  run_actions();
}

void SmtpSession::on_drained() {
  need_data();
}

void SmtpSession::run_actions() {
  if (running_) return;  // an owner's answer from inside an action: the loop below picks it up
  running_ = true;
  const auto self = shared_from_this();
  for (;;) {
    auto actions = client_.take_actions();
    if (actions.empty()) break;
    for (auto& action : actions) {
      if (auto* send = std::get_if<smtp::Send>(&action)) {
        if (connection_ != nullptr) connection_->write(send->bytes);
      } else if (std::holds_alternative<smtp::StartTls>(action)) {
        if (connection_ == nullptr) continue;
        if (auto started = connection_->start_tls_client(client_tls_.context, profile_.connect.host); !started)
          client_.on_closed(started.error().code + ": " + started.error().what);
      } else if (std::holds_alternative<smtp::NeedData>(action)) {
        data_wanted_ = true;
        need_data();
      } else if (std::holds_alternative<smtp::Ready>(action)) {
        owner_.ready(self);
      } else if (auto* done = std::get_if<smtp::TransactionDone>(&action)) {
        data_wanted_ = false;
        if (submission_ != nullptr) owner_.done(self, std::move(submission_), done->result);
      } else if (auto* failed = std::get_if<smtp::Failed>(&action)) {
        failure_ = std::move(failed->error);
        // The account's to mend, unless its certificate is the channel's: others may go on meanwhile. With TLS 1.3 the
        // alert comes after the handshake is done for this side, so the stage says nothing.
        if (certificate_refused_) {
          failure_->error = {"tls.certificate",
                             "the server refuses our client certificate, or wants one: " + failure_->error.what};
          const bool of_the_channel = client_tls_.certificate && client_tls_.context == profile_.tls.own.context;
          if (!of_the_channel) failure_->scope = smtp::Scope::account;
        }
      } else if (std::holds_alternative<smtp::Close>(action)) {
        finish();
      } else if (auto* deadline = std::get_if<smtp::SetDeadline>(&action)) {
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

void SmtpSession::need_data() {
  if (!data_wanted_ || reading_ || submission_ == nullptr || connection_ == nullptr || !connection_->writable()) return;
  data_wanted_ = false;
  reading_ = true;
  // Content may be on disk: read in the pool, hand on on the loop. The submission stays ours meanwhile; if the session
  // ends first it is told by done(), which waits for nothing of the mail.
  read_next();
}

void SmtpSession::read_next() {
  // The mail is moved into the task and back, so that loop and pool never touch it at once.
  auto mail =
      std::make_shared<std::unique_ptr<WireMail>>(std::move(submission_->mail));  // shared: a std::function is copied
  net::EventLoop& loop = connection_->loop();
  const bool posted = pool_.post([self = shared_from_this(), mail, &loop, mine = given_] {
    auto piece = std::make_shared<Result<std::string>>((*mail)->next());
    loop.post([self, mail, piece, mine] {
      self->reading_ = false;
      if (self->submission_ == nullptr) return;  // told already
      // Octets of a mail that is over must never go into the next one's content.
      if (self->given_ != mine) return self->need_data();
      self->submission_->mail = std::move(*mail);
      if (!*piece)
        self->client_.abandon(piece->error().code + ": " + piece->error().what);
      else
        self->client_.more_data(**piece, (*piece)->empty());
      self->run_actions();
    });
  });
  if (!posted) {
    reading_ = false;
    submission_->mail = std::move(*mail);
    client_.abandon("the gateway is stopping");
    run_actions();
  }
}

void SmtpSession::finish() {
  if (std::exchange(over_, true)) return;
  if (connection_ != nullptr) {
    connection_->shutdown();
    connection_.reset();
  }
  owner_.ended(shared_from_this(), failure_);
}

}  // namespace sluis::digipoort
