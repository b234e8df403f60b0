// What a server offers in its EHLO reply (RFC 5321 §4.1.1.1).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "protocols/sasl/sasl.h"
#include "protocols/smtp/reply.h"

namespace sluis::smtp {

// A value. Keywords are compared whole and in any case, never searched for inside the text: a host named
// "no-starttls.example" offers nothing.
struct SLUIS_PROTOCOLS_API Capabilities {
  std::string host;                             // what the server calls itself
  std::map<std::string, std::string> keywords;  // in upper case, with the rest of the line
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool enhanced_status_codes = false;
  bool dsn = false;
  bool starttls = false;
  bool size = false;
  std::uint64_t size_limit = 0;   // 0: no limit told (RFC 1870 §4)
  std::vector<std::string> auth;  // mechanism names in upper case

  [[nodiscard]] bool offers(sasl::Mechanism mechanism) const;
};

// Reads "AUTH PLAIN LOGIN" and the older "AUTH=PLAIN LOGIN" alike. A line that makes no sense is left out.
SLUIS_PROTOCOLS_API Capabilities parse_capabilities(const Reply& ehlo_reply);

}  // namespace sluis::smtp
