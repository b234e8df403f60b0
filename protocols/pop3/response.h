// The status line of a POP3 response (RFC 1939 §3) with its response code (RFC 2449 §8, RFC 3206), and numbers as POP3
// writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::pop3 {

enum class ResponseCode { none, other, in_use, login_delay, sys_temp, sys_perm, auth };

struct Response {
  bool ok = false;
  ResponseCode code = ResponseCode::none;
  std::string text;  // for people: printable ASCII, at most 200 octets, without the response code
};

// `+OK` or `-ERR` exactly, alone or before a space. Anything else is "pop3.response": a line that merely looks like
// success is how a desynchronised session deletes mail it does not have.
SLUIS_PROTOCOLS_API Result<Response> parse_response(std::string_view line);

// Decimal digits only, none above `most`; a number that would overflow is no number.
SLUIS_PROTOCOLS_API std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t most);

// RFC 1939 §7 UIDL: 1 to 70 characters, 0x21 to 0x7E.
SLUIS_PROTOCOLS_API bool is_uidl(std::string_view text);

// Text from outside made fit for one line of a log or a response: printable ASCII, cut at `most`.
SLUIS_PROTOCOLS_API std::string printable(std::string_view text, std::size_t most);

SLUIS_PROTOCOLS_API std::string upper(std::string_view text);  // ASCII

}  // namespace sluis::pop3
