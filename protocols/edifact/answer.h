// Which interchange and message an answer speaks of: what CONTRL echoes, and the document references of CUSRES and
// others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/edifact/interchange.h"

namespace sluis::edifact {

// 0083 in UCI, UCF and UCM. `received` (8) says that it came, not that it is right.
enum class Action { unknown, received, accepted, refused };
SLUIS_PROTOCOLS_API std::string_view to_string(Action action);  // "accepted", …

// UCM, or UCF of a group (then without a type).
struct EchoedMessage {
  std::string reference;
  std::string type;
  Action action = Action::unknown;
  std::string action_code;   // 0083 as it came
  std::string syntax_error;  // 0085
};

// One message of an answer. `sender`, `recipient` and the references echoed are those of what was sent to the
// authority.
struct SLUIS_PROTOCOLS_API AnswerReferences {
  MessageHeader message;              // the answer itself; its BGM and RFF are the document references of CUSRES
  std::string interchange_reference;  // UCI 0020
  Party sender;
  Party recipient;
  Action action = Action::unknown;  // UCI 0083: 4 refused, 7 accepted, 8 received
  std::string action_code;
  std::string syntax_error;
  std::vector<EchoedMessage> messages;
  std::vector<EchoedMessage> groups;

  [[nodiscard]] bool contrl() const { return message.type == "CONTRL"; }
  // What the answer says of one message that was sent: an interchange refused is refused whole; one that is
  // acknowledged is so but for what a UCM refuses.
  [[nodiscard]] Action action_for(std::string_view message_reference) const;
};

// One for each message of the interchange, in order. Errors as read_interchange(), and "edifact.limit.messages" for
// more echoes than Limits::messages. Pure; any thread.
SLUIS_PROTOCOLS_API Result<std::vector<AnswerReferences>> read_answers(std::string_view octets,
                                                                       const Limits& limits = {});

}  // namespace sluis::edifact
