// Bodies up to inline_content_limit: append-only files, one series a day and retention class,
// segments/<day>-<class>.seg. Purging a day is unlinking its files.
//
// A record is: magic, length, CRC-32C, bytes. It is appended and synced before the commit that names it, so that a row
// never points at bytes that are not there; a crash in between leaves bytes that no row names, which cost space until
// the day goes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/content.h"
#include "core/runtime/clock.h"
#include "store/sqlite/file.h"

namespace sluis::sqlite {

// The day of a time, as segment files and purging count them.
std::int64_t day_of(WallTime at);
WallTime start_of_day(std::int64_t day);

// Where one record lies: "segment:<file>:<offset>".
struct SegmentPlace {
  std::string file;
  std::uint64_t offset = 0;
  static std::optional<SegmentPlace> parse(std::string_view handle);
  [[nodiscard]] std::string handle() const;
};

// [Threading] the writer's.
class SegmentWriter {
 public:
  // The disk outlives it.
  SegmentWriter(std::string folder, std::uint64_t segment_bytes, Disk& disk)
      : folder_(std::move(folder)), segment_bytes_(segment_bytes), disk_(disk) {}

  // Takes the bytes in memory and gives the handle they will have. Errors as File's.
  Result<std::string> append(std::int64_t day, std::string_view bytes);
  // Takes back what was appended after the mark, for a refused command.
  [[nodiscard]] std::size_t mark() const { return appended_.size(); }
  void rollback(std::size_t mark);
  // Writes and syncs; after it the handles may be committed.
  Status flush();
  // Forgets what was not flushed.
  void discard() { rollback(0); }
  // Unlinks the files of days before `day` for which `wanted` says false. What cannot be unlinked is left for the next
  // time.
  void purge(std::int64_t before_day, const std::function<bool(std::int64_t day)>& wanted);

 private:
  struct Segment {
    std::string name;
    File file;
    std::uint64_t size = 0;  // flushed
    std::string pending;
    bool named = false;  // its name is synced, as far as this process knows
  };
  Result<Segment*> current(std::int64_t day, std::size_t room);

  std::string folder_;
  std::uint64_t segment_bytes_;
  Disk& disk_;
  std::map<std::int64_t, Segment> open_;                    // by day; few: arrivals are of today
  std::vector<std::pair<Segment*, std::size_t>> appended_;  // and how long `pending` was before
};

// The bytes of one record; Error "content.corrupt" when they are not those that were written, "content.gone" without a
// file.
Result<std::string> read_segment(const std::string& folder, const SegmentPlace& place, std::uint64_t size);

}  // namespace sluis::sqlite
