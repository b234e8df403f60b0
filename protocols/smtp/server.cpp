// The session: input, questions, deadlines, the ways it ends. Commands are in server_commands.cpp, mail in
// server_mail.cpp.
#include "protocols/smtp/server.h"

#include <algorithm>
#include <utility>

namespace sluis::smtp {

namespace {

// Nobody's command is longer; a line that grows beyond it is not read to its end.
std::size_t longest_line(const ServerLimits& limits) {
  return std::max(limits.auth_line, limits.command_line + 2048);
}

}  // namespace

std::string Peer::protocol() const {
  if (!esmtp) return "SMTP";
  return std::string("ESMTP") + (tls ? "S" : "") + (identity.empty() ? "" : "A");
}

Server::Server(Config config) : config_(std::move(config)), lines_(longest_line(config_.limits)) {
  peer_.tls = config_.tls == TlsState::active;
  peer_.client_cert = peer_.tls && config_.client_cert;
}

std::vector<Server::Action> Server::take_actions() {
  if (deadline_ && state_ != State::closed) actions_.emplace_back(SetDeadline{*deadline_});
  deadline_.reset();
  return std::exchange(actions_, {});
}

bool Server::wants_input() const {
  return state_ == State::command || state_ == State::auth_response || state_ == State::data;
}

void Server::send(const Reply& reply) {
  std::string bytes = write_reply(reply);
  if (!actions_.empty())
    if (auto* last = std::get_if<Send>(&actions_.back())) {
      last->bytes += bytes;
      return;
    }
  actions_.emplace_back(Send{std::move(bytes), false});
}

void Server::close() {
  state_ = State::closed;
  waiting_.clear();
  actions_.emplace_back(Close{});
}

void Server::abort(Error reason) {
  if (open_ && state_ != State::data_verdict && !data_refused_) actions_.emplace_back(Abort{std::move(reason)});
  end_transaction();
}

void Server::close_with(const Reply& reply, std::string_view code) {
  // While the owner commits a mail, any word from here would be taken for the answer to its final dot.
  const bool answerable = state_ != State::data_verdict;
  abort(Error{code, reply.text()});
  if (answerable) send(reply);
  close();
}

// Guessing clients and broken ones get a bounded number of tries.
void Server::bad(const Reply& reply) {
  if (++bad_commands_ >= config_.limits.bad_commands)
    return close_with(Reply{421, "4.7.0", "too many bad commands"}, "smtp.bad_commands");
  send(reply);
}

// A client that speaks before its turn was not waiting for what we say: it is a blind sender, or part of what it "said"
// was put there by somebody between (CVE-2011-0411).
void Server::early_input() {
  close_with(Reply{554, "5.5.0", "input before its turn"}, "smtp.early_input");
}

void Server::await(State question) {
  state_ = question;
  deadline_ = Duration::zero();  // now the owner is the slow one
}

void Server::go_on() {
  if (state_ == State::closed) return;
  state_ = State::command;
  deadline_ = config_.timeouts.command;
  if (draining_ && !open_) close_with(Reply{421, "4.3.2", "shutting down"}, "smtp.shutdown");
}

void Server::start() {
  if (state_ != State::fresh) return;
  if (early_) return close_with(Reply{554, "", config_.hostname + " input before the greeting"}, "smtp.early_input");
  if (draining_) return close_with(Reply{421, "", config_.hostname + " shutting down"}, "smtp.shutdown");
  send(Reply{220, "", config_.hostname + " ESMTP " + config_.banner});
  state_ = State::command;
  deadline_ = config_.timeouts.command;
}

void Server::on_bytes(std::string_view bytes) {
  if (state_ == State::closed || bytes.empty()) return;
  session_bytes_ += bytes.size();
  if (config_.limits.session_bytes != 0 && session_bytes_ > config_.limits.session_bytes)
    return close_with(Reply{421, "4.7.0", "too much for one session"}, "smtp.session_bytes");
  if (state_ == State::fresh) {
    early_ = true;
  } else if (state_ == State::handshake) {
    abort(Error{"smtp.tls.injection", "octets in clear where the TLS handshake belongs"});
    close();
  } else if (!wants_input()) {
    if (waiting_.size() + bytes.size() > config_.limits.waiting_input)
      return close_with(Reply{421, "4.7.0", "too much input without waiting for replies"}, "smtp.waiting_input");
    waiting_ += bytes;
  } else {
    consume(bytes);
  }
}

void Server::resume() {
  const std::string input = std::exchange(waiting_, {});
  if (wants_input()) consume(input);
}

void Server::consume(std::string_view input) {
  while (!input.empty() && wants_input()) {
    if (state_ == State::data) {
      on_data(input);
      continue;
    }
    const auto line = lines_.next(input);
    if (!line) {
      const bool too_long = line.error().code == "smtp.line.length";
      return close_with(Reply{too_long ? 500 : 521, "5.5.2", line.error().what}, line.error().code);
    }
    if (!line->has_value()) return;
    if (state_ == State::auth_response)
      on_auth_line(**line, !input.empty());
    else
      on_command_line(**line, !input.empty());
  }
  if (state_ != State::closed) waiting_ = input;
}

void Server::on_tls_established(bool client_cert_used) {
  if (state_ != State::handshake) return;
  // RFC 3207 §4.2: what was said in clear is forgotten; somebody else may have said it.
  peer_ = Peer{};
  peer_.tls = true;
  peer_.client_cert = client_cert_used;
  lines_ = LineReader(longest_line(config_.limits));
  go_on();
}

void Server::on_closed(std::string reason) {
  if (state_ == State::closed) return;
  abort(Error{"smtp.closed", "the connection ended: " + reason});
  close();
}

void Server::on_timeout() {
  if (state_ == State::closed) return;
  if (state_ == State::handshake) return on_closed("no TLS handshake in time");
  close_with(Reply{421, "4.4.2", "no complete input in time"}, "smtp.timeout");
}

void Server::shutdown() {
  draining_ = true;
  if (state_ == State::handshake) return on_closed("shutting down");
  if ((state_ == State::command || state_ == State::auth_response) && !open_)
    close_with(Reply{421, "4.3.2", "shutting down"}, "smtp.shutdown");
}

}  // namespace sluis::smtp
