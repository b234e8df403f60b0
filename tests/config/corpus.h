// The configurations of the tests, kept for the check of the JSON Schemas (schema_oracle_test.py).
#pragma once

#include <string>

#include "config/load.h"

namespace sluis::config::tests {

// With SLUIS_SCHEMA_CORPUS in the environment: copies the directory to a numbered folder below it, with errors.json
// (what the check said) and the schemas that belong to it. Without: nothing.
void keep_for_schemas(const std::string& folder, const Loaded& loaded);

}  // namespace sluis::config::tests
