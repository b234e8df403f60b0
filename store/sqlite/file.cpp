#include "store/sqlite/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluis::sqlite {

namespace {

Error io_error(std::string_view doing, const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return Error{full ? "store.full" : "store.io", fmt::format("cannot {} {}: {}", doing, path, std::strerror(error))};
}

Error sync_error(const std::string& path, int error) {
  return Error{"store.fsync",
               fmt::format("cannot sync {}: {}; what the disk holds now is not known", path, std::strerror(error))};
}

}  // namespace

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<File> open_file(Disk& disk, const std::string& path, int flags) {
  const int fd = disk.open(path.c_str(), flags);
  if (fd < 0) return io_error("open", path, errno);
  return File{fd};
}

Result<std::uint64_t> file_size(const File& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return io_error("look at", path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Status write_at(Disk& disk, const File& file, std::string_view bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = disk.write(file.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return io_error("write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Result<std::size_t> read_at(const File& file, std::span<char> into, std::uint64_t offset, const std::string& path) {
  std::size_t have = 0;
  while (have < into.size()) {
    const ssize_t got = ::pread(file.fd(), into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
    if (got < 0) {
      if (errno == EINTR) continue;
      return io_error("read", path, errno);
    }
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

Status sync_file(Disk& disk, const File& file, const std::string& path) {
  if (disk.sync(file.fd()) == 0) return {};
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT) return io_error("sync", path, error);
  return sync_error(path, error);
}

Status sync_folder(Disk& disk, const std::string& folder) {
  auto opened = open_file(disk, folder, O_RDONLY | O_DIRECTORY);
  if (!opened.ok()) return opened.error();
  if (disk.sync(opened.value().fd()) != 0) return sync_error(folder, errno);
  return {};
}

Status make_folder(Disk& disk, const std::string& folder) {
  if (disk.make_folder(folder.c_str()) != 0 && errno != EEXIST) return io_error("make the folder", folder, errno);
  return {};
}

Status rename_file(Disk& disk, const std::string& from, const std::string& to) {
  if (disk.rename(from.c_str(), to.c_str()) != 0) return io_error(fmt::format("rename {} to", from), to, errno);
  return {};
}

std::uint64_t free_octets(const std::string& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace sluis::sqlite
