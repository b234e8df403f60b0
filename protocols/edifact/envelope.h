// Walks the envelope of an interchange segment by segment and checks it; what is read from the segments inside is the
// caller's. Internal to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/runtime/result.h"
#include "protocols/edifact/interchange.h"
#include "protocols/edifact/syntax.h"

namespace sluis::edifact {

// Called for each segment between UNH and UNT, with the message it is in and the interchange's syntax identifier.
using InMessage = std::function<Status(MessageHeader&, const Segment&, std::string_view syntax_id)>;

Result<Interchange> walk(std::string_view octets, const Limits& limits, const InMessage& in_message);

// One component as UTF-8; Error "edifact.charset" at the segment.
Result<std::string> text(const Segment& segment, std::string_view syntax_id, std::size_t element,
                         std::size_t component = 0);

// A list of (element, component, where to) read with text(); the first error ends it.
struct Field {
  std::size_t element;
  std::size_t component;
  std::string* into;
};
Status read_fields(const Segment& segment, std::string_view syntax_id, std::initializer_list<Field> fields);

Result<InterchangeHeader> read_unb(const Segment& unb, const Start& start);
Result<MessageHeader> read_unh(const Segment& unh, std::string_view syntax_id);
// BGM and RFF of a message; other segments are passed over.
Status read_references(MessageHeader& message, const Segment& segment, std::string_view syntax_id,
                       const Limits& limits);

}  // namespace sluis::edifact
