// What both SMTP machines ask of their owner. The machines do no I/O: the owner carries these out in the order given.
#pragma once

#include <string>

#include "core/runtime/clock.h"

namespace sluis::smtp {

// Write these octets. `secret` marks the lines of an AUTH exchange: they are never logged or traced, not even encoded.
struct Send {
  std::string bytes;
  bool secret = false;
};
// Flush what was sent, then run the TLS handshake and call on_tls_established(); when it fails, call on_closed().
// Octets that the owner has already read in clear must be given to on_bytes(), never to the TLS engine: the machine
// refuses them.
struct StartTls {};
// Flush what was sent, then close. The last thing a machine asks; whatever is called afterwards has no effect.
struct Close {};
// Arm the session's one timer anew, or disarm it when `after` is zero; on_timeout() when it ends.
struct SetDeadline {
  Duration after{};
};

}  // namespace sluis::smtp
