#include "adapters/sandbox/durable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/net/file_descriptor.h"

namespace sluis::sandbox {

Error disk_error(const std::filesystem::path& file, std::string_view what) {
  const int number = errno;
  return Error{"sandbox.disk", file.string() + ": " + std::string(what) + ": " +
                                   std::error_code(number, std::generic_category()).message()};
}

Status sync_folder(const std::filesystem::path& folder) {
  const net::FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return disk_error(folder, "cannot be opened");
  if (::fsync(fd.get()) != 0) return disk_error(folder, "cannot be synced");
  return {};
}

Status make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  const std::filesystem::path above = folder.parent_path();
  if (!above.empty())
    if (const Status made = make_folder(above); !made) return made;
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return disk_error(folder, "cannot be made");
  return sync_folder(above.empty() ? std::filesystem::path(".") : above);
}

Status write_durably(const std::filesystem::path& file, std::string_view bytes) {
  const std::filesystem::path beside = file.string() + ".new";
  {
    const net::FileDescriptor fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!fd.valid()) return disk_error(beside, "cannot be written");
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return disk_error(beside, "cannot be written");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd.get()) != 0) return disk_error(beside, "cannot be synced");
  }
  if (::rename(beside.c_str(), file.c_str()) != 0) return disk_error(file, "cannot be renamed into place");
  const std::filesystem::path folder = file.parent_path();
  return sync_folder(folder.empty() ? std::filesystem::path(".") : folder);
}

Status remove_durably(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (::unlink((folder / name).c_str()) != 0 && errno != ENOENT)
      return disk_error(folder / name, "cannot be removed");
  return sync_folder(folder);
}

Result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return disk_error(file, "cannot be read");
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return disk_error(file, "cannot be read");
  return bytes;
}

}  // namespace sluis::sandbox
