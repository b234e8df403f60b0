// The lock on the data directory: one process, one store (DESIGN §3.3). The kernel drops it when the process dies.
#pragma once

#include "store/sqlite/file.h"

namespace sluis::sqlite {

class FolderLock {
 public:
  // Error "store.locked", with the process that holds it.
  static Result<FolderLock> take(const std::string& folder);

 private:
  explicit FolderLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace sluis::sqlite
