// The commands of each state.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/runtime/base64.h"
#include "protocols/pop3/response.h"
#include "protocols/pop3/server.h"

namespace sluis::pop3 {

namespace {

constexpr std::string_view no_such_message = "-ERR no such message";
constexpr std::string_view tls_required = "-ERR [AUTH] TLS required";

std::string_view trimmed(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

// "a b" to {a, b}; b is empty when there is none.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return {text, {}};
  return {text.substr(0, space), trimmed(text.substr(space + 1))};
}

}  // namespace

void Server::command(std::string_view line) {
  if (exchange_) {
    if (line != "*") return exchange(line);
    exchange_.reset();
    reply("-ERR cancelled");
    return idle();
  }
  const auto space = line.find(' ');
  const Command given{upper(line.substr(0, space)),
                      space == std::string_view::npos ? std::string_view{} : line.substr(space + 1)};
  idle();
  if (given.keyword == "CAPA") return capa();
  if (given.keyword == "QUIT") return quit();
  const bool known = state_ == State::authorization ? in_authorization(given) : in_transaction(given);
  if (!known) bad("-ERR unknown command, or not in this state");
}

bool Server::in_authorization(const Command& given) {
  const std::string user = std::exchange(user_, {});  // PASS must follow USER at once (RFC 1939 §7)
  const bool logs_in = given.keyword == "USER" || given.keyword == "PASS" || given.keyword == "AUTH";
  if (given.keyword == "STLS") {
    stls(given);
  } else if (given.keyword == "NOOP" && trimmed(given.argument).empty()) {
    reply("+OK");
  } else if (logs_in && !login_allowed()) {
    reply(tls_required);
  } else if (given.keyword == "USER") {
    user_ = trimmed(given.argument);
    // The same answer whoever is named: this command is no way to learn who has a maildrop.
    if (user_.empty())
      bad("-ERR USER takes a name");
    else
      reply("+OK");
  } else if (given.keyword == "PASS") {
    user_ = user;
    pass(given);
  } else if (given.keyword == "AUTH") {
    auth(given);
  } else {
    return false;
  }
  return true;
}

bool Server::in_transaction(const Command& given) {
  const bool bare = trimmed(given.argument).empty();
  if (given.keyword == "STAT" && bare) {
    stat();
  } else if (given.keyword == "LIST" || given.keyword == "UIDL") {
    listing(given, given.keyword == "UIDL");
  } else if (given.keyword == "RETR" || given.keyword == "TOP") {
    retr(given, given.keyword == "TOP");
  } else if (given.keyword == "DELE") {
    dele(given);
  } else if (given.keyword == "NOOP" && bare) {
    reply("+OK");
  } else if (given.keyword == "RSET" && bare) {
    marked_.assign(marked_.size(), false);
    reply("+OK");
  } else {
    return false;
  }
  return true;
}

void Server::capa() {
  std::string list = "+OK capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n";
  if (!secure_ && config_.tls != ServerTls::none) list += "STLS\r\n";
  if (login_allowed()) {
    list += "USER\r\n";
    std::string names;
    for (const sasl::Mechanism m : mechanisms()) names += " " + std::string(sasl::to_string(m));
    if (!names.empty()) list += "SASL" + names + "\r\n";
  }
  list += "EXPIRE " + (config_.expire_days ? std::to_string(*config_.expire_days) : "NEVER") + "\r\n";
  if (config_.login_delay.count() > 0) list += "LOGIN-DELAY " + std::to_string(config_.login_delay.count()) + "\r\n";
  if (state_ == State::transaction && !config_.implementation.empty())
    list += "IMPLEMENTATION " + config_.implementation + "\r\n";
  list += ".\r\n";
  act(Send{std::move(list), false});
}

void Server::stls(const Command& given) {
  if (!trimmed(given.argument).empty()) return bad("-ERR STLS takes no argument");
  if (config_.tls == ServerTls::none || secure_) return bad("-ERR STLS is not available");
  // What came in the same breath as STLS was said in clear: nothing may carry it over into TLS (RFC 2595 §4).
  if (!input_.empty()) {
    reply("-ERR commands sent behind STLS");
    return close("octets in clear behind STLS");
  }
  reply("+OK begin TLS");
  act(StartTls{});
  wait_ = Wait::tls;
}

void Server::auth(const Command& given) {
  const auto [name, initial] = split(trimmed(given.argument));
  const auto mechanism = sasl::parse_mechanism(name);
  const auto offered = mechanisms();
  if (!mechanism || std::find(offered.begin(), offered.end(), *mechanism) == offered.end())
    return bad("-ERR no such mechanism");
  exchange_.emplace(*mechanism, *mechanism == sasl::Mechanism::cram_md5 ? config_.cram_challenge() : std::string{});
  if (initial.empty()) {
    const auto first = exchange_->next(std::nullopt);
    if (first && first->challenge) return reply("+ " + base64_encode(*first->challenge));
    exchange_.reset();
    return bad("-ERR the mechanism did not start");
  }
  exchange(initial == "=" ? std::string_view{} : initial);
}

void Server::exchange(std::optional<std::string_view> response) {
  const auto octets = base64_decode(*response);
  if (!octets) {
    exchange_.reset();
    bad("-ERR not base64");
    if (state_ != State::closed) idle();
    return;
  }
  auto step = exchange_->next(*octets);
  if (!step) {
    exchange_.reset();
    fail_login("-ERR [AUTH] " + step.error().what);
    if (state_ != State::closed) idle();
    return;
  }
  if (step->challenge) {
    reply("+ " + base64_encode(*step->challenge));
    return idle();
  }
  exchange_.reset();
  wait_ = Wait::authenticate;
  act(SetDeadline{});
  act(Authenticate{std::move(*step->presented)});
}

void Server::pass(const Command& given) {
  sasl::Presented presented;
  presented.username = std::exchange(user_, {});
  if (presented.username.empty()) return bad("-ERR PASS follows USER");
  presented.password = Secret{std::string(given.argument)};  // spaces are part of it (RFC 1939 §7)
  wait_ = Wait::authenticate;
  act(SetDeadline{});
  act(Authenticate{std::move(presented)});
}

void Server::stat() {
  std::size_t count = 0;
  std::uint64_t octets = 0;
  for (std::size_t i = 0; i < maildrop_.size(); ++i) {
    if (marked_[i]) continue;
    ++count;
    octets += maildrop_[i].size;
  }
  reply("+OK " + std::to_string(count) + " " + std::to_string(octets));
}

void Server::listing(const Command& given, bool uidl) {
  const auto shown = [&](std::size_t i) {
    return std::to_string(i + 1) + " " + (uidl ? maildrop_[i].uidl : std::to_string(maildrop_[i].size));
  };
  if (const auto argument = trimmed(given.argument); !argument.empty()) {
    const auto index = message(argument);
    return reply(index ? "+OK " + shown(*index) : std::string(no_such_message));
  }
  std::string list = "+OK\r\n";
  for (std::size_t i = 0; i < maildrop_.size(); ++i)
    if (!marked_[i]) list += shown(i) + "\r\n";
  list += ".\r\n";
  act(Send{std::move(list), false});
}

void Server::retr(const Command& given, bool top) {
  const auto [number, lines] = split(trimmed(given.argument));
  std::optional<std::uint32_t> top_lines;
  if (top) {
    const auto count = parse_number(lines, std::numeric_limits<std::uint32_t>::max());
    if (!count) return bad("-ERR TOP takes a message and a number of lines");
    top_lines = static_cast<std::uint32_t>(*count);
  } else if (!lines.empty()) {
    return bad("-ERR RETR takes one message");
  }
  const auto index = message(number);
  if (!index) return reply(no_such_message);
  mail_ = *index;
  mail_begun_ = false;
  stuffer_ = {};
  top_.reset();
  if (top_lines) top_.emplace(*top_lines);
  wait_ = Wait::mail;
  act(FetchMail{mail_, top_lines});
}

void Server::dele(const Command& given) {
  const auto index = message(trimmed(given.argument));
  if (!index) return reply(no_such_message);
  marked_[*index] = true;
  reply("+OK marked");
}

void Server::quit() {
  if (state_ == State::authorization) {
    reply("+OK bye");
    return close("QUIT before login");
  }
  state_ = State::update;
  wait_ = Wait::commit;
  std::vector<std::size_t> deleted;
  for (std::size_t i = 0; i < marked_.size(); ++i)
    if (marked_[i]) deleted.push_back(i);
  act(SetDeadline{});
  act(Commit{std::move(deleted)});
}

bool Server::login_allowed() const {
  if (secure_) return true;
  return config_.allow_clear_login && (config_.tls == ServerTls::none || config_.tls == ServerTls::offered);
}

std::vector<sasl::Mechanism> Server::mechanisms() const {
  std::vector<sasl::Mechanism> offered = config_.mechanisms;
  if (!config_.cram_challenge) std::erase(offered, sasl::Mechanism::cram_md5);
  return offered;
}

// One past a deleted message is as absent as one that never was (RFC 1939 §5).
std::optional<std::size_t> Server::message(std::string_view number) const {
  const auto value = parse_number(number, maildrop_.size());
  if (!value || *value == 0 || marked_[static_cast<std::size_t>(*value) - 1]) return std::nullopt;
  return static_cast<std::size_t>(*value) - 1;
}

void Server::bad(std::string_view text) {
  reply(text);
  if (++bad_commands_ >= config_.limits.bad_commands) close("too many bad commands");
}

void Server::fail_login(std::string_view text) {
  reply(text);
  if (++login_failures_ >= config_.limits.login_failures) close("too many failed logins");
}

}  // namespace sluis::pop3
