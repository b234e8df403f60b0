// The tables, and how an older database becomes today's.
#pragma once

#include "core/runtime/result.h"
#include "store/sqlite/connection.h"

namespace sluis::sqlite {

inline constexpr int schema_version = 1;

// Brings the database to schema_version, each step in a transaction of its own with the version written in it.
// Error "store.schema" when the database is newer than this program. Throws Failure.
Status migrate(Connection& writer, const std::string& file);

}  // namespace sluis::sqlite
