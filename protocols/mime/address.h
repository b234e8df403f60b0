// Mailboxes (RFC 5322 §3.4) and message identifiers (§3.6.4) out of header fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::mime {

struct SLUIS_PROTOCOLS_API Mailbox {
  std::string display_name;  // UTF-8, decoded; empty when there is none
  std::string local_part;    // without quotes
  std::string domain;        // lower case; an address literal keeps its brackets

  // local-part@domain, with quotes where they are needed: what goes between < and > of SMTP.
  [[nodiscard]] std::string addr_spec() const;
};

// The mailboxes of an address list, groups opened up. Source routes and nameless domains are refused, for they are
// where readers disagree about who is meant. Bounds of RFC 5321 §4.5.3.1: local part 64, domain 255. [Errors]
// "mime.address".
SLUIS_PROTOCOLS_API Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value);

// An addr-spec alone: "user@example.nl".
SLUIS_PROTOCOLS_API Result<Mailbox> parse_addr_spec(std::string_view text);

// Every <identifier> of Message-ID, In-Reply-To or References, in order, without the angle brackets; what stands
// between them (old In-Reply-To held phrases) is passed over. At most 250 octets each (RFC 5322's line is the only
// bound there is); one that is longer, empty or has blanks or controls in it is left out.
SLUIS_PROTOCOLS_API std::vector<std::string> parse_message_ids(std::string_view value);

// `Name <local@domain>` as pure ASCII, folded where needed. [Errors] "mime.injection", "mime.charset".
SLUIS_PROTOCOLS_API Result<std::string> write_mailbox(const Mailbox& mailbox);

}  // namespace sluis::mime
