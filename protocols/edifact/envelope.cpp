#include "protocols/edifact/envelope.h"

#include <optional>
#include <utility>

#include "protocols/edifact/charset.h"

namespace sluis::edifact {

namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  constexpr std::size_t most_digits = 10;  // 0074, 0036 and 0060 are n..6; far from overflow
  if (digits.empty() || digits.size() > most_digits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

Status closes(const Segment& trailer, std::string_view what, std::uint64_t counted, std::string_view opened) {
  const std::string tag(trailer.tag());
  const auto stated = number(trailer.value(1));
  if (!stated) return error_at("edifact.count", tag + " states no count", trailer.position);
  if (*stated != counted)
    return error_at(
        "edifact.count",
        tag + " states " + std::to_string(*stated) + " " + std::string(what) + ", there are " + std::to_string(counted),
        trailer.position);
  if (trailer.value(2) != opened)
    return error_at("edifact.reference", tag + " does not repeat the reference that it closes", trailer.position);
  return {};
}

}  // namespace

Result<std::string> text(const Segment& segment, std::string_view syntax_id, std::size_t element,
                         std::size_t component) {
  auto converted = to_utf8(syntax_id, segment.value(element, component));
  if (!converted)
    return error_at(converted.error().code, converted.error().what + " in " + std::string(segment.tag()),
                    segment.position);
  return converted;
}

Status read_fields(const Segment& segment, std::string_view syntax_id, std::initializer_list<Field> fields) {
  for (const Field& field : fields) {
    auto value = text(segment, syntax_id, field.element, field.component);
    if (!value) return value.error();
    *field.into = std::move(*value);
  }
  return {};
}

Result<InterchangeHeader> read_unb(const Segment& unb, const Start& start) {
  InterchangeHeader header;
  header.separators = start.separators;
  header.una = start.una;
  header.syntax_id = unb.value(1, 0);
  const bool known = header.syntax_id.size() == 4 && to_utf8("", header.syntax_id).ok();
  if (unb.tag() != "UNB" || !known) return error_at("edifact.unb", "UNB without a syntax identifier", unb.position);
  std::string ack;
  const Status read = read_fields(unb, header.syntax_id,
                                  {{1, 1, &header.version},
                                   {2, 0, &header.sender.id},
                                   {2, 1, &header.sender.qualifier},
                                   {3, 0, &header.recipient.id},
                                   {3, 1, &header.recipient.qualifier},
                                   {4, 0, &header.date},
                                   {4, 1, &header.time},
                                   {5, 0, &header.control_reference},
                                   {7, 0, &header.application_reference},
                                   {9, 0, &ack},
                                   {11, 0, &header.test_indicator}});
  if (!read) return read.error();
  header.ack_request = ack == "1";
  if (header.sender.id.empty() || header.recipient.id.empty() || header.control_reference.empty())
    return error_at("edifact.unb", "UNB without sender, recipient or control reference", unb.position);
  return header;
}

Result<MessageHeader> read_unh(const Segment& unh, std::string_view syntax_id) {
  MessageHeader message;
  message.position = unh.position;
  const Status read = read_fields(unh, syntax_id,
                                  {{1, 0, &message.reference},
                                   {2, 0, &message.type},
                                   {2, 1, &message.version},
                                   {2, 2, &message.release},
                                   {2, 3, &message.agency},
                                   {2, 4, &message.association_code},
                                   {3, 0, &message.common_access_reference}});
  if (!read) return read.error();
  if (message.reference.empty() || message.type.empty())
    return error_at("edifact.unh", "UNH without message reference or type", unh.position);
  return message;
}

Status read_references(MessageHeader& message, const Segment& segment, std::string_view syntax_id,
                       const Limits& limits) {
  if (segment.tag() == "BGM")
    return read_fields(segment, syntax_id, {{1, 0, &message.document_name_code}, {2, 0, &message.document_number}});
  if (segment.tag() != "RFF" || ++message.references_seen > limits.references) return {};
  Reference reference;
  const Status read = read_fields(segment, syntax_id, {{1, 0, &reference.qualifier}, {1, 1, &reference.value}});
  if (read) message.references.push_back(std::move(reference));
  return read;
}

Result<Interchange> walk(std::string_view octets, const Limits& limits, const InMessage& in_message) {
  const auto start = find_start(octets);
  if (!start) return start.error();
  SegmentReader reader(octets, *start, limits.syntax);

  Interchange interchange;
  std::optional<MessageHeader> message;  // inside UNH … UNT
  std::string message_reference;         // octets, as UNT must repeat them
  std::uint64_t segments = 0;            // of the message
  std::optional<std::string> group;      // inside UNG … UNE: its reference
  std::uint64_t group_messages = 0;
  std::string control_reference;
  const auto misplaced = [](const Segment& s) {
    return error_at("edifact.nesting", std::string(s.tag()) + " is not allowed here", s.position);
  };

  for (bool first = true;; first = false) {
    const auto next = reader.next();
    if (!next) return next.error();
    if (!*next) return error_at("edifact.truncated", "the interchange ends before UNZ", octets.size());
    const Segment& segment = **next;
    const std::string_view tag = segment.tag();
    if (first) {
      auto header = read_unb(segment, *start);
      if (!header) return header.error();
      static_cast<InterchangeHeader&>(interchange) = std::move(*header);
      control_reference = segment.value(5);
      continue;
    }
    if (message) {
      ++segments;
      if (tag == "UNT") {
        if (const Status closed = closes(segment, "segments", segments, message_reference); !closed)
          return closed.error();
        interchange.messages.push_back(std::move(*std::exchange(message, std::nullopt)));
        ++group_messages;
      } else if (tag == "UNB" || tag == "UNZ" || tag == "UNH" || tag == "UNG" || tag == "UNE") {
        return misplaced(segment);
      } else if (const Status read = in_message(*message, segment, interchange.syntax_id); !read) {
        return read.error();
      }
    } else if (tag == "UNH") {
      if (interchange.groups > 0 && !group) return misplaced(segment);  // groups and messages do not mix (ISO 9735 §5)
      if (interchange.messages.size() >= limits.messages)
        return error_at("edifact.limit.messages", "more than " + std::to_string(limits.messages) + " messages",
                        segment.position);
      auto header = read_unh(segment, interchange.syntax_id);
      if (!header) return header.error();
      message = std::move(*header);
      message_reference = segment.value(1);
      segments = 1;
    } else if (tag == "UNG" && !group && (interchange.groups > 0 || interchange.messages.empty())) {
      group = segment.value(5);
      group_messages = 0;
      ++interchange.groups;
    } else if (tag == "UNE" && group) {
      if (const Status closed = closes(segment, "messages", group_messages, *group); !closed) return closed.error();
      group.reset();
    } else if (tag == "UNZ" && !group) {
      interchange.unz_count = interchange.groups > 0 ? interchange.groups : interchange.messages.size();
      const Status closed =
          closes(segment, interchange.groups > 0 ? "groups" : "messages", interchange.unz_count, control_reference);
      if (!closed) return closed.error();
      break;
    } else {
      return misplaced(segment);
    }
  }
  const std::size_t end = reader.position();
  const auto trailing = octets.find_first_not_of(" \t\r\n", end);
  if (trailing != std::string_view::npos) return error_at("edifact.trailing", "something follows UNZ", trailing);
  return interchange;
}

}  // namespace sluis::edifact
