// The mail transaction: MAIL, RCPT, DATA, content, verdicts.
#include <utility>

#include "protocols/smtp/address.h"
#include "protocols/smtp/ascii.h"
#include "protocols/smtp/server.h"

namespace sluis::smtp {

namespace {

// A verdict as it may go out: a class that fits, and a code of RFC 3463 in its class.
Reply fit(Reply reply) {
  if (!reply.positive() && !reply.transient() && !reply.permanent()) return Reply{451, "4.3.0", "local error"};
  const char reply_class = static_cast<char>('0' + reply.code / 100);
  if (reply.enhanced.empty() || reply.enhanced.front() != reply_class)
    reply.enhanced = std::string(1, reply_class) + ".0.0";
  return reply;
}

}  // namespace

ParametersOffered Server::offered_parameters() const {
  const ServerFeatures& features = config_.features;
  if (!peer_.esmtp) return {false, false, false, false};
  return {features.size, features.eight_bit_mime, features.dsn, !config_.mechanisms.empty()};
}

// "FROM:" or "TO:", and by setting the space that some clients put behind it.
bool Server::take_keyword(std::string_view& argument, std::string_view keyword) {
  if (upper(argument.substr(0, keyword.size())) != keyword) return false;
  argument.remove_prefix(keyword.size());
  if (!argument.starts_with(' ')) return true;
  if (!config_.features.space_before_path) return false;
  ++leniencies_;
  while (argument.starts_with(' ')) argument.remove_prefix(1);
  return true;
}

void Server::refuse_address(const Error& error, std::string_view syntax_code) {
  if (error.code == "smtp.address.non_ascii") return bad(Reply{553, "5.6.7", error.what});
  bad(Reply{501, syntax_code, error.what});
}

void Server::refuse_parameter(const Error& error) {
  bad(Reply{error.code == "smtp.parameter.unknown" ? 555 : 501, "5.5.4", error.what});
}

void Server::mail(std::string_view argument, bool) {
  if (config_.require_auth && peer_.identity.empty()) return bad(Reply{530, "5.7.0", "authentication required"});
  if (open_) return bad(Reply{503, "5.5.1", "a transaction is open already"});
  if (!take_keyword(argument, "FROM:")) return bad(Reply{501, "5.5.2", "MAIL FROM:<address> is needed"});
  const auto path = take_path(argument, PathKind::reverse);
  if (!path) return refuse_address(path.error(), "5.1.7");
  auto parameters = parse_mail_parameters(argument, offered_parameters());
  if (!parameters) return refuse_parameter(parameters.error());
  const std::uint64_t limit = config_.limits.message_size;
  if (limit != 0 && parameters->size.value_or(0) > limit)
    return send(Reply{552, "5.3.4", "larger than " + std::to_string(limit) + " octets"});
  if (config_.limits.transactions != 0 && transactions_ >= config_.limits.transactions)
    return close_with(Reply{421, "4.7.0", "enough mails for one session"}, "smtp.transactions");
  ++transactions_;
  envelope_ = Envelope{path->text(), {}, parameters->size, parameters->eight_bit, parameters->ret, parameters->envid};
  open_ = true;
  await(State::mail_verdict);
  actions_.emplace_back(MailFrom{envelope_.reverse_path, *std::move(parameters)});
}

void Server::mail_verdict(Reply reply) {
  if (state_ != State::mail_verdict) return;
  reply = fit(std::move(reply));
  if (!reply.positive()) end_transaction();
  if (reply.code == 421) return close_with(reply, "smtp.owner");
  send(reply);
  go_on();
  resume();
}

void Server::rcpt(std::string_view argument, bool) {
  if (!open_) return bad(Reply{503, "5.5.1", "MAIL first"});
  if (!take_keyword(argument, "TO:")) return bad(Reply{501, "5.5.2", "RCPT TO:<address> is needed"});
  const auto path = take_path(argument, PathKind::forward);
  if (!path) return refuse_address(path.error(), "5.1.3");
  auto parameters = parse_rcpt_parameters(argument, offered_parameters());
  if (!parameters) return refuse_parameter(parameters.error());
  if (envelope_.recipients.size() >= config_.limits.recipients) return send(Reply{452, "4.5.3", "too many recipients"});
  candidate_ = Recipient{path->text(), parameters->notify, parameters->orcpt};
  await(State::rcpt_verdict);
  actions_.emplace_back(RcptTo{candidate_});
}

void Server::rcpt_verdict(Reply reply) {
  if (state_ != State::rcpt_verdict) return;
  reply = fit(std::move(reply));
  if (reply.code == 421) return close_with(reply, "smtp.owner");
  if (reply.positive()) envelope_.recipients.push_back(std::move(candidate_));
  send(reply);
  go_on();
  resume();
}

void Server::data(std::string_view, bool more_follows) {
  if (!open_) return bad(Reply{503, "5.5.1", "MAIL first"});
  if (envelope_.recipients.empty()) return bad(Reply{554, "5.5.1", "no valid recipients"});
  if (more_follows) return early_input();
  send(Reply{354, "", "end with a lone dot"});
  state_ = State::data;
  decoder_.emplace(config_.limits.text_line);
  hops_.emplace(config_.limits.received_hops);
  data_refused_.reset();
  size_ = discarded_ = block_ = 0;
  deadline_ = config_.timeouts.block;
  actions_.emplace_back(BeginData{envelope_});
}

void Server::on_data(std::string_view& input) {
  const std::size_t before = input.size();
  std::string content;
  const auto end = decoder_->decode(input, content);
  const std::size_t used = before - input.size();
  // The deadline moves only with a whole block: a peer that trickles octets is slow, however often it sends one.
  block_ += used;
  if (block_ >= config_.limits.block) {
    block_ %= config_.limits.block;
    deadline_ = config_.timeouts.block;
  }
  if (data_refused_) discarded_ += used;
  take_content(std::move(content));
  if (!end) {
    if (end.error().code != "smtp.data.line") {
      // Where lines end is now a matter of opinion; whatever this peer says next may be the inside of a mail.
      return close_with(Reply{550, "5.5.2", end.error().what}, end.error().code);
    }
    refuse_data(Reply{554, "5.6.0", end.error().what}, end.error().code);
  } else if (*end) {
    if (!data_refused_) {
      await(State::data_verdict);
      actions_.emplace_back(EndData{size_, hops_->count()});
      return;
    }
    send(*data_refused_);
    end_transaction();
    return go_on();
  }
  if (!data_refused_ || discarded_ <= config_.limits.discarded_bytes) return;
  const Reply refusal = *data_refused_;  // a copy: closing ends the transaction that holds it
  close_with(refusal, "smtp.discarded_bytes");
}

void Server::take_content(std::string content) {
  if (data_refused_ || content.empty()) return;
  const std::uint64_t limit = config_.limits.message_size;
  const bool too_large = limit != 0 && content.size() > limit - size_;
  if (too_large) content.resize(limit - size_);
  std::size_t looked_at = 0;
  const bool looping = !hops_->feed(content, &looked_at);
  if (looping) content.resize(looked_at);
  size_ += content.size();
  if (!content.empty()) actions_.emplace_back(Data{std::move(content)});
  if (looping)
    refuse_data(Reply{554, "5.4.6", "too many hops, this mail runs in a loop"}, "smtp.hops");
  else if (too_large)
    refuse_data(Reply{552, "5.3.4", "larger than " + std::to_string(limit) + " octets"}, "smtp.size");
}

void Server::refuse_data(Reply reply, std::string_view code) {
  if (data_refused_) return;
  abort(Error{code, reply.text()});
  open_ = true;
  data_refused_ = std::move(reply);
}

void Server::data_verdict(Reply reply) {
  reply = fit(std::move(reply));
  if (state_ == State::data) {
    // No success before the dot, whatever the owner says: the mail is not whole.
    if (reply.positive()) reply = Reply{451, "4.3.0", "local error"};
    return refuse_data(std::move(reply), "smtp.owner");
  }
  if (state_ != State::data_verdict) return;
  state_ = State::command;
  end_transaction();
  if (reply.code == 421) return close_with(reply, "smtp.owner");
  send(reply);
  go_on();
  resume();
}

void Server::end_transaction() {
  open_ = false;
  envelope_ = {};
  data_refused_.reset();
}

}  // namespace sluis::smtp
