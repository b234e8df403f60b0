#include "protocols/edifact/writer.h"

#include <utility>

namespace sluis::edifact {

namespace {

void drop_empty_tail(Elements& elements) {
  for (Components& components : elements)
    while (!components.empty() && components.back().empty()) components.pop_back();
  while (!elements.empty() && elements.back().empty()) elements.pop_back();
}

}  // namespace

std::string escape(std::string_view octets, const Separators& separators) {
  std::string out;
  for (const char c : octets) {
    const bool special =
        c == separators.component || c == separators.element || c == separators.terminator || c == separators.release;
    if (special && separators.release != ' ') out += separators.release;
    out += c;
  }
  return out;
}

InterchangeWriter::InterchangeWriter(const InterchangeHeader& header, std::string line_end)
    : separators_(header.separators), line_end_(std::move(line_end)), control_reference_(header.control_reference) {
  if (header.una) {
    const Separators& s = separators_;
    out_ = std::string("UNA") + s.component + s.element + s.decimal + s.release + ' ' + s.terminator + line_end_;
  }
  segment("UNB", {{header.syntax_id, header.version},
                  {header.sender.id, header.sender.qualifier},
                  {header.recipient.id, header.recipient.qualifier},
                  {header.date, header.time},
                  {header.control_reference},
                  {},
                  {header.application_reference},
                  {},
                  {header.ack_request ? "1" : ""},
                  {},
                  {header.test_indicator}});
}

void InterchangeWriter::begin_message(const MessageHeader& message) {
  segments_ = 0;
  message_reference_ = message.reference;
  segment("UNH", {{message.reference},
                  {message.type, message.version, message.release, message.agency, message.association_code},
                  {message.common_access_reference}});
  if (!message.document_name_code.empty() || !message.document_number.empty())
    segment("BGM", {{message.document_name_code}, {message.document_number}});
  for (const Reference& reference : message.references) segment("RFF", {{reference.qualifier, reference.value}});
}

void InterchangeWriter::segment(std::string_view tag, const Elements& elements) {
  Elements kept = elements;
  drop_empty_tail(kept);
  out_ += tag;
  for (const Components& components : kept) {
    out_ += separators_.element;
    for (std::size_t i = 0; i < components.size(); ++i) {
      if (i > 0) out_ += separators_.component;
      out_ += escape(components[i], separators_);
    }
  }
  out_ += separators_.terminator;
  out_ += line_end_;
  ++segments_;
}

void InterchangeWriter::end_message() {
  segment("UNT", {{std::to_string(segments_ + 1)}, {message_reference_}});
  ++messages_;
}

std::string InterchangeWriter::finish() {
  segment("UNZ", {{std::to_string(messages_)}, {control_reference_}});
  return std::exchange(out_, {});
}

}  // namespace sluis::edifact
