// TLS and login.
#include <algorithm>
#include <utility>

#include "core/runtime/base64.h"
#include "protocols/pop3/client.h"
#include "protocols/pop3/failure.h"

namespace sluis::pop3 {

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

}  // namespace sluis::pop3
