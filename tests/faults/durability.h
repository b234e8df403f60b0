// What of a folder a disk still holds when the power goes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/random.h"

namespace sluis::faults {

// A shadow of the files below one folder: what is durable, and what was done since and not synced. It promises no more
// than POSIX does: a file's bytes are durable when the file was synced, its name when its folder was, and whatever was
// not may be there in part and in another order. A sector holds one of the states it has passed through, whole
// (SQLite's "powersafe overwrite"); a file may be longer than what was written to it, with zeros. A rename never loses
// both names. [Threading] one thread at a time.
class Durability {
 public:
  struct Change {
    std::uint64_t offset = 0;  // cuts: the new size
    std::string bytes;
    bool cuts = false;
  };
  struct Node {
    std::string durable;
    std::vector<Change> pending;
    std::uint64_t size = 0;  // with what is pending
    bool folder = false;
  };
  using NodeRef = std::shared_ptr<Node>;  // shared: an open file outlives its name

  // What is below `root` now is taken as durable.
  explicit Durability(std::string root);

  [[nodiscard]] bool follows(std::string_view path) const;
  [[nodiscard]] NodeRef find(const std::string& path) const;
  NodeRef create(const std::string& path, bool folder);
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  void sync_names(const std::string& folder);

  static void write(Node& node, std::uint64_t offset, std::string_view bytes);
  static void cut_off(Node& node, std::uint64_t size);
  static void sync(Node& node);
  // A sync that failed: the kernel takes the pages for clean, whatever reached the disk, and no later sync writes them.
  static void lose(Node& node, Random& random);

  [[nodiscard]] std::uint64_t octets() const;  // of all files that have a name
  // Makes what is below `root` what the disk holds if the power goes now. [Preconditions] no file below it is open.
  void cut(Random& random);

 private:
  struct NameChange {
    std::string path;
    NodeRef node;            // null: the name goes
    std::uint64_t pair = 0;  // both halves of a rename
  };
  using Names = std::map<std::string, NodeRef>;
  void apply(Names& names, std::vector<NameChange>& changes, std::size_t at);
  void load();

  std::string root_;
  Names live_, durable_;
  std::vector<NameChange> pending_;
  std::uint64_t pairs_ = 0;
};

}  // namespace sluis::faults
