#include "protocols/pop3/client.h"

#include <algorithm>
#include <utility>

#include "protocols/pop3/failure.h"

namespace sluis::pop3 {

namespace {

constexpr std::size_t progress_block = 64 * 1024;

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
