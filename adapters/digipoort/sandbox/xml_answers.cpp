#include <algorithm>
#include <optional>

#include "adapters/digipoort/sandbox/answers.h"
#include "protocols/xml/outline.h"
#include "protocols/xml/writer.h"

namespace sluis::sandbox::digipoort {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

const xml::Field* find(const xml::Outline& outline, std::initializer_list<std::string_view> names) {
  for (const xml::Field& field : outline.fields) {
    const std::string name = lower(field.path.substr(field.path.rfind('/') + 1));
    if (!field.cut && std::find(names.begin(), names.end(), name) != names.end()) return &field;
  }
  return nullptr;
}

std::string value(const xml::Field* field) {
  return field == nullptr ? std::string() : field->value;
}

// The EU's ERS answers with RET: the record number and a return status, 000 for accepted; NLERS is its child.
std::optional<Answer> logbook_answer(const xml::Outline& outline, const std::string& number,
                                     const AnswerContext& context) {
  const std::string now = to_rfc3339(context.now);
  xml::Writer writer;
  writer.start("NLERS").attribute("xmlns", outline.root.namespace_uri);
  writer.element("NAD", value(find(outline, {"nfr"}))).element("NFR", value(find(outline, {"nad"})));
  writer.element("RN", context.serial + "X").element("RD", now.substr(0, 10)).element("RT", now.substr(11, 5));
  writer.start("NLRET").element("RN", number).element("RS", context.refuse ? "104" : "000").end();
  writer.end();
  auto document = writer.finish();
  if (!document) return std::nullopt;
  return Answer{"XML", "application/xml", "answer.xml", std::move(document).value(), false};
}

std::optional<Answer> message_answer(const xml::Outline& outline, const std::string& identification,
                                     const AnswerContext& context) {
  xml::Writer writer;
  writer.start(context.refuse ? "MessageRefused" : "MessageAccepted");
  if (!outline.root.namespace_uri.empty()) writer.attribute("xmlns", outline.root.namespace_uri);
  writer.start("MessageHeader");
  writer.element("MessageSender", value(find(outline, {"messagerecipient", "mesrecmes6"})));
  writer.element("MessageRecipient", value(find(outline, {"messagesender", "messenmes3"})));
  writer.element("PreparationDateAndTime", to_rfc3339(context.now));
  writer.element("MessageIdentification", context.serial + "X");
  writer.element("CorrelationIdentifier", identification);
  writer.end();
  writer.start("Response");
  if (const auto lrn = value(find(outline, {"lrn", "localreferencenumber", "refnumhea4", "functionalreferenceid"}));
      !lrn.empty())
    writer.element("LRN", lrn);
  if (!context.refuse) writer.element("MRN", movement_reference(context.now, identification));
  writer.end().end();
  auto document = writer.finish();
  if (!document) return std::nullopt;
  return Answer{"XML", "application/xml", "answer.xml", std::move(document).value(), false};
}

}  // namespace

Answers xml_answers(std::string_view payload, const AnswerContext& context) {
  Answers out;
  const auto outline = xml::read_outline(payload);
  if (!outline) {
    out.why_none = "neither EDIFACT nor XML: " + outline.error().what;
    return out;
  }
  std::optional<Answer> answer;
  if (outline->root.local_name == "NLERS") {
    const std::string* number = outline->field("RN");
    out.reference = number == nullptr ? std::string() : *number;
    if (!out.reference.empty()) answer = logbook_answer(*outline, out.reference, context);
  } else {
    out.reference = value(find(*outline, {"messageidentification", "messageidentifier", "mesidemes19"}));
    if (!out.reference.empty()) answer = message_answer(*outline, out.reference, context);
  }
  if (answer)
    out.answers.push_back(std::move(*answer));
  else
    out.why_none = "the document has no identification to answer to";
  return out;
}

}  // namespace sluis::sandbox::digipoort
