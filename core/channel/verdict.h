// The five ends of an attempt (DESIGN §2.5). Retry and Held leave it open; the others are the peer's word.
#pragma once

#include <optional>
#include <string>

#include "core/message/attributes.h"
#include "core/runtime/clock.h"
#include "core/runtime/error.h"

namespace sluis {

// The peer's proof that it took the message.
struct Receipt {
  std::string text;      // as the peer said it: "2.0.0 Ok: queued as 4XyZ"
  Attributes details;    // peer, certificate fingerprint, TLS version, hash of the octets sent, …
};

struct Delivered {
  Receipt receipt;
};

// The peer took the bytes; the proof that counts comes later, on another connection, and settles by reference.
struct HandedOver {
  enum class Then { retry, incident };
  Receipt receipt;
  std::optional<WallTime> proof_until;   // none: the policy's own
  Then then = Then::incident;
};

// Temporary. The scope says what is wrong, and so what else pauses: this message, everything of this account, or the
// whole channel (circuit breaker).
struct Retry {
  enum class Scope { message, account, channel };
  Scope scope = Scope::message;
  Error reason;
  std::optional<Duration> not_before;   // the peer asked for at least this long
  bool in_doubt = false;                // the peer may have taken it
};

// The peer's final no.
struct Rejected {
  std::string code;     // the peer's code: "550 5.1.1"
  std::string reason;
};

// Only a human can decide; nothing is sent until release, resend or cancel.
struct Held {
  std::string reason;
};

}  // namespace sluis
