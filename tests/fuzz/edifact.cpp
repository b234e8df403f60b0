// EDIFACT: interchanges of any octets, what their answers speak of, and what is written of what was read.
#include <algorithm>

#include "protocols/edifact/answer.h"
#include "protocols/edifact/interchange.h"
#include "protocols/edifact/writer.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::edifact;

namespace {

Limits small() {
  Limits limits;
  limits.syntax = {4096, 500};
  limits.messages = 20;
  limits.references = 5;
  return limits;
}

bool same_message(const MessageHeader& a, const MessageHeader& b) {
  return a.reference == b.reference && a.type == b.type && a.version == b.version && a.release == b.release &&
         a.agency == b.agency && a.association_code == b.association_code &&
         a.common_access_reference == b.common_access_reference && a.document_name_code == b.document_name_code &&
         a.document_number == b.document_number && a.references == b.references;
}

void check_segments(std::string_view octets) {
  const auto start = find_start(octets);
  if (!start.ok()) return;
  SegmentReader reader(octets, *start, small().syntax);
  std::size_t last = start->position;
  for (std::size_t count = 0;; ++count) {
    require(count <= small().syntax.segments, "no more segments than the limit");
    const auto segment = reader.next();
    if (!segment.ok() || !*segment) return;
    const Segment& s = **segment;
    require(s.position >= last && s.position + s.raw.size() < octets.size(),
            "segments follow each other in the octets");
    require(s.raw == octets.substr(s.position, s.raw.size()), "a segment is where it says");
    require(s.value(1, 0).size() <= s.raw.size() && s.value(9, 9).size() <= s.raw.size(), "a value is in its segment");
    last = s.position + s.raw.size() + 1;
  }
}

void check_text(const Interchange& read) {
  const auto good = [](std::string_view value) { require(is_utf8(value), "what is read is UTF-8"); };
  good(read.control_reference);
  good(read.sender.id);
  good(read.recipient.id);
  require(read.messages.size() <= small().messages, "no more messages than the limit");
  for (const MessageHeader& message : read.messages) {
    good(message.reference);
    good(message.document_number);
    require(message.references.size() <= small().references, "no more references than the limit");
    for (const Reference& reference : message.references) good(reference.value);
  }
}

// Plain ASCII, so that text and octets are the same, and no groups, which the writer does not write.
void write_and_read(const Interchange& read) {
  InterchangeWriter writer(read);
  for (const MessageHeader& message : read.messages) {
    writer.begin_message(message);
    writer.end_message();
  }
  const std::string written = writer.finish();
  const auto again = read_interchange(written, small());
  require(again.ok(), "what was written can be read");
  require(again->control_reference == read.control_reference && again->sender == read.sender &&
              again->recipient == read.recipient && again->test() == read.test() &&
              again->messages.size() == read.messages.size(),
          "read(write(x)) = x: the header");
  for (std::size_t i = 0; i < read.messages.size(); ++i)
    require(same_message(read.messages[i], again->messages[i]), "read(write(x)) = x: a message");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets = text(data, size);
  check_segments(octets);
  const auto header = read_header(octets, small());
  const auto whole = read_interchange(octets, small());
  const auto answers = read_answers(octets, small());
  if (answers.ok()) {
    require(whole.ok() && answers->size() == whole->messages.size(), "an answer for each message of the interchange");
    for (const AnswerReferences& answer : *answers) (void)answer.action_for("1");
  }
  if (!whole.ok()) return 0;
  check_text(*whole);
  if (!whole->messages.empty())
    require(header.ok() && header->interchange.control_reference == whole->control_reference &&
                header->first_message.reference == whole->messages.front().reference,
            "the front of an interchange says what the whole says");
  const bool ascii =
      std::all_of(octets.begin(), octets.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
  if (ascii && whole->groups == 0 && whole->separators.release != ' ') write_and_read(*whole);
  return 0;
}
