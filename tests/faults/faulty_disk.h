// A disk that fails as it is told: under the store's segments and spool, and under SQLite.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "store/sqlite/disk.h"
#include "tests/faults/durability.h"

namespace sluis::faults {

// Every change below `root` is one numbered operation: a write, a sync, or a change of names (create, rename, mkdir,
// unlink, truncate). Reads always work and see what was written last, as the page cache would have it.
// [Ownership] outlives the store that uses it. [Threading] any thread for what the store calls; the faults are set
// while no store is open or from the store's own thread.
class FaultyDisk final : public sqlite::Disk {
 public:
  enum class Operation { write, sync, name };

  // [Preconditions] `root` is there.
  FaultyDisk(std::string root, std::uint64_t seed);
  ~FaultyDisk() override;
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // The VFS that puts SQLite on this disk, for sqlite::Options::vfs.
  [[nodiscard]] const std::string& vfs() const { return vfs_; }

  // Operation number n from now (1: the next) fails with this errno, and those after it work again. A write that fails
  // has written a part; a sync that fails has lost what was not yet on the disk.
  void fail(std::uint64_t n, int error);
  // From operation number n on nothing works any more, as far as the disk is concerned for good: see power_cut().
  void cut_at(std::uint64_t n);
  // The room there is for all files; none: endless. A write beyond it fails with ENOSPC.
  void set_capacity(std::optional<std::uint64_t> octets);
  [[nodiscard]] std::uint64_t free_octets();

  // Since the last fail() or cut_at(): how many operations there were, and whether the fault has come.
  [[nodiscard]] std::uint64_t operations();
  [[nodiscard]] bool struck();
  [[nodiscard]] std::optional<Operation> failed();  // the operation that fail() met
  // Syncs that came after a failed one, of the same file: there must be none.
  [[nodiscard]] std::uint64_t syncs_after_failure();

  // Makes the folder what the disk holds when the power goes now, and ends all faults. [Preconditions] the store is
  // gone.
  void power_cut();
  // It was only the process that died: all that was written is in the page cache, and none of it is more durable than
  // it was. Ends all faults. [Preconditions] the store is gone.
  void process_died();

  int open(const char* path, int flags) override;
  ssize_t write(int fd, const char* bytes, std::size_t n, off_t from) override;
  int sync(int fd) override;
  int make_folder(const char* path) override;
  int rename(const char* from, const char* to) override;
  int remove(const char* path) override;

  // For the VFS; each gives 0 or an errno, and changes the shadow. `done` makes the change itself.
  using Node = Durability::NodeRef;
  Node opened(const char* path, bool create, int& error);
  int change(const Node& node, std::uint64_t offset, std::string_view bytes,
             const std::function<int(std::string_view bytes)>& done);
  int cut_off(const Node& node, std::uint64_t size, const std::function<int()>& done);
  int synced(const Node& node, const std::string& folder);  // and the names in `folder`, unless that is empty
  int removed(const std::string& path, bool and_synced, const std::function<int()>& done);

 private:
  // Counts the operation; 0, or the errno that it shall fail with.
  int next(Operation operation, bool& cut_now);
  struct Opened {
    Node node;
    std::string folder;
  };

  std::mutex mutex_;
  std::string root_;
  SeededRandom random_;
  Durability durability_;
  std::string vfs_;
  std::map<int, Opened> open_;  // by descriptor; a closed one is replaced when its number comes again
  std::optional<std::uint64_t> fail_at_, cut_at_, capacity_;
  int error_ = 0;
  std::uint64_t count_ = 0;
  bool struck_ = false;
  std::optional<Operation> failed_;
  Node unsyncable_;
  std::uint64_t syncs_after_failure_ = 0;
};

}  // namespace sluis::faults
