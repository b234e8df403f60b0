#include <algorithm>

#include "adapters/digipoort/sandbox/answers.h"
#include "protocols/edifact/interchange.h"
#include "protocols/edifact/writer.h"

namespace sluis::sandbox::digipoort {
namespace {

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// 0085 of UCI (ISO 9735, code list 0085): what was wrong with the interchange.
std::string syntax_error(const Error& error) {
  if (error.code == "edifact.count") return "29";      // control count does not match
  if (error.code == "edifact.reference") return "28";  // references do not match
  if (error.code == "edifact.charset") return "21";    // invalid character(s)
  return "18";                                         // unspecified error
}

edifact::InterchangeHeader back(const edifact::InterchangeHeader& submitted, const AnswerContext& context, char kind) {
  edifact::InterchangeHeader header;
  header.separators = submitted.separators;
  header.una = submitted.una;
  header.syntax_id = submitted.syntax_id;
  header.version = submitted.version;
  // What was read became UTF-8: outside ASCII only UNOW is that.
  if (!ascii(submitted.sender.id + submitted.recipient.id + submitted.control_reference)) header.syntax_id = "UNOW";
  header.sender = submitted.recipient;
  header.recipient = submitted.sender;
  const std::string now = to_rfc3339(context.now);  // 2026-01-01T00:00
  header.date = now.substr(2, 2) + now.substr(5, 2) + now.substr(8, 2);
  header.time = now.substr(11, 2) + now.substr(14, 2);
  header.control_reference = context.serial + kind;
  header.test_indicator = submitted.test_indicator;
  return header;
}

Answer contrl(const edifact::InterchangeHeader& submitted, const AnswerContext& context, const std::string& action,
              const std::string& error) {
  edifact::InterchangeWriter writer(back(submitted, context, 'C'));
  edifact::MessageHeader message;
  message.reference = "1";
  message.type = "CONTRL";
  message.version = "2";
  message.release = "2";
  message.agency = "UN";
  writer.begin_message(message);
  writer.segment("UCI", {{submitted.control_reference},
                         {submitted.sender.id, submitted.sender.qualifier},
                         {submitted.recipient.id, submitted.recipient.qualifier},
                         {action},
                         {error}});
  writer.end_message();
  return {"CONTRL", "application/EDIFACT", "contrl.edi", writer.finish(), true};
}

Answer cusres(const edifact::Interchange& submitted, const AnswerContext& context) {
  auto header = back(submitted, context, 'R');
  for (const edifact::MessageHeader& message : submitted.messages) {
    bool plain = ascii(message.document_number);
    for (const edifact::Reference& reference : message.references) plain = plain && ascii(reference.value);
    if (!plain) header.syntax_id = "UNOW";
  }
  edifact::InterchangeWriter writer(header);
  std::size_t number = 0;
  for (const edifact::MessageHeader& declaration : submitted.messages) {
    edifact::MessageHeader message;
    message.reference = std::to_string(++number);
    message.type = "CUSRES";
    message.version = "D";
    message.release = "96B";
    message.agency = "UN";
    message.document_name_code = "962";  // document response (customs), code list 1001
    message.document_number = declaration.document_number;
    message.references = declaration.references;
    if (!declaration.document_number.empty())
      message.references.push_back({"ABE", declaration.document_number});  // declarant's reference number
    message.references.push_back(
        {"MRN", movement_reference(context.now, submitted.sender.id + "|" + submitted.control_reference + "|" +
                                                    declaration.reference)});
    writer.begin_message(message);
    writer.end_message();
  }
  return {"CUSRES", "application/EDIFACT", "cusres.edi", writer.finish(), false};
}

}  // namespace

Answers edifact_answers(std::string_view payload, const AnswerContext& context) {
  Answers out;
  const auto interchange = edifact::read_interchange(payload);
  if (interchange) {
    out.reference = interchange->control_reference;
    out.answers.push_back(contrl(*interchange, context, context.refuse ? "4" : "8", context.refuse ? "18" : ""));
    if (!context.refuse && !interchange->messages.empty()) out.answers.push_back(cusres(*interchange, context));
    return out;
  }
  const auto header = edifact::read_header(payload);
  if (!header) {
    out.why_none = "no interchange header to answer to: " + header.error().what;
    return out;
  }
  out.reference = header->interchange.control_reference;
  out.answers.push_back(contrl(header->interchange, context, "4", syntax_error(interchange.error())));
  return out;
}

}  // namespace sluis::sandbox::digipoort
