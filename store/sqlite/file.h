// File descriptors and the few calls the store makes on them, every errno checked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/runtime/result.h"
#include "store/sqlite/disk.h"

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

// Errors: "store.full" for ENOSPC and EDQUOT, "store.fsync" for a failed fsync, else "store.io"; the text names the
// file.
Result<File> open_file(Disk& disk, const std::string& path, int flags);
Result<std::uint64_t> file_size(const File& file, const std::string& path);
Status write_at(Disk& disk, const File& file, std::string_view bytes, std::uint64_t offset, const std::string& path);
// Fewer octets than asked for only at the end of the file.
Result<std::size_t> read_at(const File& file, std::span<char> into, std::uint64_t offset, const std::string& path);
// After "store.full" the file may be written and synced again, from where it was last synced on: what was lost is
// written anew. After "store.fsync" nothing may.
Status sync_file(Disk& disk, const File& file, const std::string& path);
// A new name in a folder is durable only when the folder is synced. Nothing writes a name anew: it never says "full".
Status sync_folder(Disk& disk, const std::string& folder);
Status make_folder(Disk& disk, const std::string& folder);
Status rename_file(Disk& disk, const std::string& from, const std::string& to);
std::uint64_t free_octets(const std::string& folder);

}  // namespace sluis::sqlite
