// Bodies above inline_content_limit: one file each, spool/<xx>/<id>, written and synced before the row that names it.
// What no row names (a crash before the Accept, a refused Accept) is removed: at open, and when the Accept was refused.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/content.h"
#include "core/runtime/ids.h"
#include "store/sqlite/file.h"

namespace sluis::sqlite {

// [Threading] any thread; the writers it makes as ContentWriter says. Outlives them.
class Spool {
 public:
  struct Watch {
    std::function<Status()> room;                         // the error "store.full" below the low-water mark
    std::function<void(const Error& error)> sync_failed;  // told on the writer's thread, before the error goes back
  };
  Spool(std::string folder, const Clock& clock, Disk& disk, Watch watch)
      : folder_(std::move(folder)), ids_(clock, random_), disk_(disk), watch_(std::move(watch)) {}

  // Makes the folders; removes unfinished files, and finished ones for which `known` says false.
  Status open(const std::function<bool(const std::string& id)>& known);
  std::unique_ptr<ContentWriter> write();
  Result<std::unique_ptr<ContentReader>> read(const std::string& id, const Content& content) const;
  void remove(const std::string& id) const;

  // The id in a content's handle "spool:<id>"; none for other handles.
  static std::optional<std::string> id_in(std::string_view handle);

 private:
  friend class SpoolWriter;
  [[nodiscard]] std::string path(const std::string& id) const;

  std::string folder_;
  SystemRandom random_;
  IdGenerator ids_;
  Disk& disk_;
  Watch watch_;
};

// Reads bytes that are in memory; their hash is checked at the end like any other's.
std::unique_ptr<ContentReader> memory_reader(std::shared_ptr<const std::string> bytes, const Sha256& sha256);

}  // namespace sluis::sqlite
