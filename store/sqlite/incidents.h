// Incidents: conditions a human must know of, latched by key.
#pragma once

#include "store/sqlite/rows.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

// Opening an open one counts and keeps the latest words; closing one that is not open changes nothing.
void change_incident(Work& work, const IncidentChange& change);

}  // namespace sluis::sqlite
