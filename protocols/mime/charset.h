// Character sets of mail to UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"

namespace sluis::mime {

// None: the charset is not one of UTF-8, US-ASCII, ISO-8859-n, Windows-125n, or the bytes are not text in it. The list
// is closed because the name comes from outside, and a converter library loads code by name.
SLUIS_PROTOCOLS_API std::optional<std::string> to_utf8(std::string_view charset, std::string_view bytes);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
SLUIS_PROTOCOLS_API bool is_utf8(std::string_view bytes);

// The longest prefix of at most `octets` that does not cut a character in two.
SLUIS_PROTOCOLS_API std::string_view utf8_prefix(std::string_view text, std::size_t octets);

}  // namespace sluis::mime
