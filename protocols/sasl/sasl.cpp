#include "protocols/sasl/sasl.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "core/runtime/digest.h"

namespace sluis::sasl {

namespace {

struct Name { Mechanism mechanism; std::string_view text; };
constexpr std::array<Name, 4> names{{{Mechanism::plain, "PLAIN"}, {Mechanism::login, "LOGIN"},
                                     {Mechanism::cram_md5, "CRAM-MD5"}, {Mechanism::external, "EXTERNAL"}}};

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

Result<Presented> parse_plain(std::string_view message) {
  const Error bad{"sasl.syntax", "malformed PLAIN response (RFC 4616 §2)"};
  const auto first = message.find('\0');
  if (first == std::string_view::npos) return bad;
  const auto second = message.find('\0', first + 1);
  if (second == std::string_view::npos || message.find('\0', second + 1) != std::string_view::npos) return bad;
  const std::string_view authzid = message.substr(0, first);
  const std::string_view authcid = message.substr(first + 1, second - first - 1);
  if (authcid.empty()) return bad;
  if (!authzid.empty() && authzid != authcid)
    return Error{"sasl.authzid", "acting for another identity is not allowed"};
  Presented p;
  p.mechanism = Mechanism::plain;
  p.username = authcid;
  p.password = Secret{std::string(message.substr(second + 1))};
  return p;
}

Result<Presented> parse_cram(std::string_view message, const std::string& challenge) {
  const auto space = message.rfind(' ');
  if (space == std::string_view::npos || space == 0 || message.size() - space - 1 != 32)
    return Error{"sasl.syntax", "malformed CRAM-MD5 response (RFC 2195 §2)"};
  Presented p;
  p.mechanism = Mechanism::cram_md5;
  p.username = message.substr(0, space);
  p.challenge = challenge;
  p.digest = message.substr(space + 1);
  return p;
}

}  // namespace

std::string_view to_string(Mechanism m) {
  for (const Name& name : names)
    if (name.mechanism == m) return name.text;
  return "?";
}

std::optional<Mechanism> parse_mechanism(std::string_view text) {
  for (const Name& name : names)
    if (equals_ignoring_case(name.text, text)) return name.mechanism;
  return std::nullopt;
}

std::optional<Secret> ClientExchange::initial_response() {
  if (mechanism_ == Mechanism::plain) {
    step_ = 1;
    std::string message(1, '\0');
    message += credentials_.username;
    message += '\0';
    message += credentials_.password.reveal();
    return Secret{std::move(message)};
  }
  if (mechanism_ == Mechanism::external) {
    step_ = 1;
    return Secret{credentials_.username};
  }
  return std::nullopt;
}

Result<Secret> ClientExchange::respond(std::string_view challenge) {
  const int step = step_++;
  if (mechanism_ == Mechanism::login && step == 0) return Secret{credentials_.username};
  if (mechanism_ == Mechanism::login && step == 1) return credentials_.password;
  if (mechanism_ == Mechanism::cram_md5 && step == 0)
    return Secret{credentials_.username + " " + cram_md5_digest(credentials_.password, challenge)};
  // A server that ignored the initial response asks for it with an empty challenge (RFC 4954 §4).
  if (step == 0 || (step == 1 && challenge.empty())) {
    auto response = initial_response();
    step_ = 2;
    if (response) return std::move(*response);
  }
  return Error{"sasl.challenge", "the server sent a challenge that this mechanism does not have"};
}

Result<ServerExchange::Step> ServerExchange::next(std::optional<std::string_view> response) {
  const int step = step_++;
  if (step > 3) return Error{"sasl.syntax", "too many responses"};
  // Only PLAIN has NUL, as its separator: a name with one in it would end there for whoever looks it up in C.
  if (mechanism_ != Mechanism::plain && response && response->find('\0') != std::string_view::npos)
    return Error{"sasl.syntax", "NUL in a response"};
  const auto done = [](Result<Presented> p) -> Result<Step> {
    if (!p) return p.error();
    return Step{std::nullopt, std::move(*p)};
  };
  switch (mechanism_) {
    case Mechanism::plain:
      if (!response) return Step{"", std::nullopt};
      return done(parse_plain(*response));
    case Mechanism::external: {
      if (!response) return Step{"", std::nullopt};
      Presented p;
      p.mechanism = Mechanism::external;
      p.username = *response;
      return Step{std::nullopt, std::move(p)};
    }
    case Mechanism::cram_md5:
      if (!response) return Step{challenge_, std::nullopt};
      return done(parse_cram(*response, challenge_));
    case Mechanism::login: {
      if (!response) return Step{"Username:", std::nullopt};
      if (username_.empty()) {
        if (response->empty()) return Error{"sasl.syntax", "empty user name"};
        username_ = *response;
        return Step{"Password:", std::nullopt};
      }
      Presented p;
      p.mechanism = Mechanism::login;
      p.username = username_;
      p.password = Secret{std::string(*response)};
      return Step{std::nullopt, std::move(p)};
    }
  }
  return Error{"sasl.mechanism", "unknown mechanism"};
}

std::string cram_md5_digest(const Secret& password, std::string_view challenge) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (HMAC(EVP_md5(), password.reveal().data(), static_cast<int>(password.reveal().size()),
           reinterpret_cast<const unsigned char*>(challenge.data()), challenge.size(), out.data(), &size) == nullptr)
    return "";   // MD5 switched off (FIPS): the exchange fails at the server, and nothing is revealed
  return to_hex(std::string_view{reinterpret_cast<const char*>(out.data()), size});
}

bool verify(const Presented& presented, const Secret& password) {
  if (presented.mechanism == Mechanism::cram_md5) {
    const std::string expected = cram_md5_digest(password, presented.challenge);
    return !expected.empty() && Secret{expected}.equals(presented.digest);
  }
  if (presented.mechanism == Mechanism::external) return false;   // the certificate decides, not a password
  return password.equals(presented.password.reveal());
}

}  // namespace sluis::sasl
