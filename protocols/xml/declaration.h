// The first octets of an XML document: byte order mark and XML declaration (XML 1.0 §2.8, appendix F).
#pragma once

#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::xml {

struct Declaration {
  std::string version = "1.0";
  std::string encoding = "UTF-8";  // declared, or as the octets show: "UTF-16" without a declaration
  bool declared = false;
  bool sixteen_bit = false;
  bool big_endian = false;
};

// Reads it without a parser, so that an encoding that is not on the list never reaches a converter: UTF-8, UTF-16,
// US-ASCII, ISO-8859-1, -2, -15 (digipoort.md §2.1). [Errors] "xml.encoding": another one, or the mark and the
// declaration contradict each other; "xml.incomplete": the declaration is cut; "xml.syntax": this is no XML.
SLUIS_PROTOCOLS_API Result<Declaration> read_declaration(std::string_view document);

// Octets that the encoding does not have: above 127 in US-ASCII, half a surrogate pair in UTF-16. Converters stop there
// without a word, so that the document would seem to end. UTF-8 is the parser's to check; the ISO-8859 sets have all
// octets. A character cut by the end of a prefix is none. [Errors] "xml.encoding".
SLUIS_PROTOCOLS_API Status check_octets(std::string_view document, const Declaration& declaration);

}  // namespace sluis::xml
