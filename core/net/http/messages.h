// What a request and a response say before their bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/http/headers.h"
#include "core/runtime/export.h"

namespace sluis::net::http {

// The head of a request as a server sees it. [Threading] a value.
struct RequestHead {
  std::string method;          // "GET": case matters (RFC 9110 §9.1)
  std::string target;          // as sent
  std::string authority;       // of an absolute-form target, else the Host field (RFC 9112 §3.2.2)
  std::string path;            // decoded, begins with "/"; no dot segments, empty segments kept
  std::string query;           // as sent, without "?"
  unsigned minor_version = 1;  // HTTP/1.x
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;  // RFC 9110 §10.1.1

  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

struct ResponseHead {
  int status = 200;
  std::string reason;  // empty: the registered phrase, or nothing
  Headers headers;     // without Content-Length, Transfer-Encoding, Connection: those follow from how the body is sent
};

// A response with all of its body.
struct Response {
  int status = 200;
  Headers headers;
  std::string body = {};
  // Instead of `body`: one buffer for many responses (a snapshot that a thousand subscribers fetch), compressed
  // beforehand or not at all.
  std::shared_ptr<const std::string> shared_body = {};
  bool compress = false;  // gzip, when the client accepts it and the body is worth it

  static Response text(int status, std::string body) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
  }
};

// Why a message was not taken: the status that says it to a client, the code that counters and tests compare, and
// words.
struct Refusal {
  int status = 400;
  std::string code;
  std::string what;
};

// The registered phrase of a status (RFC 9110 §15); empty for others.
[[nodiscard]] SLUIS_CORE_API std::string_view reason_phrase(int status);
// The uniform answer of an error: problem+json (RFC 9457 §3). `code` is an extension member of ours.
[[nodiscard]] SLUIS_CORE_API Response problem(int status, std::string_view detail, std::string_view code = {});
// No body whatever the fields say (RFC 9112 §6.3 rule 1), HEAD apart.
[[nodiscard]] constexpr bool bodiless(int status) {
  return status / 100 == 1 || status == 204 || status == 304;
}

}  // namespace sluis::net::http
