// Gates: what a delivery waits for before it may leave (core/store/gate.h).
#pragma once

#include "core/store/gate.h"
#include "store/sqlite/deliveries.h"

namespace sluis::sqlite {

// Puts the delivery behind those of the gates that no stored answer has opened yet. An answer that is being planned
// while this one is comes before or after it in the writer, so one of the two sees the other. True: it waits.
bool shut_gates(Work& work, DeliveryId delivery, const std::vector<Gate>& gates);
// Still shut, in a fixed order.
std::vector<Gate> gates_of(Connection& db, DeliveryId delivery);
bool has_gates(Connection& db, DeliveryId delivery);

// Opens what this message opens for every delivery that waits.
void open_gates_by(Work& work, const Message& answer, WallTime at);
// Opens all gates of one delivery. False when it has none.
bool open_gates_of(Work& work, DeliveryRow& row, WallTime at);

}  // namespace sluis::sqlite
