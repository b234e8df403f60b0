// libxml2 as this house uses it (DESIGN §6, §7): initialised once, silent, with no way to the disk or the network.
#pragma once

#include "core/runtime/export.h"

namespace sluis::xml {

// Call before any use of libxml2, from any thread, as often as wanted; cheap after the first time in a thread.
//
// Afterwards the process has no external entity loader: xmlReadFile, xinclude and schema imports by location fail. What
// needs a document reads it from memory. Error messages go to nobody; each parser context keeps its last one.
SLUIS_PROTOCOLS_API void use_library();

}  // namespace sluis::xml
