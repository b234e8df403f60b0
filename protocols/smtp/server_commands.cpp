// Commands outside the mail transaction: greeting, STARTTLS, AUTH and the small ones.
#include <algorithm>
#include <array>
#include <utility>

#include "core/runtime/base64.h"
#include "protocols/smtp/ascii.h"
#include "protocols/smtp/server.h"

namespace sluis::smtp {

struct Server::Command {
  std::string_view verb;
  void (Server::*handle)(std::string_view argument, bool more_follows);
  bool before_tls;    // allowed in clear where TLS is required
  bool before_hello;  // allowed before EHLO or HELO
  bool argument;      // takes one
  std::size_t extra;  // what parameters may add to the command line
};

const Server::Command* Server::find_command(std::string_view verb) {
  // MAIL: SIZE 26 (RFC 1870), BODY 17 (RFC 6152), AUTH 500 (RFC 4954), RET and ENVID 9 + 107. RCPT: NOTIFY 29, ORCPT
  // 507.
  static constexpr std::array<Command, 23> commands{{
      {"EHLO", &Server::ehlo, true, true, true, 0},
      {"HELO", &Server::helo, true, true, true, 0},
      {"STARTTLS", &Server::starttls, true, false, true, 0},
      {"AUTH", &Server::auth, true, false, true, 0},
      {"MAIL", &Server::mail, false, false, true, 26 + 17 + 500 + 9 + 107},
      {"RCPT", &Server::rcpt, false, false, true, 29 + 507},
      {"DATA", &Server::data, false, false, false, 0},
      {"RSET", &Server::rset, true, true, false, 0},
      {"NOOP", &Server::noop, true, true, true, 0},
      {"VRFY", &Server::vrfy, false, true, true, 0},
      {"HELP", &Server::help, true, true, true, 0},
      {"QUIT", &Server::quit, true, true, false, 0},
      {"EXPN", &Server::not_implemented, true, true, true, 0},
      {"ETRN", &Server::not_implemented, true, true, true, 0},
      {"TURN", &Server::not_implemented, true, true, true, 0},
      {"SEND", &Server::not_implemented, true, true, true, 0},
      {"SOML", &Server::not_implemented, true, true, true, 0},
      {"SAML", &Server::not_implemented, true, true, true, 0},
      // What follows a BDAT that is not understood is content: read as commands it would be a smuggled session.
      {"BDAT", &Server::never_here, true, true, true, 0},
      // A browser made to talk to this port; its body could hold commands.
      {"GET", &Server::never_here, true, true, true, 0},
      {"POST", &Server::never_here, true, true, true, 0},
      {"PUT", &Server::never_here, true, true, true, 0},
      {"CONNECT", &Server::never_here, true, true, true, 0},
  }};
  for (const Command& command : commands)
    if (command.verb == verb) return &command;
  return nullptr;
}

bool Server::allowed(const Command& command) {
  if (!command.before_tls && config_.require_tls && !peer_.tls) {
    bad(Reply{530, "5.7.0", "issue STARTTLS first"});
    return false;
  }
  if (!command.before_hello && peer_.helo.empty()) {
    bad(Reply{503, "5.5.1", "say EHLO first"});
    return false;
  }
  return true;
}

void Server::on_command_line(std::string_view line, bool more_follows) {
  deadline_ = config_.timeouts.command;
  std::string_view argument = line;
  while (!argument.empty() && argument.back() == ' ') argument.remove_suffix(1);
  const std::string verb = upper(take_word(argument));
  const Command* command = find_command(verb);
  const std::size_t limit = verb == "AUTH" ? config_.limits.auth_line
                                           : config_.limits.command_line + (command != nullptr ? command->extra : 0);
  if (line.size() + 2 > limit) return bad(Reply{500, "5.5.2", "line too long"});
  if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    return bad(Reply{500, "5.5.2", "control character in a command"});
  if (command == nullptr) return bad(Reply{500, "5.5.1", "unknown command"});
  if (!command->argument && !argument.empty()) return bad(Reply{501, "5.5.4", verb + " takes no argument"});
  if (allowed(*command)) (this->*command->handle)(argument, more_follows);
}

void Server::ehlo(std::string_view argument, bool more_follows) {
  greeted(argument, true, more_follows);
}
void Server::helo(std::string_view argument, bool more_follows) {
  greeted(argument, false, more_follows);
}

void Server::greeted(std::string_view argument, bool esmtp, bool more_follows) {
  if (!is_graphic(argument) || argument.size() > 255) return bad(Reply{501, "5.5.4", "a host name is needed"});
  if (more_follows) return early_input();
  abort(Error{"smtp.reset", "a new EHLO or HELO"});
  peer_.helo = argument;
  peer_.esmtp = esmtp;
  Reply reply{250, "", config_.hostname};
  if (esmtp) {
    const ServerFeatures& features = config_.features;
    if (features.pipelining) reply.lines.emplace_back("PIPELINING");
    if (features.size)
      reply.lines.emplace_back(
          config_.limits.message_size == 0 ? "SIZE" : "SIZE " + std::to_string(config_.limits.message_size));
    if (features.eight_bit_mime) reply.lines.emplace_back("8BITMIME");
    reply.lines.emplace_back("ENHANCEDSTATUSCODES");
    if (features.dsn) reply.lines.emplace_back("DSN");
    if (config_.tls == TlsState::offered && !peer_.tls) reply.lines.emplace_back("STARTTLS");
    std::string auth;
    for (const std::string& mechanism : offered_mechanisms()) auth += " " + mechanism;
    if (!auth.empty()) reply.lines.push_back("AUTH" + auth);
  }
  send(reply);
  go_on();
}

std::vector<std::string> Server::offered_mechanisms() const {
  std::vector<std::string> names;
  if (!peer_.tls && !config_.allow_clear_auth) return names;
  for (const sasl::Mechanism mechanism : config_.mechanisms) {
    if (mechanism == sasl::Mechanism::external && !peer_.client_cert) continue;
    if (mechanism == sasl::Mechanism::cram_md5 && !config_.cram_challenge) continue;
    names.emplace_back(sasl::to_string(mechanism));
  }
  return names;
}

void Server::starttls(std::string_view argument, bool more_follows) {
  if (config_.tls == TlsState::unavailable) return bad(Reply{502, "5.5.1", "TLS is not offered"});
  if (peer_.tls) return bad(Reply{503, "5.5.1", "TLS is active already"});
  if (!argument.empty()) return bad(Reply{501, "5.5.4", "STARTTLS takes no argument"});
  if (more_follows) return early_input();
  abort(Error{"smtp.reset", "STARTTLS"});
  send(Reply{220, "2.0.0", "start TLS"});
  peer_ = Peer{};
  state_ = State::handshake;
  deadline_ = config_.timeouts.tls;
  actions_.emplace_back(StartTls{});
}

void Server::auth(std::string_view argument, bool more_follows) {
  if (config_.mechanisms.empty()) return bad(Reply{502, "5.5.1", "AUTH is not offered"});
  if (!peer_.identity.empty()) return bad(Reply{503, "5.5.1", "authenticated already"});
  if (open_) return bad(Reply{503, "5.5.1", "not inside a mail transaction"});
  if (!peer_.tls && !config_.allow_clear_auth) return bad(Reply{538, "5.7.11", "AUTH only under TLS"});
  if (!peer_.esmtp) return bad(Reply{503, "5.5.1", "say EHLO first"});
  const std::string name = upper(take_word(argument));
  const auto offered = offered_mechanisms();
  const auto mechanism = sasl::parse_mechanism(name);
  if (!mechanism || std::find(offered.begin(), offered.end(), name) == offered.end())
    return bad(Reply{504, "5.5.4", "mechanism not offered"});
  if (argument.find(' ') != std::string_view::npos)
    return bad(Reply{501, "5.5.4", "AUTH takes a mechanism and one response"});
  exchange_.emplace(*mechanism, *mechanism == sasl::Mechanism::cram_md5 ? config_.cram_challenge() : std::string{});
  if (argument.empty()) return auth_step({}, more_follows);
  if (argument == "=") return auth_step("", more_follows);
  const auto response = base64_decode(argument);
  if (!response) return bad(Reply{501, "5.5.2", "not base64"});
  auth_step(*response, more_follows);
}

void Server::on_auth_line(std::string_view line, bool more_follows) {
  state_ = State::command;
  deadline_ = config_.timeouts.command;
  if (line == "*") {
    if (more_follows) return early_input();
    return bad(Reply{501, "5.7.0", "AUTH cancelled"});
  }
  if (line.size() + 2 > config_.limits.auth_line) return bad(Reply{500, "5.5.6", "response too long"});
  const auto response = base64_decode(line);
  if (!response) return bad(Reply{501, "5.5.2", "not base64"});
  auth_step(*response, more_follows);
}

void Server::auth_step(std::optional<std::string_view> response, bool more_follows) {
  if (more_follows) return early_input();
  auto step = exchange_->next(response);
  if (!step) {
    // Acting for another identity gets the same words as a wrong password: nothing is told about accounts.
    if (step.error().code == "sasl.authzid") return auth_refused(Reply{535, "5.7.8", "authentication failed"});
    return bad(Reply{501, "5.5.2", step.error().what});
  }
  if (step->challenge) {
    send(Reply{334, "", base64_encode(*step->challenge)});
    state_ = State::auth_response;
    return;
  }
  presented_name_ = step->presented->username;
  await(State::auth_verdict);
  actions_.emplace_back(Authenticate{std::move(*step->presented)});
}

void Server::auth_refused(const Reply& reply) {
  if (++auth_failures_ >= config_.limits.auth_failures)
    return close_with(Reply{421, "4.7.0", "too many failed authentications"}, "smtp.auth_failures");
  send(reply);
}

void Server::auth_result(AuthVerdict verdict, std::string identity) {
  if (state_ != State::auth_verdict) return;
  exchange_.reset();
  state_ = State::command;
  deadline_ = config_.timeouts.command;
  if (!waiting_.empty()) return early_input();
  if (verdict == AuthVerdict::accepted) {
    peer_.identity = identity.empty() ? presented_name_ : std::move(identity);
    // RFC 4422 §5: an identity that nobody can name is no authentication.
    if (peer_.identity.empty()) return auth_refused(Reply{535, "5.7.8", "authentication failed"});
    send(Reply{235, "2.7.0", "authenticated"});
  } else if (verdict == AuthVerdict::rejected) {
    auth_refused(Reply{535, "5.7.8", "authentication failed"});
  } else {
    send(Reply{454, "4.7.0", "authentication is not available now"});
  }
  go_on();
}

void Server::rset(std::string_view, bool) {
  abort(Error{"smtp.reset", "RSET"});
  send(Reply{250, "2.0.0", "ok"});
  go_on();
}

void Server::noop(std::string_view, bool) {
  send(Reply{250, "2.0.0", "ok"});
}

void Server::vrfy(std::string_view argument, bool) {
  if (argument.empty()) return bad(Reply{501, "5.5.4", "VRFY needs an address"});
  send(Reply{252, "2.0.0", "send mail and it will be tried"});
}

void Server::help(std::string_view, bool) {
  send(Reply{214, "2.0.0", "RFC 5321"});
}

void Server::quit(std::string_view, bool) {
  close_with(Reply{221, "2.0.0", "bye"}, "smtp.quit");
}

void Server::not_implemented(std::string_view, bool) {
  bad(Reply{502, "5.5.1", "not implemented"});
}

void Server::never_here(std::string_view, bool) {
  close_with(Reply{521, "5.5.1", "not spoken here"}, "smtp.foreign_command");
}

}  // namespace sluis::smtp
