// The calls by which segments and spool change the data directory. SQLite makes its own through its VFS.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace sluis::sqlite {

// Passes each call on as it is; the fault suite stands between. Results and errno as those of the POSIX call named.
// [Ownership] the test's, or the process's; outlives the store. [Threading] any thread.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual int open(const char* path, int flags);                                // open(2), close-on-exec, mode 0640
  virtual ssize_t write(int fd, const char* bytes, std::size_t n, off_t from);  // pwrite(2)
  virtual int sync(int fd);                                                     // fdatasync(2), of a file or a folder
  virtual int make_folder(const char* path);                                    // mkdir(2), mode 0750
  virtual int rename(const char* from, const char* to);
  virtual int remove(const char* path);  // unlink(2)

  static Disk& system();
};

}  // namespace sluis::sqlite
