// What the authority behind Digipoort answers to a payload. Pure: the same payload and mail give the same answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/clock.h"

namespace sluis::sandbox::digipoort {

struct Answer {
  std::string name;  // "CONTRL", "CUSRES", "XML": in the ledger, the subject and the Message-ID
  std::string media_type;
  std::string file_name;
  std::string payload;
  bool at_once = false;  // else after --answer-after
};

struct Answers {
  std::vector<Answer> answers;
  std::string reference;  // UNB 0020, MessageIdentification or RN of what was submitted; empty when it has none
  std::string why_none;   // a sentence, when there is no answer
};

struct AnswerContext {
  WallTime now;
  std::string serial;   // of the mail: capital letters and digits, at most 12; references of answers are made of it
  bool refuse = false;  // as if the authority did not like it
};

// An interchange: CONTRL at once, UCI action 8 (received) or 4 when it is malformed or refused; behind 8 a CUSRES with
// the declaration's document number and references, and an MRN. XML: an answer of the same namespace whose
// CorrelationIdentifier is the MessageIdentification, or, for NLERS, with the RN and a return status (digipoort.md
// §2). What CUSRES and NLERS answers of the authority look like is not public: these have the shape of their standards.
// [Threading] any thread.
Answers answers_to(std::string_view payload, const AnswerContext& context);
Answers edifact_answers(std::string_view payload, const AnswerContext& context);
Answers xml_answers(std::string_view payload, const AnswerContext& context);

// Eighteen characters with the year, NL and what is made of `key`: the same declaration gets the same MRN.
std::string movement_reference(WallTime now, std::string_view key);

}  // namespace sluis::sandbox::digipoort
