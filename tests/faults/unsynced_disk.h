// A disk that is never made to finish: for tests of logic, where the page cache is durable enough and fdatasync is
// slow.
#pragma once

#include "store/sqlite/disk.h"

namespace sluis::faults {

class UnsyncedDisk final : public sqlite::Disk {
 public:
  int sync(int) override { return 0; }
};

}  // namespace sluis::faults
