// The key of the timeline's seals (DESIGN §3.3). It lies beside the data directory, not in it: a copy or a restore of the
// data does not bring the means to seal it again.
#pragma once

#include <string>

#include "core/runtime/log.h"
#include "core/runtime/random.h"
#include "core/runtime/result.h"
#include "core/runtime/secret.h"

namespace sluis::gateway {

// Where the key of a data directory lies.
std::string seal_key_file(std::string data);

// Error "seal.key": it is not there or not readable, not 32 octets, or others can read it.
Result<Secret> read_seal_key(const std::string& file);
// A key that is not there is made, and synced before anything is sealed with it.
Result<Secret> read_or_make_seal_key(const std::string& file, Random& random, const Log& log);

}  // namespace sluis::gateway
