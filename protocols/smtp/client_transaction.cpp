// One mail: MAIL, RCPT, DATA, content, final dot, and what is told about it.
#include <utility>

#include "protocols/smtp/address.h"
#include "protocols/smtp/client.h"
#include "protocols/smtp/parameters.h"

namespace sluis::smtp {

Status Client::check_transaction(const Transaction& transaction) const {
  if (!transaction.reverse_path.empty())
    if (const auto path = parse_mailbox(transaction.reverse_path); !path) return path.error().in("reverse path");
  if (transaction.recipients.empty()) return Error{"smtp.rcpt.none", "a mail without recipients"};
  if (transaction.eight_bit && !capabilities_.eight_bit_mime)
    return Error{"smtp.8bitmime", "the content has 8-bit octets and the server does not offer 8BITMIME"};
  const auto above = [&](std::uint64_t limit) { return limit != 0 && transaction.size > limit; };
  if (above(capabilities_.size_limit) || above(config_.max_size))
    return Error{"smtp.size",
                 "the mail has " + std::to_string(transaction.size) + " octets, more than the server takes"};
  return {};
}

Status Client::submit(Transaction transaction) {
  if (stage_ != Stage::ready) return Error{"smtp.busy", "the session is in stage " + std::string(to_string(stage_))};
  transaction_ = std::move(transaction);
  result_ = {};
  skipped_.clear();
  mail_refused_.reset();
  open_ = false;
  data_wanted_ = false;
  encoder_ = DotEncoder(config_.max_text_line);
  bool any = false;
  for (const std::string& address : transaction_->recipients) {
    const auto mailbox = parse_mailbox(address);
    // Never on the wire: a CR LF inside would be a command of its own (CVE-2025-7962 is of this class).
    Reply reply = mailbox ? Reply{} : Reply{553, "5.1.3", "not sent: " + mailbox.error().what};
    result_.recipients.push_back({address, false, std::move(reply)});
    skipped_.push_back(!mailbox.ok());
    any = any || mailbox.ok();
  }
  stage_ = Stage::mail;
  Status checked = check_transaction(*transaction_);
  if (checked && !any) checked = Error{"smtp.rcpt.refused", "no recipient has a valid address"};
  if (!checked) {
    finish(SessionError{Stage::mail, checked.error(), {}, Scope::message, true}, {});
    return {};
  }
  pipelined_ = config_.pipelining && capabilities_.pipelining;
  next_recipient(0);
  std::string flight = mail_command();
  // DATA stays out of the flight: with no recipient left it would have to be undone by a lone dot.
  if (pipelined_)
    for (std::size_t i = 0; i < skipped_.size(); ++i)
      if (!skipped_[i]) flight += rcpt_command(i);
  send(std::move(flight), Stage::mail, config_.timeouts.mail);
  return {};
}

std::string Client::mail_command() const {
  MailParameters parameters;
  if (capabilities_.size && transaction_->size != 0) parameters.size = transaction_->size;
  parameters.eight_bit = transaction_->eight_bit;
  if (capabilities_.dsn && config_.want_dsn) {
    parameters.ret = transaction_->dsn.ret;
    parameters.envid = transaction_->dsn.envid;
  }
  return "MAIL FROM:<" + transaction_->reverse_path + ">" + write_mail_parameters(parameters) + "\r\n";
}

std::string Client::rcpt_command(std::size_t index) const {
  const std::string& address = transaction_->recipients[index];
  RcptParameters parameters;
  if (capabilities_.dsn && config_.want_dsn) {
    parameters.notify = transaction_->dsn.notify;
    const bool own = transaction_->recipients.size() == 1 && !transaction_->dsn.orcpt.empty();
    parameters.orcpt = own ? transaction_->dsn.orcpt : "rfc822;" + address;
  }
  return "RCPT TO:<" + address + ">" + write_rcpt_parameters(parameters) + "\r\n";
}

bool Client::next_recipient(std::size_t from) {
  for (recipient_ = from; recipient_ < skipped_.size(); ++recipient_)
    if (!skipped_[recipient_]) return true;
  return false;
}

void Client::on_mail(const Reply& reply) {
  if (reply.intermediate()) return fail_unexpected(reply);
  open_ = reply.positive();
  if (!reply.positive()) {
    if (!pipelined_) return finish(refused("smtp.mail.refused", "MAIL", reply), reply);
    mail_refused_ = reply;
  }
  if (pipelined_) {
    stage_ = Stage::rcpt;
    deadline_ = config_.timeouts.rcpt;
  } else {
    send(rcpt_command(recipient_), Stage::rcpt, config_.timeouts.rcpt);
  }
}

void Client::on_rcpt(const Reply& reply) {
  if (reply.intermediate()) return fail_unexpected(reply);
  open_ = open_ || reply.positive();
  RecipientResult& recipient = result_.recipients[recipient_];
  recipient.accepted = reply.positive() && !mail_refused_;
  recipient.reply = mail_refused_ ? *mail_refused_ : reply;
  if (!next_recipient(recipient_ + 1)) return after_recipients();
  deadline_ = config_.timeouts.rcpt;
  if (!pipelined_) send(rcpt_command(recipient_), Stage::rcpt, config_.timeouts.rcpt);
}

void Client::after_recipients() {
  if (mail_refused_) {
    stage_ = Stage::mail;
    return finish(refused("smtp.mail.refused", "MAIL", *mail_refused_), mail_refused_);
  }
  std::size_t accepted = 0;
  const Reply* first_refusal = nullptr;
  bool permanent = true;
  for (const RecipientResult& recipient : result_.recipients) {
    if (recipient.accepted) {
      ++accepted;
      continue;
    }
    if (first_refusal == nullptr || (first_refusal->permanent() && recipient.reply.transient()))
      first_refusal = &recipient.reply;
    permanent = permanent && recipient.reply.permanent();
  }
  if (accepted != 0) return send("DATA\r\n", Stage::data, config_.timeouts.data);
  const Reply reply = *first_refusal;
  SessionError failure = refused("smtp.rcpt.refused", "every recipient", reply);
  failure.permanent = permanent;
  finish(std::move(failure), reply);
}

void Client::on_data(const Reply& reply) {
  if (reply.code == 354) {
    stage_ = Stage::content;
    data_wanted_ = true;
    deadline_ = config_.timeouts.block;
    actions_.emplace_back(NeedData{});
    return;
  }
  if (!reply.transient() && !reply.permanent()) return fail_unexpected(reply);
  finish(refused("smtp.data.refused", "DATA", reply), reply);
}

void Client::more_data(std::string_view chunk, bool last) {
  if (stage_ != Stage::content || !data_wanted_) return;
  data_wanted_ = false;
  std::string wire;
  Status encoded = encoder_.encode(chunk, wire);
  if (encoded && last) encoded = encoder_.finish(wire);
  // The connection is the only way to take back half a mail: without its dot it is nothing.
  if (!encoded) return fail(encoded.error(), {}, Scope::message, true);
  if (last) {
    open_ = false;
    return send(std::move(wire), Stage::final_dot, config_.timeouts.final_dot);
  }
  send(std::move(wire), Stage::content, config_.timeouts.block);
  data_wanted_ = true;
  actions_.emplace_back(NeedData{});
}

void Client::abandon(std::string reason) {
  if (!transaction_ || stage_ == Stage::final_dot) return;
  fail(Error{"smtp.abandoned", reason}, {}, Scope::message, false);
}

void Client::on_final_dot(const Reply& reply) {
  if (reply.intermediate()) return fail_unexpected(reply);
  if (!reply.positive()) return finish(refused("smtp.content.refused", "the mail", reply), reply);
  result_.accepted = true;
  result_.peer_text = reply.text();
  finish({}, reply);
}

void Client::finish(std::optional<SessionError> failure, std::optional<Reply> final_reply) {
  result_.final_reply = std::move(final_reply);
  report(std::move(failure));
  if (open_) return send("RSET\r\n", Stage::rset, config_.timeouts.mail);
  become_ready();
}

void Client::report(std::optional<SessionError> failure) {
  ++transactions_;
  result_.stage = stage_;
  if (failure && failure->reply && !result_.final_reply && !failure->reply->intermediate())
    result_.final_reply = failure->reply;
  const bool answered = result_.final_reply && (result_.final_reply->transient() || result_.final_reply->permanent());
  result_.in_doubt = stage_ == Stage::final_dot && !result_.accepted && !answered;
  result_.safe_to_retry = failure && !result_.in_doubt && !failure->permanent;
  result_.failure = std::move(failure);
  transaction_.reset();
  actions_.emplace_back(TransactionDone{std::exchange(result_, {})});
}

}  // namespace sluis::smtp
