#include "core/store/gate.h"

namespace sluis {

std::string Gate::text() const {
  switch (opened_by) {
    case OpenedBy::operator_only: return "operator";
    case OpenedBy::acceptance: return "answer/" + about.text();
    case OpenedBy::attribute: return "attribute/" + about.text() + '/' + attribute;
  }
  return {};
}

bool is_answer(const Message& message) {
  return message.in_reply_to && !message.from.empty() && message.attributes.get(attribute::kind) != "submission";
}

bool opens(const Message& message, const Gate& gate) {
  if (!is_answer(message) || *message.in_reply_to != gate.about) return false;
  switch (gate.opened_by) {
    case Gate::OpenedBy::operator_only: return false;
    case Gate::OpenedBy::acceptance: return message.attributes.get(attribute::answer) == "accepted";
    case Gate::OpenedBy::attribute: return message.attributes.has(gate.attribute);
  }
  return false;
}

}  // namespace sluis
