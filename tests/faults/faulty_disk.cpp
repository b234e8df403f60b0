#include "tests/faults/faulty_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "tests/faults/faulty_vfs.h"

namespace sluis::faults {

namespace {

std::string next_name() {
  static std::atomic<int> made{0};
  return "faulty-" + std::to_string(++made);
}

int failing(int error) {
  errno = error;
  return -1;
}

}  // namespace

FaultyDisk::FaultyDisk(std::string root, std::uint64_t seed)
    : root_(std::move(root)), random_(seed), durability_(root_), vfs_(next_name()) {
  register_vfs(vfs_, *this);
}

FaultyDisk::~FaultyDisk() {
  unregister_vfs(vfs_);
}

void FaultyDisk::fail(std::uint64_t n, int error) {
  const std::lock_guard lock(mutex_);
  fail_at_ = n;
  cut_at_.reset();
  error_ = error;
  count_ = 0;
  struck_ = false;
  failed_.reset();
}

void FaultyDisk::cut_at(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  cut_at_ = n;
  fail_at_.reset();
  count_ = 0;
  struck_ = false;
}

void FaultyDisk::set_capacity(std::optional<std::uint64_t> octets) {
  const std::lock_guard lock(mutex_);
  capacity_ = octets;
}

std::uint64_t FaultyDisk::free_octets() {
  const std::lock_guard lock(mutex_);
  if (!capacity_) return std::uint64_t{1} << 40U;
  const std::uint64_t used = durability_.octets();
  return used < *capacity_ ? *capacity_ - used : 0;
}

std::uint64_t FaultyDisk::operations() {
  const std::lock_guard lock(mutex_);
  return count_;
}

bool FaultyDisk::struck() {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::optional<FaultyDisk::Operation> FaultyDisk::failed() {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::uint64_t FaultyDisk::syncs_after_failure() {
  const std::lock_guard lock(mutex_);
  return syncs_after_failure_;
}

void FaultyDisk::power_cut() {
  const std::lock_guard lock(mutex_);
  durability_.cut(random_);
  open_.clear();
  fail_at_.reset();
  cut_at_.reset();
  unsyncable_.reset();
}

void FaultyDisk::process_died() {
  const std::lock_guard lock(mutex_);
  open_.clear();
  fail_at_.reset();
  cut_at_.reset();
}

int FaultyDisk::next(Operation operation, bool& cut_now) {
  ++count_;
  cut_now = cut_at_ && count_ == *cut_at_;
  if (cut_at_ && count_ >= *cut_at_) {
    struck_ = true;
    return EIO;
  }
  if (!fail_at_ || count_ != *fail_at_) return 0;
  struck_ = true;
  failed_ = operation;
  return error_;
}

FaultyDisk::Node FaultyDisk::opened(const char* path, bool create, int& error) {
  const std::lock_guard lock(mutex_);
  error = 0;
  if (!durability_.follows(path)) return nullptr;
  if (auto node = durability_.find(path)) return node;
  if (!create) return nullptr;
  bool cut_now = false;
  error = next(Operation::name, cut_now);
  return error != 0 ? nullptr : durability_.create(path, false);
}

int FaultyDisk::change(const Node& node, std::uint64_t offset, std::string_view bytes,
                       const std::function<int(std::string_view)>& done) {
  const std::lock_guard lock(mutex_);
  bool cut_now = false;
  int error = next(Operation::write, cut_now);
  if (cut_now) Durability::write(*node, offset, bytes);  // under way when the power went
  if (error == 0 && capacity_ && offset + bytes.size() > node->size) {
    const std::uint64_t more = offset + bytes.size() - node->size;
    if (durability_.octets() + more > *capacity_) error = ENOSPC;
  }
  if (error != 0) {
    const bool part = failed_ == Operation::write && fail_at_ == count_;
    if (!part) return error;
    const std::string_view written = bytes.substr(0, static_cast<std::size_t>(random_.below(bytes.size() + 1)));
    if (!written.empty() && done(written) == 0) Durability::write(*node, offset, written);
    return error;
  }
  if (const int failed = done(bytes); failed != 0) return failed;
  Durability::write(*node, offset, bytes);
  return 0;
}

int FaultyDisk::cut_off(const Node& node, std::uint64_t size, const std::function<int()>& done) {
  const std::lock_guard lock(mutex_);
  bool cut_now = false;
  if (const int error = next(Operation::name, cut_now); error != 0) return error;
  if (const int failed = done(); failed != 0) return failed;
  Durability::cut_off(*node, size);
  return 0;
}

int FaultyDisk::synced(const Node& node, const std::string& folder) {
  const std::lock_guard lock(mutex_);
  if (node && node == unsyncable_) ++syncs_after_failure_;
  bool cut_now = false;
  if (const int error = next(Operation::sync, cut_now); error != 0) {
    if (!(cut_at_ && count_ >= *cut_at_) && node) {
      Durability::lose(*node, random_);
      if (error != ENOSPC) unsyncable_ = node;
    }
    return error;
  }
  if (node) Durability::sync(*node);
  if (!folder.empty()) durability_.sync_names(folder);
  return 0;
}

int FaultyDisk::removed(const std::string& path, bool and_synced, const std::function<int()>& done) {
  const std::lock_guard lock(mutex_);
  bool cut_now = false;
  if (const int error = next(Operation::name, cut_now); error != 0) return error;
  if (const int failed = done(); failed != 0) return failed;
  durability_.remove(path);
  if (and_synced) durability_.sync_names(path.substr(0, path.rfind('/')));
  return 0;
}

int FaultyDisk::open(const char* path, int flags) {
  if ((flags & O_DIRECTORY) != 0) {
    const int fd = Disk::open(path, flags);
    const std::lock_guard lock(mutex_);
    if (fd >= 0) open_[fd] = {nullptr, path};
    return fd;
  }
  int error = 0;
  Node node = opened(path, (flags & O_CREAT) != 0, error);
  if (error != 0) return failing(error);
  const int fd = Disk::open(path, flags);
  const std::lock_guard lock(mutex_);
  if (fd >= 0) open_[fd] = {std::move(node), {}};
  return fd;
}

ssize_t FaultyDisk::write(int fd, const char* bytes, std::size_t n, off_t from) {
  Node node;
  {
    const std::lock_guard lock(mutex_);
    node = open_.at(fd).node;
  }
  const int error = change(node, static_cast<std::uint64_t>(from), {bytes, n}, [&](std::string_view part) {
    return ::pwrite(fd, part.data(), part.size(), from) == static_cast<ssize_t>(part.size()) ? 0 : EIO;
  });
  return error != 0 ? failing(error) : static_cast<ssize_t>(n);
}

int FaultyDisk::sync(int fd) {
  Opened opened;
  {
    const std::lock_guard lock(mutex_);
    opened = open_.at(fd);
  }
  const int error = synced(opened.node, opened.folder);
  return error != 0 ? failing(error) : 0;
}

int FaultyDisk::make_folder(const char* path) {
  const std::lock_guard lock(mutex_);
  if (durability_.find(path)) return failing(EEXIST);
  bool cut_now = false;
  if (const int error = next(Operation::name, cut_now); error != 0) return failing(error);
  if (Disk::make_folder(path) != 0) return -1;
  durability_.create(path, true);
  return 0;
}

int FaultyDisk::rename(const char* from, const char* to) {
  const std::lock_guard lock(mutex_);
  bool cut_now = false;
  if (const int error = next(Operation::name, cut_now); error != 0) return failing(error);
  if (Disk::rename(from, to) != 0) return -1;
  durability_.rename(from, to);
  return 0;
}

int FaultyDisk::remove(const char* path) {
  const int error = removed(path, false, [&] { return Disk::remove(path) == 0 ? 0 : errno; });
  return error != 0 ? failing(error) : 0;
}

}  // namespace sluis::faults
