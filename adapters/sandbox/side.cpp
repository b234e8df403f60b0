#include "adapters/sandbox/side.h"

namespace sluis::sandbox {
namespace {

std::vector<SideKind>& kinds() {
  static std::vector<SideKind> all;
  return all;
}

}  // namespace

bool register_side(SideKind kind) {
  kinds().push_back(std::move(kind));
  return true;
}

const std::vector<SideKind>& side_kinds() {
  return kinds();
}

}  // namespace sluis::sandbox
