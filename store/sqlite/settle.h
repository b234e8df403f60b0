// Settlement from elsewhere: an acknowledgment, an answer, a DSN, a customer's POP3 QUIT.
#pragma once

#include "store/sqlite/deliveries.h"

namespace sluis::sqlite {

// Monotonic and idempotent, by transitions.h. Errors: "settle.unknown" when nothing carries the reference,
// "settle.refused" when the delivery's state does not take it (a cancelled one); the refusal stands on the delivery's
// timeline. `arrived`: the message that brought it, if one did.
Status settle(Work& work, const Settlement& settlement, const std::optional<MessageId>& arrived, WallTime at);

}  // namespace sluis::sqlite
