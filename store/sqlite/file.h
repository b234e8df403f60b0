// File descriptors and the few calls the store makes on them, every errno checked.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/runtime/result.h"

namespace sluis::sqlite {

class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

using Sync = std::function<int(int fd)>;

// Errors: "store.full" for ENOSPC and EDQUOT, "store.fsync" for a failed fsync, else "store.io"; the text names the
// file.
Result<File> open_file(const std::string& path, int flags);
Result<std::uint64_t> file_size(const File& file, const std::string& path);
Status write_at(const File& file, std::string_view bytes, std::uint64_t offset, const std::string& path);
// Fewer octets than asked for only at the end of the file.
Result<std::size_t> read_at(const File& file, std::span<char> into, std::uint64_t offset, const std::string& path);
Status sync_file(const File& file, const Sync& sync, const std::string& path);
// A new name in a folder is durable only when the folder is synced.
Status sync_folder(const std::string& folder, const Sync& sync);
Status make_folder(const std::string& folder);
std::uint64_t free_octets(const std::string& folder);

}  // namespace sluis::sqlite
