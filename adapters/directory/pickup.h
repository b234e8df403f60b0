// The pickup folder: which files are complete, and taking one without trusting its name.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/arrival.h"
#include "core/message/content.h"
#include "core/runtime/clock.h"
#include "core/runtime/result.h"

namespace sluis::directory {

// What tells two states of a file apart.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

// Watches one folder by looking at it: a file is complete when it was renamed in, or when it stayed the same for
// `stable_for` under our own eyes (its own times can be set by whoever wrote it).
// [Threading] one thread at a time. Only regular files count; links, folders and names being written are left alone.
class Pickup {
 public:
  Pickup(std::string folder, Duration stable_for) : folder_(std::move(folder)), stable_for_(stable_for) {}

  // inotify saw IN_MOVED_TO: this name is complete as it is.
  void renamed_in(std::string_view name);

  struct Scan {
    std::vector<std::string> complete;      // in name order
    bool waiting = false;                   // some file is not known to be complete yet: look again after stable_for
  };
  // Error "pickup.missing" or "pickup.io" when the folder cannot be read.
  Result<Scan> scan(MonoTime now);

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  struct Seen {
    FileStamp stamp;
    MonoTime since;
  };
  const std::string folder_;
  const Duration stable_for_;
  std::map<std::string, Seen, std::less<>> seen_;
  std::set<std::string, std::less<>> renamed_;
};

// A file read whole: its bytes are in the content store, hashed once.
struct TakenFile {
  Content content;
  FileStamp stamp;
};
enum class TakeTrouble { changed, vanished, too_large, empty, not_regular, io };
struct TakeError {
  TakeTrouble trouble;
  std::string text;
};
// Reads FOLDER/NAME through `writer`, checking before and after that it is the same file.
std::variant<TakenFile, TakeError> take_file(const std::string& folder, const std::string& name, std::uint64_t size_most, ContentStore& store);

// Removes the file, or moves it to the sub-folder `into` (made when missing), if it is still the one that was taken.
// [Errors] "pickup.changed": another file stands there now and is left alone; "pickup.io".
Status clear_file(const std::string& folder, const std::string& name, const FileStamp& stamp, const std::string& into);

// The dedupe key of a taken file: the same after a restart, another for every new file, also one of the same name.
DedupeKey dedupe_key(std::string_view customer, std::string_view name, const TakenFile& file);

}  // namespace sluis::directory
