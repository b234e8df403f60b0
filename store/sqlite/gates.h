// Gates: keys that a delivery waits for before it may leave (an MRN, an acceptance).
#pragma once

#include "store/sqlite/deliveries.h"

namespace sluis::sqlite {

// Opens the gate for every delivery that waits at it now. A gate is not remembered: who comes later waits for the next
// opening.
void open_gate(Work& work, std::string_view key, const MessageId& opened_by, WallTime at);
// Opens all gates of one delivery. False when it has none.
bool open_gates_of(Work& work, DeliveryRow& row, WallTime at);

}  // namespace sluis::sqlite
