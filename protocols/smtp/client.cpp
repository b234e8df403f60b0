// The session: connection, TLS, EHLO, AUTH, QUIT. Mail transactions are in client_transaction.cpp.
#include "protocols/smtp/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/runtime/base64.h"
#include "protocols/smtp/ascii.h"

namespace sluis::smtp {

namespace {

constexpr std::array<std::string_view, 15> stage_names{"connect", "tls",       "greeting", "ehlo", "starttls",
                                                       "auth",    "ready",     "mail",     "rcpt", "data",
                                                       "content", "final_dot", "rset",     "quit", "closed"};

// Replies about who we are rather than about the mail (RFC 4954 §6), whatever command they answer.
bool concerns_account(int code) {
  return code == 530 || code == 534 || code == 535 || code == 538;
}

}  // namespace

std::string_view to_string(Stage stage) {
  return stage_names[static_cast<std::size_t>(stage)];
}

std::string_view to_string(Scope scope) {
  return scope == Scope::message ? "message" : scope == Scope::account ? "account" : "channel";
}

Client::Client(Config config) : config_(std::move(config)), reader_(config_.replies), encoder_(config_.max_text_line) {}

void Client::send(std::string bytes, Stage next, Duration deadline, bool secret) {
  actions_.emplace_back(Send{std::move(bytes), secret});
  stage_ = next;
  deadline_ = deadline;
}

std::vector<Client::Action> Client::take_actions() {
  if (deadline_ && stage_ != Stage::closed) actions_.emplace_back(SetDeadline{*deadline_});
  deadline_.reset();
  return std::exchange(actions_, {});
}

void Client::close() {
  stage_ = Stage::closed;
  actions_.emplace_back(Close{});
}

void Client::fail(Error error, std::optional<Reply> reply, Scope scope, bool permanent) {
  if (stage_ == Stage::closed) return;
  SessionError failure{stage_, std::move(error), std::move(reply), scope, permanent};
  if (transaction_) report(failure);
  actions_.emplace_back(Failed{std::move(failure)});
  close();
}

void Client::fail_unexpected(const Reply& reply) {
  fail(Error{"smtp.reply.unexpected",
             "a reply that does not fit stage " + std::string(to_string(stage_)) + ": " + reply.summary()},
       reply, Scope::channel, false);
}

void Client::start() {
  if (stage_ != Stage::connect) return;
  if (!is_graphic(config_.ehlo) || config_.ehlo.size() > 255)
    return fail(Error{"smtp.config", "the EHLO name is not a host name"}, {}, Scope::channel, true);
  if (config_.tls == TlsMode::implicit) {
    actions_.emplace_back(StartTls{});
    stage_ = Stage::tls;
    deadline_ = config_.timeouts.tls;
  } else {
    stage_ = Stage::greeting;
    deadline_ = config_.timeouts.greeting;
  }
}

void Client::on_bytes(std::string_view bytes) {
  if (stage_ == Stage::closed || bytes.empty()) return;
  if (stage_ == Stage::connect || stage_ == Stage::tls)
    return fail(Error{"smtp.tls.injection", "octets in clear where the TLS handshake belongs"}, {}, Scope::channel,
                false);
  while (!bytes.empty() && stage_ != Stage::closed) {
    const auto reply = reader_.next(bytes);
    if (!reply) return fail(reply.error(), {}, Scope::channel, false);
    if (!reply->has_value()) return;
    on_reply(**reply, !bytes.empty());
  }
}

void Client::on_reply(const Reply& reply, bool more_follows) {
  if (reply.code == 421 && stage_ != Stage::quit)
    return fail(Error{"smtp.421", "the server closes: " + reply.summary()}, reply, Scope::channel, false);
  switch (stage_) {
    case Stage::greeting: return on_greeting(reply);
    case Stage::ehlo: return on_ehlo(reply);
    case Stage::starttls: return on_starttls(reply, more_follows);
    case Stage::auth: return on_auth(reply);
    case Stage::mail: return on_mail(reply);
    case Stage::rcpt: return on_rcpt(reply);
    case Stage::data: return on_data(reply);
    case Stage::final_dot: return on_final_dot(reply);
    case Stage::content:
      // Before the dot only a refusal makes sense; a 2xx here would later be taken for the answer to the dot.
      if (reply.transient() || reply.permanent()) {
        const SessionError failure = refused("smtp.content.refused", "the content", reply);
        return fail(failure.error, reply, failure.scope, failure.permanent);
      }
      return fail_unexpected(reply);
    case Stage::rset: return reply.positive() ? become_ready() : fail_unexpected(reply);
    case Stage::quit: return close();
    case Stage::ready:
    case Stage::connect:
    case Stage::tls:
    case Stage::closed: break;
  }
  fail_unexpected(reply);
}

void Client::on_greeting(const Reply& reply) {
  if (reply.code == 220) return send_ehlo();
  if (!reply.transient() && !reply.permanent()) return fail_unexpected(reply);
  fail(Error{"smtp.greeting", "the server refuses the connection: " + reply.summary()}, reply, Scope::channel,
       reply.permanent());
}

void Client::send_ehlo() {
  capabilities_ = {};
  helo_ = false;
  send("EHLO " + config_.ehlo + "\r\n", Stage::ehlo, config_.timeouts.ehlo);
}

void Client::on_ehlo(const Reply& reply) {
  const bool needs_extensions = (config_.tls == TlsMode::starttls_required && !tls_) || !config_.mechanisms.empty();
  if (reply.positive()) {
    if (!helo_) capabilities_ = parse_capabilities(reply);
  } else if (reply.permanent() && !helo_ && !needs_extensions) {
    helo_ = true;
    return send("HELO " + config_.ehlo + "\r\n", Stage::ehlo, config_.timeouts.ehlo);
  } else if (reply.intermediate()) {
    return fail_unexpected(reply);
  } else {
    return fail(Error{"smtp.ehlo", "EHLO refused: " + reply.summary()}, reply, Scope::channel, reply.permanent());
  }
  if (config_.tls != TlsMode::starttls_required || tls_) return authenticate();
  // Required means required: a server, or somebody between, that hides STARTTLS makes us wait, never speak in clear.
  if (!capabilities_.starttls)
    return fail(Error{"smtp.starttls.missing", "TLS is required and the server does not offer STARTTLS"}, {},
                Scope::channel, false);
  send("STARTTLS\r\n", Stage::starttls, config_.timeouts.starttls);
}

void Client::on_starttls(const Reply& reply, bool more_follows) {
  if (reply.code != 220)
    return fail(Error{"smtp.starttls.refused", "TLS is required and STARTTLS was refused: " + reply.summary()}, reply,
                Scope::channel, false);
  // Octets behind the 220 came in clear and would be read as if they were protected (CVE-2021-38371, CVE-2020-15953).
  if (more_follows)
    return fail(Error{"smtp.starttls.injection", "octets in clear behind the reply to STARTTLS"}, {}, Scope::channel,
                false);
  actions_.emplace_back(StartTls{});
  stage_ = Stage::tls;
  deadline_ = config_.timeouts.tls;
}

void Client::on_tls_established(bool client_cert_used) {
  if (stage_ != Stage::tls) return;
  tls_ = true;
  client_cert_ = client_cert_used;
  reader_ = ReplyReader(config_.replies);
  if (config_.tls == TlsMode::starttls_required) return send_ehlo();
  stage_ = Stage::greeting;
  deadline_ = config_.timeouts.greeting;
}

void Client::authenticate() {
  if (config_.mechanisms.empty()) return become_ready();
  if (!tls_) {
    if (config_.tls != TlsMode::none || !config_.allow_clear_auth)
      return fail(Error{"smtp.auth.clear", "AUTH without TLS is not allowed"}, {}, Scope::channel, true);
    ++clear_auth_;
  }
  for (; mechanism_ < config_.mechanisms.size(); ++mechanism_) {
    const sasl::Mechanism mechanism = config_.mechanisms[mechanism_];
    if (!capabilities_.offers(mechanism) || (mechanism == sasl::Mechanism::external && !client_cert_)) continue;
    exchange_.emplace(mechanism, config_.credentials);
    std::string line = "AUTH " + std::string(sasl::to_string(mechanism));
    if (const auto initial = exchange_->initial_response())
      line += initial->empty() ? " =" : " " + base64_encode(initial->reveal());
    return send(line + "\r\n", Stage::auth, config_.timeouts.auth, true);
  }
  fail(Error{"smtp.auth.mechanism", "the server offers none of the configured mechanisms that can be used here"}, {},
       Scope::account, true);
}

void Client::on_auth(const Reply& reply) {
  if (reply.code == 334 && !cancelled_) return on_challenge(reply);
  if (reply.intermediate()) return fail_unexpected(reply);
  if (cancelled_) return fail(*cancelled_, reply, Scope::account, true);
  if (reply.positive()) {
    exchange_.reset();
    return become_ready();
  }
  if (reply.code == 504) {  // this mechanism only, RFC 4954 §6
    ++mechanism_;
    return authenticate();
  }
  fail(Error{"smtp.auth.refused", "AUTH refused: " + reply.summary()}, reply, Scope::account, reply.permanent());
}

void Client::on_challenge(const Reply& reply) {
  const auto challenge = base64_decode(reply.lines.front());
  auto response = challenge ? exchange_->respond(*challenge) : Result<Secret>{challenge.error()};
  if (response) return send(base64_encode(response->reveal()) + "\r\n", Stage::auth, config_.timeouts.auth, true);
  cancelled_ = Error{"smtp.auth.challenge", "AUTH cancelled: " + response.error().what};
  send("*\r\n", Stage::auth, config_.timeouts.auth);
}

void Client::become_ready() {
  if (quit_wanted_ || (config_.max_transactions != 0 && transactions_ >= config_.max_transactions)) return send_quit();
  stage_ = Stage::ready;
  deadline_ = config_.timeouts.idle;
  actions_.emplace_back(Ready{capabilities_});
}

void Client::send_quit() {
  send("QUIT\r\n", Stage::quit, config_.timeouts.quit);
}

void Client::quit() {
  quit_wanted_ = true;
  if (stage_ == Stage::ready) send_quit();
}

void Client::on_closed(std::string reason) {
  // After QUIT every mail has its result; whether the 221 arrives changes nothing.
  if (stage_ == Stage::quit) return close();
  fail(Error{"smtp.closed", "the connection ended in stage " + std::string(to_string(stage_)) + ": " + reason}, {},
       Scope::channel, false);
}

void Client::on_timeout() {
  if (stage_ == Stage::ready) return send_quit();
  if (stage_ == Stage::quit) return close();
  fail(Error{"smtp.timeout", "no answer in time in stage " + std::string(to_string(stage_))}, {}, Scope::channel,
       false);
}

SessionError Client::refused(std::string_view code, std::string_view command, const Reply& reply) const {
  const Scope scope = concerns_account(reply.code) ? Scope::account : Scope::message;
  return {stage_, Error{code, std::string(command) + " refused: " + reply.summary()}, reply, scope, reply.permanent()};
}

}  // namespace sluis::smtp
