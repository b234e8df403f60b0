#include "maildir/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace maildir {

using sluis::Error;
using sluis::Result;
using sluis::Status;

namespace {

Error error_at(const std::string& path) {
  const int code = errno;
  const char* const word = code == ENOENT || code == ENOTDIR  ? "maildir.missing"
                           : code == ENOSPC || code == EDQUOT ? "maildir.full"
                                                              : "maildir.io";
  return Error{word, fmt::format("{}: {}", path, std::strerror(code))};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Status sync_folder(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return error_at(path);
  return {};
}

Result<std::vector<std::string>> names_in(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (folder == nullptr) return error_at(path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get()))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  if (errno != 0) return error_at(path);
  return names;
}

}  // namespace

Result<Folder> Folder::below(std::string_view name) const {
  if (name.empty()) return *this;
  if (name.find_first_of("/\\") != std::string_view::npos || name.starts_with('.') ||
      name.find('\0') != std::string_view::npos)
    return Error{"maildir.name", fmt::format("\"{}\" is no name of a sub-folder", name)};
  return Folder(path_ + "/." + std::string(name));
}

Result<bool> Folder::has(const std::string& name) const {
  struct stat info {};
  if (::lstat((path_ + "/new/" + name).c_str(), &info) == 0) return true;
  // A mail program moves what it has shown to cur and appends its flags behind a colon.
  const auto read = names_in(path_ + "/cur");
  if (!read) return read.error();
  return std::any_of(read->begin(), read->end(),
                     [&](const std::string& one) { return one == name || one.starts_with(name + ":"); });
}

Status Folder::deliver(const std::string& name, const std::function<Result<std::string>()>& next) const {
  const std::string temporary = path_ + "/tmp/" + name;
  const auto give_up = [&](const Error& error) {
    ::unlink(temporary.c_str());
    return error;
  };
  {
    // What an attempt left that was cut off is written over: the name is ours alone.
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (file.get() < 0) return error_at(temporary);
    for (;;) {
      const auto piece = next();
      if (!piece) return give_up(piece.error());
      if (piece->empty()) break;
      std::string_view rest = *piece;
      while (!rest.empty()) {
        const ssize_t n = ::write(file.get(), rest.data(), rest.size());
        if (n < 0 && errno != EINTR) return give_up(error_at(temporary));
        if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    if (::fsync(file.get()) != 0) return give_up(error_at(temporary));
  }
  if (::rename(temporary.c_str(), (path_ + "/new/" + name).c_str()) != 0) return give_up(error_at(path_ + "/new"));
  if (const Status synced = sync_folder(path_ + "/new"); !synced) return Error{"maildir.doubt", synced.error().what};
  return {};
}

Result<std::vector<std::string>> Folder::unread() const {
  auto names = names_in(path_ + "/new");
  if (names) std::sort(names->begin(), names->end());
  return names;
}

Result<int> Folder::open(const std::string& name) const {
  const std::string path = path_ + "/new/" + name;
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return error_at(path);
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  ::close(fd);
  return Error{"maildir.io", path + ": is no regular file"};
}

Status Folder::remove(const std::string& name) const {
  const std::string path = path_ + "/new/" + name;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return error_at(path);
  return {};
}

Status Folder::set_aside(const std::string& name) const {
  const std::string path = path_ + "/new/" + name;
  if (::rename(path.c_str(), (path_ + "/cur/" + name + ":2,F").c_str()) != 0) return error_at(path);
  return {};
}

}  // namespace maildir
