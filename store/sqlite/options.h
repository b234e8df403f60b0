// How a SQLite store is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "core/runtime/secret.h"
#include "store/sqlite/disk.h"

namespace sluis::sqlite {

struct Options {
  std::string folder;                             // the data directory; made when it is not there
  Secret seal_key;                                // keys the seals; lies outside the data directory (DESIGN §3.3)
  std::size_t batch_most = 128;                   // commands in one commit
  std::uint64_t low_water_bytes = 256ULL << 20U;  // free space below which nothing new is accepted
  std::uint64_t segment_bytes = 256ULL << 20U;    // a segment file is followed by the next one from this size on
  std::size_t read_connections = 4;               // kept open; more are opened when more readers live at once
  int key_period_days = 7;                        // one key table for so many days; see keys.h
  int checkpoint_pages = 4000;                    // pages in the WAL from which the writer checkpoints
  // own_thread: production. manual: nothing happens until SqliteStore::pump(), on the caller's thread; model tests.
  enum class Threading { own_thread, manual } threading = Threading::own_thread;

  // The disk, as tests replace it. [Threading] any thread.
  std::function<std::uint64_t()> free_space;  // octets an unprivileged process may still write; empty: statvfs(folder)
  Disk* disk = nullptr;                       // under segments and spool; null: Disk::system()
  std::string vfs;                            // the SQLite VFS by name; empty: the default one
};

}  // namespace sluis::sqlite
