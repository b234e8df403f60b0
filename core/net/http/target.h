// The request-target: which of its forms it is, and a path that every reader reads the same way.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net::http {

// RFC 9112 §3.2: origin-form ("/a?b"), absolute-form ("http://host/a"), and asterisk-form for OPTIONS. authority-form
// (CONNECT) is refused: this is no proxy. [Errors] "http.target" with the reason.
struct SLUIS_CORE_API Target {
  std::string authority;  // of absolute-form only
  std::string path;       // decoded once; "*" for asterisk-form
  std::string query;      // as sent

  static Result<Target> parse(std::string_view method, std::string_view text);
};

// Percent-decoding of one piece (RFC 3986 §2.1). Refuses broken triplets, and NUL and other control characters that
// come out of it: they would end up in file names and logs. [Errors] "http.target"
[[nodiscard]] SLUIS_CORE_API Result<std::string> percent_decode(std::string_view text);

// Decodes a path and refuses what two readers may understand differently: dot segments, also encoded ones (RFC 3986
// §5.2.4 would remove them; who sends them wants to be somewhere else than it says), "%2F" and backslashes.
[[nodiscard]] SLUIS_CORE_API Result<std::string> decode_path(std::string_view path);

// "a=1&b=x+y": names and values decoded, "+" is a space (application/x-www-form-urlencoded, WHATWG URL §5.1).
using QueryParameters = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] SLUIS_CORE_API Result<QueryParameters> parse_query(std::string_view query);

// host [":" port] as RFC 9112 §3.2 and RFC 3986 §3.2.2 have it, without user information.
[[nodiscard]] SLUIS_CORE_API bool is_authority(std::string_view text);
// Its host in lower case, without port or brackets.
[[nodiscard]] SLUIS_CORE_API std::string host_of(std::string_view authority);

}  // namespace sluis::net::http
