#include "routing/recognise.h"

namespace sluis::routing {

bool recognise_edifact(std::string_view, Side, Recognition&) { return false; }

}  // namespace sluis::routing
