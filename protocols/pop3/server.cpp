// The session: connection, input, answers of the owner. The commands are in server_commands.cpp.
#include "protocols/pop3/server.h"

#include <algorithm>
#include <set>
#include <utility>

#include "protocols/pop3/response.h"

namespace sluis::pop3 {

namespace {

// A maildrop that breaks the rules of UIDL would make clients skip or delete the wrong mail.
bool has_sound_uidls(const Maildrop& maildrop) {
  std::set<std::string_view> seen;
  return std::all_of(maildrop.begin(), maildrop.end(),
                     [&](const MaildropEntry& entry) { return is_uidl(entry.uidl) && seen.insert(entry.uidl).second; });
}

}  // namespace

Server::Server(Config config) : config_(std::move(config)) {
  config_.implementation = printable(config_.implementation, 200);
  config_.idle = std::max<Duration>(config_.idle, 10min);
}

void Server::start() {
  if (state_ != State::unstarted) return;
  state_ = State::authorization;
  if (config_.tls == ServerTls::implicit) {
    wait_ = Wait::tls;
    act(StartTls{});
    return idle();
  }
  // No <timestamp>: APOP is not offered (MD5 over a shared secret that the server must keep in clear).
  reply("+OK POP3 server ready");
  idle();
}

void Server::on_tls_established() {
  if (wait_ != Wait::tls || state_ == State::closed) return;
  wait_ = Wait::none;
  secure_ = true;
  if (config_.tls == ServerTls::implicit) reply("+OK POP3 server ready");
  idle();
}

void Server::on_bytes(std::string_view bytes) {
  if (state_ == State::closed) return;
  // Read in clear, these would count as said inside TLS (CVE-2011-0411).
  if (wait_ == Wait::tls || state_ == State::unstarted) return close("octets in clear between STLS and the handshake");
  if (wait_ != Wait::none && input_.size() + bytes.size() > config_.limits.pending_octets) {
    if (wait_ == Wait::commit) return;  // QUIT was the last command: what follows has no meaning
    if (wait_ == Wait::authenticate) reply("-ERR [SYS/PERM] too much sent ahead");
    return close("too many octets sent ahead");
  }
  input_ += bytes;
  run();
}

void Server::run() {
  if (running_) return;
  running_ = true;
  std::size_t used = 0;
  while (wait_ == Wait::none && state_ != State::closed && used < input_.size()) {
    std::string_view rest = std::string_view(input_).substr(used);
    const auto line = reader_.next(rest, exchange_ ? max_exchange_line : max_command_line);
    used = input_.size() - rest.size();
    if (!line) {
      reply("-ERR [SYS/PERM] " + line.error().what);
      close(line.error().what);
      break;
    }
    if (!*line) break;
    input_.erase(0, std::exchange(used, 0));
    command(**line);
  }
  if (state_ == State::closed)
    input_.clear();
  else
    input_.erase(0, used);
  running_ = false;
}

void Server::auth_result(AuthResult result, std::optional<Maildrop> maildrop) {
  if (wait_ != Wait::authenticate) return;
  wait_ = Wait::none;
  if (state_ == State::closed) {
    if (result == AuthResult::granted) act(Released{"the connection ended during login"});
    return;
  }
  switch (result) {
    case AuthResult::granted:
      if (!maildrop || !has_sound_uidls(*maildrop)) {
        act(Released{"the maildrop has missing, malformed or repeated UIDLs"});
        reply("-ERR [SYS/TEMP] the maildrop cannot be opened");
        break;
      }
      state_ = State::transaction;
      maildrop_ = std::move(*maildrop);
      marked_.assign(maildrop_.size(), false);
      reply("+OK maildrop has " + std::to_string(maildrop_.size()) + " messages");
      break;
    case AuthResult::refused: fail_login("-ERR [AUTH] user name or password is wrong"); break;
    case AuthResult::in_use: reply("-ERR [IN-USE] another session has the maildrop"); break;
    case AuthResult::too_soon: reply("-ERR [LOGIN-DELAY] the last login was too recent"); break;
    case AuthResult::temporary: reply("-ERR [SYS/TEMP] login is not possible at the moment"); break;
  }
  if (state_ == State::closed) return;
  idle();
  run();
}

bool Server::mail_data(std::string_view chunk, bool last) {
  if (wait_ != Wait::mail || state_ == State::closed) return false;
  std::string wire;
  if (!mail_begun_)
    wire = top_ ? std::string("+OK\r\n") : "+OK " + std::to_string(maildrop_[mail_].size) + " octets\r\n";
  mail_begun_ = true;
  if (top_) {
    chunk = chunk.substr(0, top_->take(chunk));
    last = last || top_->done();
  }
  Status sent = stuffer_.encode(chunk, wire);
  if (sent && last) sent = stuffer_.finish(wire);
  if (sent && !top_ && (last ? stuffer_.octets() != maildrop_[mail_].size : stuffer_.octets() > maildrop_[mail_].size))
    sent = Error{"pop3.mail.size", "the mail has another number of octets than was announced"};
  if (!sent) {
    close(sent.error().what);
    return false;
  }
  act(Send{std::move(wire), false});
  idle();  // a client that does not take what we send has as long as one that does not speak
  if (!last) return true;
  wait_ = Wait::none;
  run();
  return false;
}

void Server::mail_failed() {
  if (wait_ != Wait::mail || state_ == State::closed) return;
  if (mail_begun_) return close("the mail could not be read to its end");
  wait_ = Wait::none;
  reply("-ERR [SYS/TEMP] the message cannot be read at the moment");
  idle();
  run();
}

void Server::commit_result(bool committed) {
  if (wait_ != Wait::commit) return;
  wait_ = Wait::none;
  if (state_ != State::closed) {
    reply(committed ? "+OK bye" : "-ERR [SYS/TEMP] nothing was deleted");
    state_ = State::closed;
    act(SetDeadline{});
    act(Close{});
  }
  if (!committed) act(Released{"the deletions could not be committed"});
}

void Server::on_closed(std::string_view reason) {
  close(printable(reason, 200));
}

void Server::on_timeout() {
  close("idle for too long");
}

void Server::shutdown() {
  if (state_ == State::closed || wait_ == Wait::commit) return;
  if (wait_ != Wait::tls && !(wait_ == Wait::mail && mail_begun_)) reply("-ERR [SYS/TEMP] the server is stopping");
  close("the gateway is stopping");
}

// The one way out but for a commit. An Authenticate or a Commit under way is answered later, and settled then.
void Server::close(std::string_view reason) {
  if (state_ == State::closed) return;
  const bool locked = state_ == State::transaction;
  state_ = State::closed;
  if (wait_ != Wait::authenticate && wait_ != Wait::commit) wait_ = Wait::none;
  act(SetDeadline{});
  act(Close{});
  if (locked) act(Released{std::string(reason)});
}

std::vector<Server::Action> Server::take_actions() {
  return std::exchange(actions_, {});
}

void Server::reply(std::string_view text) {
  act(Send{std::string(text.substr(0, max_response_line - 2)) + "\r\n", false});
}

void Server::idle() {
  act(SetDeadline{config_.idle});
}

}  // namespace sluis::pop3
