// What a delivery waits for before it may leave: an operator's word, an answer, or a fact that an answer brings.
#pragma once

#include <string>

#include "core/message/message.h"
#include "core/runtime/export.h"

namespace sluis {

// [Threading] a value.
struct SLUIS_CORE_API Gate {
  enum class OpenedBy { operator_only, acceptance, attribute };
  OpenedBy opened_by = OpenedBy::operator_only;
  MessageId about{};      // the message that must be answered; for operator_only: the delivery's own
  std::string attribute;  // which an answer must carry, for OpenedBy::attribute

  [[nodiscard]] std::string text() const;  // for people: "operator", "answer/<id>", "attribute/<id>/<name>"
  bool operator==(const Gate&) const = default;
};

// Whether the message answers what it refers to: it came by a channel and is no submission. What the gateway makes
// itself (a report, a notice) refers to a message and answers nothing, and so does a customer's own next message.
SLUIS_CORE_API bool is_answer(const Message& message);
// Whether the message opens the gate. A store asks it twice, in the transaction of an Accept: which gates the new
// message opens, and whether a gate of a new delivery is open already by an answer that came first.
SLUIS_CORE_API bool opens(const Message& message, const Gate& gate);

}  // namespace sluis
