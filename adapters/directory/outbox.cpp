#include "adapters/directory/outbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "adapters/directory/open_file.h"

namespace sluis::directory {

namespace {

Error io_error(std::string_view what, const std::string& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return Error{full ? "outbox.full" : "outbox.io", fmt::format("{} {}: {}", what, path, std::strerror(code))};   // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe
}

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

using Chunks = std::function<Status(const std::function<Status(std::string_view)>&)>;

// Whether the file has exactly the content's bytes.
Result<bool> holds(int folder, const std::string& name, const Sha256& digest, std::uint64_t size) {
  const OpenFile file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return io_error("cannot read", name);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return io_error("cannot read", name);
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size) return false;
  Sha256Stream stream;
  std::array<char, 64 * 1024> buffer{};
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("cannot read", name);
    if (n == 0) break;
    stream.update({buffer.data(), static_cast<std::size_t>(n)});
  }
  return stream.finish() == digest;
}

Status write_chunks(const std::string& folder, const std::string& name, const Sha256& digest, std::uint64_t size, const Chunks& chunks) {
  const OpenFile directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    if (errno == ENOENT || errno == ENOTDIR) return Error{"outbox.missing", fmt::format("{}: the folder is not there", folder)};
    return io_error("cannot open", folder);
  }
  if (::faccessat(directory.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    const auto same = holds(directory.get(), name, digest, size);
    if (!same) return same.error();
    if (*same) return {};
    return Error{"outbox.exists", fmt::format("{}/{}: another file has this name", folder, name)};
  }
  const std::string temporary = "." + name + ".tmp";
  OpenFile file(::openat(directory.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file) return io_error("cannot create", folder + "/" + temporary);
  const auto give_up = [&](Status status) {
    file.close();
    ::unlinkat(directory.get(), temporary.c_str(), 0);
    return status;
  };
  if (auto written = chunks([&](std::string_view bytes) { return write_all(file.get(), bytes, temporary); }); !written) return give_up(std::move(written));
  if (::fsync(file.get()) != 0) return give_up(io_error("cannot make durable", folder + "/" + temporary));
  file.close();
  // renameat2(NOREPLACE) would be stricter; a customer's network file system may not have it, and the name holds our own id.
  if (::renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) != 0) return give_up(io_error("cannot rename to", folder + "/" + name));
  // Until the folder itself is on disk a power cut can take the file back; the delivery is not settled before.
  if (::fsync(directory.get()) != 0) return io_error("cannot make durable", folder);
  return {};
}

}  // namespace

Status write_file(const std::string& folder, const std::string& name, const Content& content, ContentStore& store) {
  return write_chunks(folder, name, content.sha256, content.size, [&](const std::function<Status(std::string_view)>& put) -> Status {
    auto reader = store.open(content);
    if (!reader) return reader.error();
    std::array<char, 64 * 1024> buffer{};
    for (;;) {
      const auto n = (*reader)->read(buffer);
      if (!n) return n.error();
      if (*n == 0) return {};
      if (auto written = put({buffer.data(), *n}); !written) return written;
    }
  });
}

Status write_file(const std::string& folder, const std::string& name, std::string_view bytes) {
  return write_chunks(folder, name, sha256(bytes), bytes.size(), [&](const std::function<Status(std::string_view)>& put) { return put(bytes); });
}

}  // namespace sluis::directory
