// Envelope addresses (RFC 5321 §4.1.2, limits of §4.5.3.1) and xtext (RFC 3461 §4).
#pragma once

#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::smtp {

// A value, exactly as written: quoting is kept, the domain's case too.
struct SLUIS_PROTOCOLS_API Address {
  std::string local_part;
  std::string domain;  // empty for the null path, and for <Postmaster>
  [[nodiscard]] bool null() const { return local_part.empty() && domain.empty(); }
  [[nodiscard]] std::string text() const { return domain.empty() ? local_part : local_part + "@" + domain; }
  bool operator==(const Address&) const = default;
};

// "local@domain" and nothing else. Errors: "smtp.address.syntax", "smtp.address.length", "smtp.address.non_ascii". CR,
// LF and NUL are syntax errors in every place, quoted strings included: such an address would inject commands.
SLUIS_PROTOCOLS_API Result<Address> parse_mailbox(std::string_view text);

enum class PathKind { reverse, forward };
// Takes "<…>" from the front of a command's argument. A reverse path may be "<>"; a forward path may be "<Postmaster>".
// A source route is read and dropped (RFC 5321 §4.1.2, appendix C).
SLUIS_PROTOCOLS_API Result<Address> take_path(std::string_view& argument, PathKind kind);

SLUIS_PROTOCOLS_API std::string xtext_encode(std::string_view text);
// Error "smtp.xtext": not xtext, or it hides an octet that is not printable ASCII (it would end up in a report's
// header).
SLUIS_PROTOCOLS_API Result<std::string> xtext_decode(std::string_view text);

}  // namespace sluis::smtp
