// The control socket's language: one JSON object a line in each direction, one request a connection.
//   → {"command":"show","id":"019…"}
//   ← {"ok":true, …} or {"ok":false,"code":"message.unknown","error":"…"}
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/runtime/result.h"
#include "gateway/records_json.h"

namespace sluis::gateway {

inline constexpr std::size_t control_request_most = 1 << 20;

// Error "control.syntax": not one JSON object with a text "command".
Result<Json> parse_request(std::string_view line);
Json failure(const Error& error);

// Sends one request to the gateway that listens at `socket` and waits for the answer. Blocks; for command-line programs.
// Error "control.unreachable": no gateway runs there (or not as a user who may talk to it).
Result<Json> ask(const std::string& socket, const Json& request);

}  // namespace sluis::gateway
