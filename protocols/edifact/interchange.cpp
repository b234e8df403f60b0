#include "protocols/edifact/interchange.h"

#include <utility>

#include "protocols/edifact/envelope.h"

namespace sluis::edifact {

Result<Interchange> read_interchange(std::string_view octets, const Limits& limits) {
  return walk(octets, limits, [&](MessageHeader& message, const Segment& segment, std::string_view syntax_id) {
    return read_references(message, segment, syntax_id, limits);
  });
}

Result<Header> read_header(std::string_view prefix, const Limits& limits) {
  const auto start = find_start(prefix);
  if (!start) return start.error();
  SegmentReader reader(prefix, *start, limits.syntax);
  Header header;
  const auto unb = reader.next();
  if (!unb) return unb.error();
  if (!*unb) return error_at("edifact.truncated", "the prefix ends before UNB", prefix.size());
  auto interchange = read_unb(**unb, *start);
  if (!interchange) return interchange.error();
  header.interchange = std::move(*interchange);
  // UNG may stand before the first UNH, and nothing else.
  for (;;) {
    const auto next = reader.next();
    if (!next) return next.error();
    if (!*next) return error_at("edifact.truncated", "the prefix ends before the first UNH", prefix.size());
    if ((*next)->tag() == "UNG") continue;
    if ((*next)->tag() != "UNH") return error_at("edifact.nesting", "no UNH behind UNB", (*next)->position);
    auto message = read_unh(**next, header.interchange.syntax_id);
    if (!message) return message.error();
    header.first_message = std::move(*message);
    return header;
  }
}

}  // namespace sluis::edifact
