#include "adapters/sandbox/msa_session.h"

#include <charconv>
#include <utility>

#include "adapters/sandbox/challenge.h"

namespace sluis::sandbox {
namespace {

smtp::ServerConfig machine_config(const MsaParts& parts, const MsaConfig& config) {
  smtp::ServerConfig out;
  out.hostname = config.hostname;
  out.banner = "the other side, for rehearsal";
  out.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5};
  out.cram_challenge = [&clock = parts.clock, &random = parts.random, host = config.hostname] {
    return cram_challenge(clock, random, host);
  };
  if (config.tls == MsaConfig::Tls::implicit) {
    out.tls = smtp::TlsState::active;
  } else if (config.tls == MsaConfig::Tls::none) {
    out.require_tls = false;
    out.allow_clear_auth = true;
  } else if (!parts.misbehaviour.at("msa:no-starttls")) {
    out.tls = smtp::TlsState::offered;
  }
  return out;
}

// "451" as a reply.
smtp::Reply reply_of(const std::string& code) {
  int number = 451;
  std::from_chars(code.data(), code.data() + code.size(), number);
  return {number, std::string(1, code.front()) + ".3.0", "misbehaves on request"};
}

}  // namespace

MsaSession::MsaSession(std::shared_ptr<net::Connection> connection, const MsaParts& parts, const MsaConfig& config)
    : Session(std::move(connection), config.context, parts.pool,
              {parts.misbehaviour.number_at("msa:close-at-byte"), parts.misbehaviour.number_at("msa:slow")}),
      parts_(parts),
      implicit_(config.tls == MsaConfig::Tls::implicit),
      machine_(machine_config(parts, config)) {}

void MsaSession::opened() {
  if (implicit_)
    secure();
  else
    greet();
}

void MsaSession::secured() {
  if (implicit_) return greet();
  machine_.on_tls_established(false);
  carry_out();
}

void MsaSession::greet() {
  if (const auto action = parts_.misbehaviour.at("msa:greeting")) {
    if (*action == "close") return drop();
    refuses_ = true;
    send(*action + " misbehaves on request\r\n");
    return finish();
  }
  machine_.start();
  carry_out();
}

void MsaSession::input(std::string_view bytes) {
  if (refuses_) return;
  machine_.on_bytes(bytes);
  carry_out();
}

void MsaSession::timed_out() {
  machine_.on_timeout();
  carry_out();
}

void MsaSession::gone(std::string_view reason) {
  machine_.on_closed(std::string(reason));
  carry_out();
}

void MsaSession::carry_out() {
  // A verdict given inside makes new actions, which stand behind those that are being carried out.
  if (std::exchange(acting_, true)) return;
  for (auto actions = machine_.take_actions(); !actions.empty(); actions = machine_.take_actions())
    for (auto& action : actions) std::visit([this](auto& one) { take(one); }, action);
  acting_ = false;
}

void MsaSession::take(smtp::Authenticate& action) {
  if (const auto fault = parts_.misbehaviour.at("msa:auth")) {
    if (*fault == "close") return drop();
    return machine_.auth_result(fault->front() == '4' ? smtp::AuthVerdict::unavailable : smtp::AuthVerdict::rejected);
  }
  account_ = parts_.accounts.check(action.presented);
  machine_.auth_result(account_ != nullptr ? smtp::AuthVerdict::accepted : smtp::AuthVerdict::rejected);
}

// True: a rule has answered at this point.
bool MsaSession::refused(std::string_view point, void (smtp::Server::*verdict)(smtp::Reply)) {
  const auto fault = parts_.misbehaviour.at(point);
  if (!fault) return false;
  if (*fault == "close")
    drop();
  else
    (machine_.*verdict)(reply_of(*fault));
  return true;
}

void MsaSession::take(smtp::MailFrom& action) {
  if (refused("msa:mail", &smtp::Server::mail_verdict)) return;
  if (account_ == nullptr || action.reverse_path != account_->mailbox)
    return machine_.mail_verdict({550, "5.7.1", "the sender is not this account's mailbox"});
  machine_.mail_verdict({250, "2.1.0", "sender ok"});
}

void MsaSession::take(smtp::RcptTo&) {
  if (refused("msa:rcpt", &smtp::Server::rcpt_verdict)) return;
  machine_.rcpt_verdict({250, "2.1.5", "recipient ok"});
}

void MsaSession::take(smtp::BeginData& action) {
  submission_ = {account_->user, account_->mailbox, std::move(action.envelope), {}};
  refused("msa:data", &smtp::Server::data_verdict);
}

void MsaSession::take(smtp::EndData&) {
  const auto fault = parts_.misbehaviour.at("msa:dot");
  if (!fault) return keep(true);
  if (*fault == "lost250") return keep(false);
  if (*fault == "close") return drop();
  machine_.data_verdict(reply_of(*fault));
}

void MsaSession::keep(bool answer) {
  auto submission = std::make_shared<const Submission>(std::exchange(submission_, {}));
  const bool posted = off_loop([this, answer, submission = std::move(submission)]() -> Task {
    auto taken = std::make_shared<Result<Taken>>(parts_.taker.take(*submission));
    return [this, answer, taken] {
      if (!answer)
        drop();
      else if (taken->ok())
        machine_.data_verdict({250, "2.0.0", (*taken)->text});
      else
        machine_.data_verdict({451, "4.3.0", taken->error().what});
      carry_out();
      // Refused only when the program stops: then it is done after the restart.
      if (taken->ok()) static_cast<void>(parts_.pool.post((*taken)->afterwards));
    };
  });
  if (!posted) machine_.data_verdict({451, "4.3.1", "too busy"});
}

}  // namespace sluis::sandbox
