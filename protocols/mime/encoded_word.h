// RFC 2047 encoded words: text of header fields to UTF-8 and back.
#pragma once

#include <string>
#include <string_view>

#include "core/runtime/export.h"

namespace sluis::mime {

// Decodes every encoded word; white space between two of them goes (§6.2), and a character may be split over two. What
// does not decode stays as written. Octets that are not UTF-8 become U+FFFD, and control characters a space: a decoded
// header must not bring back the line ends that unfolding took away.
SLUIS_PROTOCOLS_API std::string decode_words(std::string_view text);

// UTF-8 to a field body that is pure ASCII: unchanged when it already is and cannot be mistaken for an encoded word,
// else B-encoded words of at most 75 characters, folded with CRLF SP. [Precondition] is_utf8(text), no CR, LF or NUL.
SLUIS_PROTOCOLS_API std::string encode_words(std::string_view text);

}  // namespace sluis::mime
