// Recognisers: what the first bytes and the header fields of a message say, as attributes and reference keys. Pure
// functions; what they do not know stays opaque and is nobody's error.
#pragma once

#include <string_view>

#include "core/delivery/routing.h"

namespace sluis::routing {

// Who handed the message in, as the channel's kind tells.
enum class Side { unknown, customer, authority };

// EDIFACT (ISO 9735): UNA or UNB at the start, blanks and a byte order mark passed over. Sets edifact.* and
// `reference`; from CONTRL and CUSRES `answer` and the keys they echo; from anything that no customer handed in
// `demux.edi`. `answer` is the weakest word of all that is said: refused in part is refused; a CUSRES alone says
// received. Keys: kind "unb", scope "<sender>|<recipient>", value the interchange control reference;
//       kind "unh", the same scope, value "<interchange control reference>/<message reference>";
//       kind "edifact-document", the same scope, value BGM 1004: what CUSRES knows a declaration by, beside kind "mrn".
// An answer travels the other way, so its keys have sender and recipient changed round: the original's own scope.
// False: this is no EDIFACT. What is malformed sets edifact.fault and nothing it could not read.
bool recognise_edifact(std::string_view head, Side side, Recognition& recognition);

// XML: xml.root, xml.namespace, xml.attribute.<name> of the root, xml.field.<path> for the header's fields; and the
// keys of the families it knows (recognise_xml.cpp has the table). Scopes are "<sender>|<recipient>" as far as the
// document says; scope_by_authority() completes them. False: this is no XML. What is malformed or forbidden (DOCTYPE)
// sets xml.fault.
bool recognise_xml(std::string_view head, Side side, Recognition& recognition);

// From mail.message-id, mail.in-reply-to and mail.references, as the channel took them from the header: kind
// "message-id", no scope, value without angle brackets.
void recognise_mail(Recognition& recognition);

// file.name and file.extension (lower case, without the dot) of a part.
void recognise_file(const Part& part, Recognition& recognition);

// Puts the authority before the scope of the keys that authorities give or number alike: all but EDIFACT's, which name
// both parties, and mail's, which are unique.
void scope_by_authority(Recognition& recognition);

}  // namespace sluis::routing
