// Base64, RFC 4648 §4: with padding. Line breaks are the business of MIME (protocols/mime), not of this file.
#pragma once

#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis {

SLUIS_CORE_API std::string base64_encode(std::string_view bytes);

// Strict: length a multiple of four, no white space, padding only at the end and with zero bits behind it. Anything else
// is Error "base64.syntax"; a lenient reader would let two texts mean the same octets.
SLUIS_CORE_API Result<std::string> base64_decode(std::string_view text);

}  // namespace sluis
