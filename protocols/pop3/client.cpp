#include "protocols/pop3/client.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/runtime/base64.h"

namespace sluis::pop3 {

namespace {

constexpr std::size_t progress_block = 64 * 1024;

Error refused(std::string_view code, std::string_view what, const Response& response) {
  return Error{code, std::string(what) + ": " + (response.text.empty() ? "(no reason given)" : response.text)};
}

FailureClass failure_of(const Response& response, FailureClass otherwise) {
  switch (response.code) {
    case ResponseCode::in_use: return FailureClass::in_use;
    case ResponseCode::auth: return FailureClass::authentication;
    case ResponseCode::sys_perm: return FailureClass::permanent;
    case ResponseCode::login_delay:
    case ResponseCode::sys_temp: return FailureClass::temporary;
    case ResponseCode::none:
    case ResponseCode::other: break;
  }
  return otherwise;
}

}  // namespace

void Client::start() {
  if (step_ != Step::unstarted) return;
  if (config_.tls != TlsMode::implicit) return expect(Step::greeting, config_.timeouts.greeting);
  act(StartTls{});
  expect(Step::implicit_tls, config_.timeouts.tls);
}

void Client::on_tls_established() {
  if (step_ == Step::implicit_tls) {
    secure_ = true;
    expect(Step::greeting, config_.timeouts.greeting);
  } else if (step_ == Step::stls_tls) {
    secure_ = true;
    // What was said in clear may have been said by anyone (RFC 2595 §4).
    capabilities_ = {};
    capa_known_ = false;
    send(Step::capa, "CAPA");
  }
}

void Client::on_bytes(std::string_view bytes) {
  awaiting_answer_ = false;
  while (!bytes.empty() && step_ != Step::closed) {
    if (step_ == Step::implicit_tls || step_ == Step::stls_tls)
      return fail(Error{"pop3.stls.injected", "octets in clear behind the +OK to STLS: an attack, or a broken server"});
    if (awaiting_answer_ || step_ == Step::ready || step_ == Step::unstarted)
      return fail(Error{"pop3.unsolicited", "the server sent more than the answer to the last command"});
    const std::size_t before = bytes.size();
    std::optional<Error> broken;
    if (step_ == Step::retr_lines) {
      content(bytes);
    } else {
      auto next = reader_.next(bytes, step_ == Step::auth ? max_exchange_line : config_.limits.line);
      if (!next)
        broken = next.error();
      else if (*next)
        line(**next);
    }
    session_octets_ += before - bytes.size();
    if (broken) return fail(*broken);
    if (session_octets_ > config_.limits.session_octets && step_ != Step::closed)
      return fail(Error{"pop3.limit.session",
                        "the server sent more than " + std::to_string(config_.limits.session_octets) + " octets"});
    if (step_ == Step::retr_lines || step_ == Step::capa_lines || step_ == Step::uidl_lines ||
        step_ == Step::list_lines)
      progress(before - bytes.size());
  }
}

// A peer that drips keeps its session only while a block comes in time; each octet by itself buys it nothing.
void Client::progress(std::size_t octets) {
  since_deadline_ += octets;
  if (since_deadline_ >= progress_block) expect(step_, config_.timeouts.block);
}

void Client::line(const std::string& text) {
  if (step_ == Step::capa_lines) {
    if (text == ".") return capa_done();
    if (++capa_lines_ > config_.limits.capability_lines)
      return fail(Error{"pop3.limit.capabilities", "too many lines in the answer to CAPA"});
    return capabilities_.add(text);
  }
  if (step_ == Step::uidl_lines) return text == "." ? send(Step::list, "LIST") : uidl_line(text);
  if (step_ == Step::list_lines) return text == "." ? listed() : list_line(text);
  if (step_ == Step::auth && (text == "+" || text.starts_with("+ ")))
    return challenge(std::string_view(text).substr(std::min<std::size_t>(2, text.size())));
  const auto response = parse_response(text);
  if (!response) return fail(response.error());
  status_line(*response);
}

void Client::status_line(const Response& response) {
  switch (step_) {
    case Step::greeting:
      if (!response.ok)
        return fail(refused("pop3.greeting", "the server turned us away", response),
                    failure_of(response, FailureClass::temporary));
      return send(Step::capa, "CAPA");
    case Step::capa:
      capabilities_ = {};
      capa_lines_ = 0;
      capa_known_ = response.ok;
      return response.ok ? expect(Step::capa_lines, config_.timeouts.block) : capa_done();
    case Step::stls:
      if (!response.ok)
        return fail(refused("pop3.stls.refused", "TLS is required, and STLS was refused", response),
                    failure_of(response, FailureClass::temporary));
      act(StartTls{});
      return expect(Step::stls_tls, config_.timeouts.tls);
    case Step::auth:
    case Step::pass: return response.ok ? logged_in() : login_refused(response);
    case Step::user:
      if (!response.ok) return login_refused(response);
      return send(Step::pass, "PASS " + std::string(config_.credentials.password.reveal()), true);
    case Step::uidl:
      uidl_ = response.ok;
      if (response.ok) return expect(Step::uidl_lines, config_.timeouts.block);
      // Going on without UIDL when the server has it would make every mail in the maildrop look new.
      if (capabilities_.uidl || response.code == ResponseCode::sys_temp || response.code == ResponseCode::sys_perm)
        return fail(refused("pop3.uidl.refused", "UIDL was refused", response),
                    failure_of(response, FailureClass::temporary));
      return send(Step::list, "LIST");
    case Step::list:
      if (response.ok) return expect(Step::list_lines, config_.timeouts.block);
      return fail(refused("pop3.list.refused", "LIST was refused", response),
                  failure_of(response, FailureClass::temporary));
    case Step::retr:
      if (response.ok) return expect(Step::retr_lines, config_.timeouts.block);
      expect(Step::ready, config_.timeouts.idle);
      return act(MailAborted{std::exchange(current_, 0), refused("pop3.retr.refused", "RETR was refused", response)});
    case Step::dele: {
      expect(Step::ready, config_.timeouts.idle);
      const int number = std::exchange(current_, 0);
      if (response.ok) return act(Deleted{number});
      return act(DeleteRefused{number, refused("pop3.dele.refused", "DELE was refused", response)});
    }
    case Step::quit:
      return end({}, response.ok ? Finished{true, {}}
                                 : Finished{false, refused("pop3.quit.refused",
                                                           "QUIT was refused: what was marked may "
                                                           "still be there",
                                                           response)});
    case Step::unstarted:
    case Step::implicit_tls:
    case Step::capa_lines:
    case Step::stls_tls:
    case Step::uidl_lines:
    case Step::list_lines:
    case Step::ready:
    case Step::retr_lines:
    case Step::closed: break;
  }
}

void Client::capa_done() {
  if (!logged_in_) return tls_or_login();
  if (capabilities_.login_delay) act(LoginDelay{*capabilities_.login_delay, false});
  send(Step::uidl, "UIDL");
}

void Client::tls_or_login() {
  if (config_.tls != TlsMode::stls_required || secure_) return login();
  // A server without CAPA (RFC 1939 alone) may still have STLS; one that lists its capabilities without it has not.
  if (capa_known_ && !capabilities_.stls)
    return fail(Error{"pop3.stls.not_offered", "TLS is required, and the server does not offer STLS"});
  send(Step::stls, "STLS");
}

void Client::login() {
  const auto& [username, password] = config_.credentials;
  step_ = Step::auth;
  if (!secure_ && !(config_.tls == TlsMode::none && config_.allow_clear))
    return fail(Error{"pop3.login.clear", "credentials do not leave without TLS"}, FailureClass::permanent);
  if (username.find('\0') != std::string::npos || password.reveal().find('\0') != std::string_view::npos)
    return fail(Error{"pop3.login.credentials", "a NUL in the user name or password"}, FailureClass::permanent);
  const auto offered = std::find_if(config_.mechanisms.begin(), config_.mechanisms.end(),
                                    [&](sasl::Mechanism m) { return capabilities_.offers(m); });
  if (offered != config_.mechanisms.end()) {
    exchange_.emplace(*offered, config_.credentials);
    auto initial = exchange_->initial_response();
    const std::string command = "AUTH " + std::string(sasl::to_string(*offered));
    if (!initial) return send(Step::auth, command);
    const std::string encoded = initial->empty() ? "=" : base64_encode(initial->reveal());
    if (command.size() + 1 + encoded.size() + 2 <= max_command_line)
      return send(Step::auth, command + " " + encoded, true);
    held_response_ = std::move(initial);
    return send(Step::auth, command);
  }
  step_ = Step::user;
  if (capa_known_ && !capabilities_.user)
    return fail(Error{"pop3.login.mechanism", "the server offers no way to log in that we may use"},
                FailureClass::permanent);
  // Credentials become command lines here: what is not plain text would become another command.
  const auto unfit = [](std::string_view text) {
    return text.empty() || text.size() + 7 > max_command_line ||
           std::any_of(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; });
  };
  if (unfit(username) || username.find(' ') != std::string::npos || unfit(password.reveal()))
    return fail(Error{"pop3.login.credentials", "the user name or password cannot be written as USER and PASS"},
                FailureClass::permanent);
  send(Step::user, "USER " + username);
}

void Client::challenge(std::string_view text) {
  const auto octets = base64_decode(text);
  if (!octets) return fail(Error{"pop3.login.challenge", "the server's challenge is not base64"});
  if (held_response_) {
    const Secret response = std::move(*held_response_);
    held_response_.reset();
    return send(Step::auth, base64_encode(response.reveal()), true);
  }
  const auto response = exchange_->respond(*octets);
  if (!response) return fail(response.error());
  send(Step::auth, base64_encode(response->reveal()), true);
}

void Client::logged_in() {
  logged_in_ = true;
  exchange_.reset();
  // Capabilities may change with the user (RFC 2449 §5); LOGIN-DELAY and EXPIRE do.
  if (capa_known_) return send(Step::capa, "CAPA");
  send(Step::uidl, "UIDL");
}

void Client::login_refused(const Response& response) {
  if (response.code == ResponseCode::login_delay)
    act(LoginDelay{capabilities_.login_delay.value_or(std::chrono::seconds{0}), true});
  // With AUTH-RESP-CODE, wrong credentials are always marked [AUTH] (RFC 3206 §3); then no mark means some other
  // trouble.
  const auto otherwise = capabilities_.auth_resp_code ? FailureClass::temporary : FailureClass::authentication;
  fail(refused("pop3.login.refused", "the login was refused", response), failure_of(response, otherwise));
}

Entry* Client::entry(std::string_view number) {
  const auto value = parse_number(number, std::numeric_limits<int>::max());
  if (!value || *value == 0) {
    fail(Error{"pop3.listing.number", "not a message number: \"" + printable(number, 40) + "\""});
    return nullptr;
  }
  const int key = static_cast<int>(*value);
  const auto found = entries_.find(key);
  if (found != entries_.end()) return &found->second;
  if (entries_.size() >= config_.limits.list_entries) {
    truncated_ = true;
    return nullptr;
  }
  Entry& added = entries_[key];
  added.number = key;
  return &added;
}

void Client::uidl_line(std::string_view text) {
  const auto space = text.find(' ');
  const std::size_t before = entries_.size();
  Entry* const found = entry(text.substr(0, space));
  if (found == nullptr) return;
  if (entries_.size() == before)
    return fail(Error{"pop3.listing.twice", "UIDL names message " + std::to_string(found->number) + " twice"});
  if (space != std::string_view::npos && is_uidl(text.substr(space + 1))) found->uidl = text.substr(space + 1);
}

void Client::list_line(std::string_view text) {
  const auto space = text.find(' ');
  Entry* const found = entry(text.substr(0, space));
  if (found == nullptr) return;
  if (found->size_hint)
    return fail(Error{"pop3.listing.twice", "LIST names message " + std::to_string(found->number) + " twice"});
  if (space == std::string_view::npos) return fail(Error{"pop3.listing.size", "LIST gives a message without a size"});
  const std::string_view rest = text.substr(space + 1);
  found->size_hint = parse_number(rest.substr(0, rest.find(' ')), std::numeric_limits<std::int64_t>::max());
  if (!found->size_hint)
    return fail(Error{"pop3.listing.size", "LIST gives no size for message " + std::to_string(found->number) + ": \"" +
                                               printable(rest, 40) + "\""});
}

void Client::listed() {
  Listing listing;
  listing.uidl = uidl_;
  listing.truncated = truncated_;
  std::map<std::string, std::size_t, std::less<>> seen;
  for (auto& [number, found] : std::exchange(entries_, {})) {
    if (!found.uidl.empty()) {
      const auto [first, fresh] = seen.emplace(found.uidl, listing.entries.size());
      if (!fresh) listing.entries[first->second].duplicate_uidl = found.duplicate_uidl = true;
    }
    listing.entries.push_back(std::move(found));
  }
  expect(Step::ready, config_.timeouts.idle);
  act(std::move(listing));
}

void Client::content(std::string_view& bytes) {
  std::string mail;
  const bool last = unstuffer_.decode(bytes, mail);
  const bool fits = mail_octets_ <= config_.limits.mail_octets;
  mail_octets_ += mail.size();
  // Past the limit octets are counted and dropped: closing here would put this mail before all others at every session.
  if (fits && mail_octets_ <= config_.limits.mail_octets && !mail.empty()) act(MailChunk{current_, std::move(mail)});
  if (last) mail_done();
}

void Client::mail_done() {
  expect(Step::ready, config_.timeouts.idle);
  const int number = std::exchange(current_, 0);
  if (mail_octets_ > config_.limits.mail_octets)
    return act(MailAborted{number, Error{"pop3.limit.mail", "the mail has " + std::to_string(mail_octets_) +
                                                                " octets, above the "
                                                                "limit of " +
                                                                std::to_string(config_.limits.mail_octets)}});
  act(MailEnd{number, mail_octets_, unstuffer_.irregular()});
}

Status Client::retrieve(int number) {
  if (!ready()) return Error{"pop3.not_ready", "a command is running, or the session is over"};
  if (number < 1) return Error{"pop3.number", "message numbers start at 1"};
  current_ = number;
  unstuffer_ = {};
  mail_octets_ = 0;
  send(Step::retr, "RETR " + std::to_string(number));
  return {};
}

Status Client::remove(int number) {
  if (!ready()) return Error{"pop3.not_ready", "a command is running, or the session is over"};
  if (number < 1) return Error{"pop3.number", "message numbers start at 1"};
  current_ = number;
  send(Step::dele, "DELE " + std::to_string(number));
  return {};
}

Status Client::quit() {
  if (!ready()) return Error{"pop3.not_ready", "a command is running, or the session is over"};
  send(Step::quit, "QUIT");
  return {};
}

void Client::abort() {
  if (step_ != Step::closed) end({}, Finished{false, Error{"pop3.aborted", "ended without QUIT"}});
}

void Client::on_closed(std::string_view reason) {
  fail(Error{"pop3.closed", "the connection ended: " + printable(reason, 200)});
}

void Client::on_timeout() {
  fail(Error{"pop3.timeout", "no answer in time (" + std::string(to_string(stage())) + ")"});
}

void Client::send(Step step, std::string command, bool secret) {
  command += "\r\n";
  act(Send{std::move(command), secret});
  awaiting_answer_ = true;
  expect(step, step == Step::quit ? config_.timeouts.quit : config_.timeouts.command);
}

void Client::expect(Step step, Duration within) {
  step_ = step;
  since_deadline_ = 0;
  act(SetDeadline{within});
}

void Client::fail(Error error, FailureClass failure) {
  if (step_ == Step::closed) return;
  // After QUIT there is only one question left, and the answer is: not known to be committed.
  if (step_ == Step::quit) return end({}, Finished{false, std::move(error)});
  end(Failed{stage(), std::move(error), failure}, {});
}

void Client::end(std::optional<Failed> failed, Finished finished) {
  if (step_ == Step::retr || step_ == Step::retr_lines)
    act(MailAborted{current_, failed ? failed->error : finished.error});
  step_ = Step::closed;
  act(SetDeadline{});
  if (failed)
    act(std::move(*failed));
  else
    act(std::move(finished));
  act(Close{});
}

std::vector<Client::Action> Client::take_actions() {
  return std::exchange(actions_, {});
}

ClientStage Client::stage() const {
  switch (step_) {
    case Step::unstarted:
    case Step::greeting: return ClientStage::greeting;
    case Step::implicit_tls:
    case Step::stls:
    case Step::stls_tls: return ClientStage::tls;
    case Step::capa:
    case Step::capa_lines:
      if (config_.tls == TlsMode::stls_required && !secure_) return ClientStage::tls;
      return ClientStage::capabilities;
    case Step::auth:
    case Step::user:
    case Step::pass: return ClientStage::login;
    case Step::uidl:
    case Step::uidl_lines:
    case Step::list:
    case Step::list_lines: return ClientStage::listing;
    case Step::ready: return ClientStage::ready;
    case Step::retr:
    case Step::retr_lines: return ClientStage::retrieve;
    case Step::dele: return ClientStage::remove;
    case Step::quit: return ClientStage::quit;
    case Step::closed: break;
  }
  return ClientStage::closed;
}

std::string_view to_string(ClientStage stage) {
  switch (stage) {
    case ClientStage::greeting: return "greeting";
    case ClientStage::tls: return "tls";
    case ClientStage::capabilities: return "capabilities";
    case ClientStage::login: return "login";
    case ClientStage::listing: return "listing";
    case ClientStage::ready: return "ready";
    case ClientStage::retrieve: return "retrieve";
    case ClientStage::remove: return "remove";
    case ClientStage::quit: return "quit";
    case ClientStage::closed: break;
  }
  return "closed";
}

std::string_view to_string(FailureClass failure) {
  switch (failure) {
    case FailureClass::in_use: return "in_use";
    case FailureClass::authentication: return "authentication";
    case FailureClass::temporary: return "temporary";
    case FailureClass::permanent: break;
  }
  return "permanent";
}

}  // namespace sluis::pop3
