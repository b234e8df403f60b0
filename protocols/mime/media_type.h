// Content-Type, Content-Disposition and their parameters (RFC 2045 §5.1, RFC 2183, RFC 2231).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::mime {

// Parameters by lower-case name, values in UTF-8: continuations joined, character sets converted. A value.
struct SLUIS_PROTOCOLS_API Parameters {
  std::vector<std::pair<std::string, std::string>> list;
  // Readers may disagree: a name twice, a gap in the continuations, a value that needed quotes, octets that are no
  // text.
  bool ambiguous = false;

  [[nodiscard]] const std::string* find(std::string_view name) const;
};

struct SLUIS_PROTOCOLS_API MediaType {
  std::string type = "text";  // lower case
  std::string subtype = "plain";
  Parameters parameters;

  [[nodiscard]] std::string name() const { return type + "/" + subtype; }
  [[nodiscard]] bool is(std::string_view full_name) const { return name() == full_name; }
};

struct SLUIS_PROTOCOLS_API Disposition {
  std::string kind;  // lower case: "attachment", "inline"; empty when there was no field
  Parameters parameters;
};

// [Errors] "mime.content_type": no type/subtype to be found.
SLUIS_PROTOCOLS_API Result<MediaType> parse_media_type(std::string_view value);
// [Errors] "mime.content_disposition"
SLUIS_PROTOCOLS_API Result<Disposition> parse_disposition(std::string_view value);

// The file name of an entity: `filename` of the disposition, else `name` of the type; encoded words in it are decoded,
// though RFC 2047 §5 forbids them there. Empty when there is none. This is the peer's own text: see safe_file_name().
SLUIS_PROTOCOLS_API std::string file_name(const Disposition& disposition, const MediaType& type);

// What may become the last component of a path (DESIGN §7): nothing before the last / or \, no control or direction
// characters, none of <>:"|?*, no leading or trailing dot or blank, no device name of Windows, at most 200 octets.
// Empty when nothing is left.
SLUIS_PROTOCOLS_API std::string safe_file_name(std::string_view name);

// `;name="value"`, or RFC 2231 form with continuations where the value is not ASCII or long; each on its own folded
// line. [Precondition] is_utf8(value), no control characters.
SLUIS_PROTOCOLS_API std::string write_parameter(std::string_view name, std::string_view value);

}  // namespace sluis::mime
