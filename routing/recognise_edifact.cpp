#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "protocols/edifact/answer.h"
#include "protocols/edifact/interchange.h"
#include "protocols/edifact/syntax.h"
#include "routing/recognise.h"

namespace sluis::routing {

namespace {

constexpr std::size_t most_messages = 50;  // of one interchange whose references become keys

std::string scope_of(const edifact::Party& sender, const edifact::Party& recipient) {
  return sender.id + "|" + recipient.id;
}

void set_unless_empty(Recognition& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out.attributes.set(name, value);
}

void describe_header(const edifact::InterchangeHeader& unb, const edifact::MessageHeader& unh, Side side,
                     Recognition& out) {
  out.attributes.set("edifact.unb.sender", unb.sender.id);
  set_unless_empty(out, "edifact.unb.sender-qualifier", unb.sender.qualifier);
  out.attributes.set("edifact.unb.recipient", unb.recipient.id);
  set_unless_empty(out, "edifact.unb.recipient-qualifier", unb.recipient.qualifier);
  out.attributes.set("edifact.unb.reference", unb.control_reference);
  set_unless_empty(out, "edifact.unb.application-reference", unb.application_reference);
  out.attributes.set("edifact.unb.test", unb.test() ? "1" : "0");
  out.attributes.set("edifact.unh.type", unh.type);
  out.attributes.set("edifact.unh.version", fmt::format("{}.{}", unh.version, unh.release));
  set_unless_empty(out, "edifact.unh.association", unh.association_code);
  if (!unb.control_reference.empty()) {
    out.references.push_back({"unb", scope_of(unb.sender, unb.recipient), unb.control_reference});
    out.attributes.set_if_absent(attribute::reference, unb.control_reference);
  }
  // A broker sends everything under its own identification, so this names the broker at least, and sometimes the
  // customer.
  if (side != Side::customer && !unb.recipient.id.empty()) out.attributes.set("demux.edi", unb.recipient.id);
}

void key_message(const edifact::InterchangeHeader& unb, const edifact::MessageHeader& unh, Recognition& out) {
  const std::string scope = scope_of(unb.sender, unb.recipient);
  if (!unh.reference.empty() && !unb.control_reference.empty())
    out.references.push_back({"unh", scope, unb.control_reference + "/" + unh.reference});
  if (!unh.document_number.empty()) out.references.push_back({"edifact-document", scope, unh.document_number});
}

void describe_document(const edifact::MessageHeader& unh, Recognition& out) {
  set_unless_empty(out, "edifact.bgm.code", unh.document_name_code);
  set_unless_empty(out, "edifact.bgm.number", unh.document_number);
}

void echo(Recognition& out, Reference reference) {
  if (!reference.value.empty() &&
      std::find(out.answers_to.begin(), out.answers_to.end(), reference) == out.answers_to.end())
    out.answers_to.push_back(std::move(reference));
}

// The weakest word of all that the answer says: what is refused in part must not open a gate or a lane.
void weigh(edifact::Action action, edifact::Action& overall) {
  const auto rank = [](edifact::Action a) {
    switch (a) {
      case edifact::Action::refused: return 3;
      case edifact::Action::received: return 2;
      case edifact::Action::accepted: return 1;
      case edifact::Action::unknown: break;
    }
    return 0;
  };
  if (rank(action) > rank(overall)) overall = action;
}

// CONTRL: UCI repeats the original's interchange reference and parties, UCM its messages.
void contrl(const edifact::AnswerReferences& answer, const edifact::InterchangeHeader& unb, Recognition& out,
            edifact::Action& overall) {
  const std::string scope = scope_of(answer.sender.id.empty() ? unb.recipient : answer.sender,
                                     answer.recipient.id.empty() ? unb.sender : answer.recipient);
  echo(out, {"unb", scope, answer.interchange_reference});
  weigh(answer.action, overall);
  for (const edifact::EchoedMessage& message : answer.messages) {
    if (!message.reference.empty() && !answer.interchange_reference.empty() && out.answers_to.size() < most_messages)
      echo(out, {"unh", scope, answer.interchange_reference + "/" + message.reference});
    weigh(message.action, overall);
  }
  for (const edifact::EchoedMessage& group : answer.groups) weigh(group.action, overall);
}

// CUSRES names documents: the declarant's number in BGM or RFF, the customs declaration number in RFF (UN/EDIFACT code
// list 1153). Which of them a national guide uses differs, so all that may be the declarant's are tried.
void cusres(const edifact::AnswerReferences& answer, const edifact::InterchangeHeader& unb, Recognition& out,
            edifact::Action& overall) {
  static constexpr std::array<std::string_view, 5> declarants = {"ABE", "ABO", "ACW", "AAZ", "LRN"};
  static constexpr std::array<std::string_view, 3> customs = {"ABT", "AAE", "MRN"};
  const std::string scope = scope_of(unb.recipient, unb.sender);
  for (const edifact::Reference& rff : answer.message.references)
    if (std::find(declarants.begin(), declarants.end(), rff.qualifier) != declarants.end())
      echo(out, {"edifact-document", scope, rff.value});
  echo(out, {"edifact-document", scope, answer.message.document_number});
  for (const edifact::Reference& rff : answer.message.references)
    if (std::find(customs.begin(), customs.end(), rff.qualifier) != customs.end() && !rff.value.empty()) {
      out.references.push_back({"mrn", {}, rff.value});
      echo(out, {"mrn", {}, rff.value});
    }
  // It proves that the declaration came in; what Customs decided stands in segments that each guide fills its own way.
  weigh(edifact::Action::received, overall);
}

// BGM of the first message, when the interchange goes on behind what was read.
void describe_start(std::string_view head, Recognition& out) {
  const auto start = edifact::find_start(head);
  if (!start) return;
  edifact::SegmentReader reader(head, *start, {});
  constexpr int near = 5;  // UNB, UNH, BGM, with a group's header between them at most
  for (int i = 0; i < near; ++i) {
    const auto segment = reader.next();
    if (!segment || !*segment) return;
    if ((*segment)->tag() != "BGM") continue;
    set_unless_empty(out, "edifact.bgm.code", (*segment)->value(1));
    return;
  }
}

}  // namespace

bool recognise_edifact(std::string_view head, Side side, Recognition& out) {
  if (!edifact::looks_like_edifact(head)) return false;
  const auto header = edifact::read_header(head);
  if (!header) {
    out.attributes.set("edifact.fault", header.error().what);
    return true;
  }
  const edifact::InterchangeHeader& unb = header->interchange;
  describe_header(unb, header->first_message, side, out);
  const auto answers = edifact::read_answers(head);
  if (!answers) {
    if (head.size() < inline_content_limit) out.attributes.set("edifact.fault", answers.error().what);
    key_message(unb, header->first_message, out);
    describe_start(head, out);
    return true;
  }
  out.attributes.set("edifact.unh.count", std::to_string(answers->size()));
  edifact::Action overall = edifact::Action::unknown;
  std::size_t count = 0;
  for (const edifact::AnswerReferences& answer : *answers) {
    if (count++ < most_messages) key_message(unb, answer.message, out);
    if (answer.contrl())
      contrl(answer, unb, out, overall);
    else if (answer.message.type == "CUSRES")
      cusres(answer, unb, out, overall);
  }
  if (!answers->empty()) describe_document(answers->front().message, out);
  if (!out.answers_to.empty()) out.attributes.set_if_absent(attribute::kind, "answer");
  if (overall != edifact::Action::unknown) out.attributes.set_if_absent(attribute::answer, edifact::to_string(overall));
  return true;
}

}  // namespace sluis::routing
