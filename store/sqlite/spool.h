// Bodies above inline_content_limit: one file each, spool/<xx>/<id>, written and synced before the row that names it.
// What no row names (a crash before the Accept, a refused Accept) is removed: at open, and when the Accept was refused.
#pragma once

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
  // `room`: none, or the error "store.full" when free space is below the low-water mark.
  Spool(std::string folder, const Clock& clock, Sync sync, std::function<Status()> room)
      : folder_(std::move(folder)), ids_(clock, random_), sync_(std::move(sync)), room_(std::move(room)) {}

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
  Sync sync_;
  std::function<Status()> room_;
};

// Reads bytes that are in memory; their hash is checked at the end like any other's.
std::unique_ptr<ContentReader> memory_reader(std::shared_ptr<const std::string> bytes, const Sha256& sha256);

}  // namespace sluis::sqlite
