// The tables, and how an older database becomes today's.
#pragma once

#include <span>

#include "core/runtime/result.h"
#include "store/sqlite/connection.h"

namespace sluis::sqlite {

inline constexpr int schema_version = 1;

// The steps from nothing to schema_version: the n-th makes version n of version n - 1.
std::span<const char* const> schema_steps();

// Takes the steps that the database does not have yet, each in a transaction of its own with the version written in it: a
// crash in between leaves a whole version, and the next start goes on from there.
// Error "store.schema" when the database is newer than the steps. Throws Failure; the step that failed is rolled back.
Status migrate(Connection& writer, const std::string& file, std::span<const char* const> steps = schema_steps());

}  // namespace sluis::sqlite
