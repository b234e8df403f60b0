#include "store/sqlite/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace sluis::sqlite {

int Disk::open(const char* path, int flags) {
  return ::open(path, flags | O_CLOEXEC, 0640);
}

ssize_t Disk::write(int fd, const char* bytes, std::size_t n, off_t from) {
  return ::pwrite(fd, bytes, n, from);
}

int Disk::sync(int fd) {
  return ::fdatasync(fd);
}

int Disk::make_folder(const char* path) {
  return ::mkdir(path, 0750);
}

int Disk::rename(const char* from, const char* to) {
  return ::rename(from, to);
}

int Disk::remove(const char* path) {
  return ::unlink(path);
}

Disk& Disk::system() {
  static Disk disk;
  return disk;
}

}  // namespace sluis::sqlite
