#include "adapters/directory/pickup.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <variant>

#include "adapters/directory/file_name.h"
#include "adapters/directory/open_file.h"

namespace sluis::directory {

namespace {

std::string reason(int code) { return std::strerror(code); }   // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe

FileStamp stamp_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
          static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

struct CloseDirectory {
  void operator()(DIR* d) const { ::closedir(d); }
};

}  // namespace

void Pickup::renamed_in(std::string_view name) { renamed_.emplace(name); }

Result<Pickup::Scan> Pickup::scan(MonoTime now) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(folder_.c_str()));
  if (directory == nullptr)
    return Error{errno == ENOENT || errno == ENOTDIR ? "pickup.missing" : "pickup.io", fmt::format("{}: {}", folder_, reason(errno))};
  Scan result;
  std::map<std::string, Seen, std::less<>> seen;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());   // NOLINT(concurrency-mt-unsafe): one stream, one thread
    if (entry == nullptr) {
      if (errno != 0) return Error{"pickup.io", fmt::format("{}: {}", folder_, reason(errno))};
      break;
    }
    const std::string name = entry->d_name;
    if (is_being_written(name)) continue;
    struct stat info {};
    if (::fstatat(::dirfd(directory.get()), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    const FileStamp stamp = stamp_of(info);
    const auto before = seen_.find(name);
    const MonoTime since = before != seen_.end() && before->second.stamp == stamp ? before->second.since : now;
    seen[name] = Seen{stamp, since};
    if (renamed_.contains(name) || now - since >= stable_for_) result.complete.push_back(name);
    else result.waiting = true;
  }
  seen_ = std::move(seen);
  std::erase_if(renamed_, [&](const std::string& name) { return !seen_.contains(name); });
  std::sort(result.complete.begin(), result.complete.end());
  return result;
}

std::variant<TakenFile, TakeError> take_file(const std::string& folder, const std::string& name, std::uint64_t size_most, ContentStore& store) {
  const std::string path = folder + "/" + name;
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return TakeError{TakeTrouble::vanished, "gone before it was read"};
    if (errno == ELOOP) return TakeError{TakeTrouble::not_regular, "is a link"};
    return TakeError{TakeTrouble::io, fmt::format("{}: {}", path, reason(errno))};
  }
  struct stat before {};
  if (::fstat(file.get(), &before) != 0) return TakeError{TakeTrouble::io, fmt::format("{}: {}", path, reason(errno))};
  if (!S_ISREG(before.st_mode)) return TakeError{TakeTrouble::not_regular, "is not a regular file"};
  if (before.st_size == 0) return TakeError{TakeTrouble::empty, "the file is empty"};
  if (static_cast<std::uint64_t>(before.st_size) > size_most)
    return TakeError{TakeTrouble::too_large, fmt::format("the file has {} octets, at most {} are taken (max-size)", before.st_size, size_most)};
  const auto writer = store.write();
  std::array<char, 64 * 1024> buffer{};
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return TakeError{TakeTrouble::io, fmt::format("{}: {}", path, reason(errno))};
    if (n == 0) break;
    total += static_cast<std::uint64_t>(n);
    if (total > static_cast<std::uint64_t>(before.st_size)) return TakeError{TakeTrouble::changed, "grew while it was read"};
    if (auto written = writer->write({buffer.data(), static_cast<std::size_t>(n)}); !written) return TakeError{TakeTrouble::io, written.error().what};
  }
  struct stat after {};
  if (::fstat(file.get(), &after) != 0 || stamp_of(after) != stamp_of(before) || total != static_cast<std::uint64_t>(after.st_size))
    return TakeError{TakeTrouble::changed, "changed while it was read"};
  auto content = writer->finish();
  if (!content) return TakeError{TakeTrouble::io, content.error().what};
  return TakenFile{std::move(*content), stamp_of(before)};
}

Status clear_file(const std::string& folder, const std::string& name, const FileStamp& stamp, const std::string& into) {
  const std::string path = folder + "/" + name;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return Error{"pickup.io", fmt::format("{}: {}", path, reason(errno))};
  }
  if (stamp_of(info) != stamp) return Error{"pickup.changed", fmt::format("{}: another file has this name now", path)};
  if (into.empty()) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error{"pickup.io", fmt::format("cannot remove {}: {}", path, reason(errno))};
    return {};
  }
  const std::string target = folder + "/" + into;
  if (::mkdir(target.c_str(), 0750) != 0 && errno != EEXIST) return Error{"pickup.io", fmt::format("cannot make {}: {}", target, reason(errno))};
  if (::rename(path.c_str(), (target + "/" + name).c_str()) != 0) return Error{"pickup.io", fmt::format("cannot move {}: {}", path, reason(errno))};
  return {};
}

DedupeKey dedupe_key(std::string_view customer, std::string_view name, const TakenFile& file) {
  // The hash is part of the key, so that an inode used again within one tick of the clock is not taken for the old file.
  return {fmt::format("{}/{}/{:x}.{:x}/{:x}/{}", customer, name, file.stamp.device, file.stamp.inode, file.stamp.modified_ns,
                      to_hex(file.content.sha256))};
}

}  // namespace sluis::directory
