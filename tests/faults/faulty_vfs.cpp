#include "tests/faults/faulty_vfs.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "tests/faults/faulty_disk.h"

namespace sluis::faults {

namespace {

struct Vfs {
  sqlite3_vfs base{};
  std::string name;
  FaultyDisk* disk = nullptr;
  sqlite3_vfs* real = nullptr;
};

// As SQLite lays it out: its own part first, the real file's behind it, in memory that SQLite allocates.
struct FaultyFile {
  sqlite3_file base{};
  FaultyDisk* disk = nullptr;
  FaultyDisk::Node node;      // null: not below the disk's folder (temporary files)
  std::string unsynced_name;  // the folder whose names go with the first sync: a WAL or a journal that was made
  sqlite3_file* real = nullptr;
};

FaultyFile& self(sqlite3_file* file) {
  return *reinterpret_cast<FaultyFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return self(file).real;
}

int write_code(int error) {
  return error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int close(sqlite3_file* file) {
  FaultyFile& it = self(file);
  const int code = it.real->pMethods == nullptr ? SQLITE_OK : it.real->pMethods->xClose(it.real);
  it.~FaultyFile();
  return code;
}

int read(sqlite3_file* file, void* into, int n, sqlite3_int64 from) {
  return real(file)->pMethods->xRead(real(file), into, n, from);
}

int write(sqlite3_file* file, const void* bytes, int n, sqlite3_int64 at) {
  FaultyFile& it = self(file);
  if (!it.node) return it.real->pMethods->xWrite(it.real, bytes, n, at);
  int code = SQLITE_OK;
  const int error =
      it.disk->change(it.node, static_cast<std::uint64_t>(at),
                      {static_cast<const char*>(bytes), static_cast<std::size_t>(n)}, [&](std::string_view part) {
                        code = it.real->pMethods->xWrite(it.real, part.data(), static_cast<int>(part.size()), at);
                        return code == SQLITE_OK ? 0 : EIO;
                      });
  if (code != SQLITE_OK) return code;
  return error == 0 ? SQLITE_OK : write_code(error);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  FaultyFile& it = self(file);
  if (!it.node) return it.real->pMethods->xTruncate(it.real, size);
  const int error = it.disk->cut_off(it.node, static_cast<std::uint64_t>(size), [&] {
    return it.real->pMethods->xTruncate(it.real, size) == SQLITE_OK ? 0 : EIO;
  });
  return error == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

// The real file is not synced: only the shadow knows what a power cut leaves, and the test is quicker.
int sync(sqlite3_file* file, int flags) {
  FaultyFile& it = self(file);
  if (!it.node) return it.real->pMethods->xSync(it.real, flags);
  if (it.disk->synced(it.node, it.unsynced_name) != 0) return SQLITE_IOERR_FSYNC;
  it.unsynced_name.clear();
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int file_control(sqlite3_file* file, int what, void* with) {
  // A size hint or a chunk size would change the file behind the shadow's back.
  if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
  return real(file)->pMethods->xFileControl(real(file), what, with);
}
int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  return real(file)->pMethods->xShmMap(real(file), region, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

// Version 2: no mapped reads, so that every page goes through here.
const sqlite3_io_methods methods = {2,
                                    close,
                                    read,
                                    write,
                                    truncate,
                                    sync,
                                    file_size,
                                    lock,
                                    unlock,
                                    check_reserved_lock,
                                    file_control,
                                    sector_size,
                                    characteristics,
                                    shm_map,
                                    shm_lock,
                                    shm_barrier,
                                    shm_unmap,
                                    nullptr,
                                    nullptr};

Vfs& owner(sqlite3_vfs* vfs) {
  return *static_cast<Vfs*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  Vfs& of = owner(vfs);
  auto* it = new (file) FaultyFile;
  it->disk = of.disk;
  it->real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(FaultyFile));
  it->real->pMethods = nullptr;
  it->base.pMethods = nullptr;
  if (path != nullptr) {
    int error = 0;
    const bool made = (flags & SQLITE_OPEN_CREATE) != 0;
    it->node = of.disk->opened(path, made, error);
    if (error != 0) {
      it->~FaultyFile();
      return error == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN;
    }
    if (made && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0)
      it->unsynced_name = std::string(path, std::strrchr(path, '/'));
  }
  const int code = of.real->xOpen(of.real, path, it->real, flags, out_flags);
  if (code != SQLITE_OK) {
    it->~FaultyFile();
    return code;
  }
  it->base.pMethods = &methods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int and_sync) {
  Vfs& of = owner(vfs);
  int code = SQLITE_OK;
  const int error = of.disk->removed(path, and_sync != 0, [&] {
    code = of.real->xDelete(of.real, path, 0);
    return code == SQLITE_OK ? 0 : EIO;
  });
  if (code != SQLITE_OK) return code;
  return error == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

int access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return owner(vfs).real->xAccess(owner(vfs).real, path, flags, out);
}
int full_path(sqlite3_vfs* vfs, const char* path, int n, char* out) {
  return owner(vfs).real->xFullPathname(owner(vfs).real, path, n, out);
}
int randomness(sqlite3_vfs* vfs, int n, char* out) {
  return owner(vfs).real->xRandomness(owner(vfs).real, n, out);
}
int sleep(sqlite3_vfs* vfs, int microseconds) {
  return owner(vfs).real->xSleep(owner(vfs).real, microseconds);
}
int current_time(sqlite3_vfs* vfs, double* out) {
  return owner(vfs).real->xCurrentTime(owner(vfs).real, out);
}
int last_error(sqlite3_vfs* vfs, int n, char* out) {
  return owner(vfs).real->xGetLastError(owner(vfs).real, n, out);
}

}  // namespace

void register_vfs(const std::string& name, FaultyDisk& disk) {
  auto made = std::make_unique<Vfs>();
  made->name = name;
  made->disk = &disk;
  made->real = sqlite3_vfs_find(nullptr);
  if (made->real == nullptr) throw std::runtime_error("SQLite has no default VFS");
  sqlite3_vfs& base = made->base;
  base.iVersion = 1;
  base.szOsFile = static_cast<int>(sizeof(FaultyFile)) + made->real->szOsFile;
  base.mxPathname = made->real->mxPathname;
  base.zName = made->name.c_str();
  base.pAppData = made.get();
  base.xOpen = open;
  base.xDelete = remove;
  base.xAccess = access;
  base.xFullPathname = full_path;
  base.xRandomness = randomness;
  base.xSleep = sleep;
  base.xCurrentTime = current_time;
  base.xGetLastError = last_error;
  if (sqlite3_vfs_register(&base, 0) != SQLITE_OK) throw std::runtime_error("cannot register a VFS");
  made.release();  // SQLite's, until unregister_vfs()
}

void unregister_vfs(const std::string& name) {
  sqlite3_vfs* base = sqlite3_vfs_find(name.c_str());
  if (base == nullptr) return;
  sqlite3_vfs_unregister(base);
  delete &owner(base);
}

}  // namespace sluis::faults
