// SQLite on a faulty disk: a shim over the default VFS. Memory shared between connections and locks are the real ones.
#pragma once

#include <string>

namespace sluis::faults {

class FaultyDisk;

// [Lifetime] the disk's, until unregister_vfs(); no connection is open then.
void register_vfs(const std::string& name, FaultyDisk& disk);
void unregister_vfs(const std::string& name);

}  // namespace sluis::faults
