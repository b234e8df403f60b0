#include "gateway/seal_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluis::gateway {

namespace {

Error trouble(const std::string& file, std::string_view what, int code) {
  return {"seal.key", fmt::format("{}: {}: {}", file, what, std::strerror(code))};   // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe
}

}  // namespace

std::string seal_key_file(std::string data) {
  while (data.size() > 1 && data.back() == '/') data.pop_back();
  return data + ".seal-key";
}

Result<Secret> read_seal_key(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return trouble(file, "cannot be read", errno);
  std::string key(33, '\0');
  const ssize_t n = ::read(fd, key.data(), key.size());
  struct stat info {};
  const bool open_to_others = ::fstat(fd, &info) == 0 && (info.st_mode & 077) != 0;
  ::close(fd);
  if (n != 32) return Error{"seal.key", fmt::format("{}: is not a seal key of 32 octets", file)};
  if (open_to_others) return Error{"seal.key", fmt::format("{}: others can read it; chmod 600", file)};
  key.resize(32);
  return Secret{std::move(key)};
}

Result<Secret> read_or_make_seal_key(const std::string& file, Random& random, const Log& log) {
  if (::access(file.c_str(), F_OK) == 0 || errno != ENOENT) return read_seal_key(file);
  std::string fresh(32, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(fresh.data()), fresh.size()});
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return trouble(file, "cannot be made", errno);
  const bool written = ::write(fd, fresh.data(), fresh.size()) == static_cast<ssize_t>(fresh.size()) && ::fsync(fd) == 0;
  const int code = errno;
  ::close(fd);
  if (!written) return trouble(file, "cannot be written", code);
  log.info("seal.key", "made the key of the timeline's seals", {{"file", file}});
  return Secret{std::move(fresh)};
}

}  // namespace sluis::gateway
