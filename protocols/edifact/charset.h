// The character sets that UNB S001 names (ISO 9735 annex; UN/EDIFACT code list 0001).
#pragma once

#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::edifact {

// The set of a syntax identifier ("UNOC" is "iso-8859-1"); empty when it is not known here (UNOX, ISO 2022, among
// them).
SLUIS_PROTOCOLS_API std::string_view charset_of(std::string_view syntax_id);

// To UTF-8. What is printable ASCII is the same in every set, and passes whatever the identifier; anything else that is
// not text in the named set is "edifact.charset".
SLUIS_PROTOCOLS_API Result<std::string> to_utf8(std::string_view syntax_id, std::string_view octets);

}  // namespace sluis::edifact
