#include "store/sqlite/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sluis::sqlite {

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  auto opened = open_file(Disk::system(), path, O_RDWR | O_CREAT);
  if (!opened.ok()) return opened.error();
  File file = std::move(opened).value();
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Error{"store.io", fmt::format("cannot lock {}: {}", path, std::strerror(errno))};
    std::array<char, 32> text{};
    const auto got = read_at(file, text, 0, path);
    std::string holder(text.data(), got.value_or(0));
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return Error{"store.locked",
                 fmt::format("the data directory {} is in use by process {}; a running gateway is reached "
                             "through its control socket",
                             folder, holder.empty() ? "unknown" : holder)};
  }
  if (::ftruncate(file.fd(), 0) != 0)
    return Error{"store.io", fmt::format("cannot write {}: {}", path, std::strerror(errno))};
  if (auto wrote = write_at(Disk::system(), file, fmt::format("{}\n", ::getpid()), 0, path); !wrote.ok())
    return wrote.error();
  return FolderLock{std::move(file)};
}

}  // namespace sluis::sqlite
