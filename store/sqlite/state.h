// Channels' durable key/value state, and leases.
#pragma once

#include "store/sqlite/work.h"

namespace sluis::sqlite {

void write_state(Work& work, std::string_view channel, const std::vector<StateWrite>& writes);

}  // namespace sluis::sqlite
