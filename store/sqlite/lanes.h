// Lanes: an order key's deliveries as a linked list of those that are not final, each `behind` the one before it; only
// the first is due (DESIGN §2). A delivery that closed its lane stays the first, final as it is, until go-on or until a
// replacement (lane_first) is delivered.
#pragma once

#include "store/sqlite/deliveries.h"

namespace sluis::sqlite {

// The lane's number, made when it is new. A lane without deliveries is forgotten.
std::int64_t lane_id(Work& work, std::string_view text);

// Gives a new delivery its place: at the tail, or with lane_first before all that is not with the peer now. Sets
// row.behind (the caller saves the row); deliveries it steps in front of become blocked.
void enter_lane(Work& work, DeliveryRow& row, WallTime at);

// Takes a delivery that turned final out of its lane, or lets it close the lane; unblocks who comes next. Saves all
// rows.
void leave_lane(Work& work, DeliveryRow& row, DeliveryState from, WallTime at);

// Opens the lane that this refused delivery closed. False when it closes none.
bool open_lane(Work& work, DeliveryRow& row, WallTime at);

}  // namespace sluis::sqlite
