// SASL mechanisms that SMTP (RFC 4954) and POP3 (RFC 5034) share, client and server halves: PLAIN (RFC 4616), LOGIN
// (draft-murchison-sasl-login), CRAM-MD5 (RFC 2195), EXTERNAL (RFC 4422 appendix A). Messages here are raw octets; base64
// and the framing are the carrier's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "core/runtime/secret.h"

namespace sluis::sasl {

enum class Mechanism { plain, login, cram_md5, external };
SLUIS_PROTOCOLS_API std::string_view to_string(Mechanism m);                        // "PLAIN", …
SLUIS_PROTOCOLS_API std::optional<Mechanism> parse_mechanism(std::string_view name);   // any case

struct Credentials {
  std::string username;   // EXTERNAL: the authorisation identity, may be empty
  Secret password;
};

// The client half of one exchange. [Threading] one thread.
class SLUIS_PROTOCOLS_API ClientExchange {
 public:
  ClientExchange(Mechanism mechanism, Credentials credentials) : mechanism_(mechanism), credentials_(std::move(credentials)) {}
  // What goes with the AUTH command (PLAIN, EXTERNAL); none when the server speaks first. Empty text is a real, empty
  // response, written "=" on the wire.
  std::optional<Secret> initial_response();
  // The answer to one challenge. Error "sasl.challenge" when the mechanism expects none: the exchange is then cancelled.
  // LOGIN answers by order, never by the prompt's words: servers write "Username:", "User Name" and worse.
  Result<Secret> respond(std::string_view challenge);

 private:
  Mechanism mechanism_;
  Credentials credentials_;
  int step_ = 0;
};

// What a client has proven it knows, to be checked by whoever keeps the accounts.
struct Presented {
  Mechanism mechanism = Mechanism::plain;
  std::string username;
  Secret password;          // PLAIN, LOGIN
  std::string challenge;    // CRAM-MD5
  std::string digest;       // CRAM-MD5, 32 hexadecimal digits
};

// The server half. next() takes the client's response and gives a challenge, or the finished Presented, or an error.
// An authorisation identity must be empty or equal to the authentication identity ("sasl.authzid").
class SLUIS_PROTOCOLS_API ServerExchange {
 public:
  // `cram_challenge` is an RFC 2195 <unique@host> text, made by the caller from injected randomness; used by CRAM-MD5 only.
  ServerExchange(Mechanism mechanism, std::string cram_challenge) : mechanism_(mechanism), challenge_(std::move(cram_challenge)) {}
  struct Step {
    std::optional<std::string> challenge;   // send this and wait
    std::optional<Presented> presented;     // or: done
  };
  // The first call has the initial response, or none when the client sent none.
  Result<Step> next(std::optional<std::string_view> response);

 private:
  Mechanism mechanism_;
  std::string challenge_;
  std::string username_;
  int step_ = 0;
};

// HMAC-MD5 of RFC 2195 as 32 lower-case hexadecimal digits.
SLUIS_PROTOCOLS_API std::string cram_md5_digest(const Secret& password, std::string_view challenge);
// Constant-time check of what was presented against the known password.
SLUIS_PROTOCOLS_API bool verify(const Presented& presented, const Secret& password);

}  // namespace sluis::sasl
