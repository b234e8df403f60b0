#include "store/sqlite/segments.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace sluis::sqlite {

namespace {

constexpr std::string_view magic = "SLB1";
constexpr std::size_t header_size = 12;
constexpr std::string_view handle_prefix = "segment:";
constexpr std::string_view retention_class = "standard";

void put_u32(std::string& into, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) into += static_cast<char>((value >> shift) & 0xFFU);
}
std::uint32_t get_u32(std::string_view from) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(static_cast<unsigned char>(from[i])) << (8U * i);
  return value;
}

std::string day_text(std::int64_t day) {
  return to_rfc3339(start_of_day(day)).substr(0, 10);
}

std::string segment_name(std::int64_t day, int n) {
  return n == 0 ? fmt::format("{}-{}.seg", day_text(day), retention_class)
                : fmt::format("{}-{}-{}.seg", day_text(day), retention_class, n);
}

}  // namespace

std::int64_t day_of(WallTime at) {
  return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
}
WallTime start_of_day(std::int64_t day) {
  return WallTime{std::chrono::days{day}};
}

std::optional<SegmentPlace> SegmentPlace::parse(std::string_view handle) {
  if (!handle.starts_with(handle_prefix)) return std::nullopt;
  handle.remove_prefix(handle_prefix.size());
  const std::size_t colon = handle.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  SegmentPlace place;
  place.file = handle.substr(0, colon);
  // A handle comes from a checked row; still it never becomes a path outside the folder.
  if (place.file.empty() || place.file.find('/') != std::string::npos || place.file.starts_with('.'))
    return std::nullopt;
  const std::string_view digits = handle.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place.offset);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return place;
}

std::string SegmentPlace::handle() const {
  return fmt::format("{}{}:{}", handle_prefix, file, offset);
}

Result<SegmentWriter::Segment*> SegmentWriter::current(std::int64_t day, std::size_t room) {
  const auto at = open_.find(day);
  int next = 0;
  if (at != open_.end()) {
    Segment& segment = at->second;
    if (!segment.pending.empty() || segment.size == 0 || segment.size + room <= segment_bytes_) return &segment;
  }
  while (::access((folder_ + '/' + segment_name(day, next)).c_str(), F_OK) == 0) ++next;
  // Goes on in the day's last file while that has room.
  for (int n = next > 0 ? next - 1 : 0;; ++n) {
    Segment segment;
    segment.name = segment_name(day, n);
    auto opened = open_file(disk_, folder_ + '/' + segment.name, O_RDWR | O_CREAT);
    if (!opened.ok()) return opened.error();
    segment.file = std::move(opened).value();
    auto size = file_size(segment.file, segment.name);
    if (!size.ok()) return size.error();
    segment.size = size.value();
    if (segment.size > 0 && segment.size + room > segment_bytes_) continue;
    // Several days are open only while arrivals straddle midnight or carry old times: descriptors stay few.
    if (appended_.empty() && open_.size() > 4) open_.clear();
    return &open_.insert_or_assign(day, std::move(segment)).first->second;
  }
}

Result<std::string> SegmentWriter::append(std::int64_t day, std::string_view bytes) {
  auto found = current(day, bytes.size() + header_size);
  if (!found.ok()) return found.error();
  Segment& segment = *found.value();
  appended_.emplace_back(&segment, segment.pending.size());
  const SegmentPlace place{segment.name, segment.size + segment.pending.size()};
  segment.pending += magic;
  put_u32(segment.pending, static_cast<std::uint32_t>(bytes.size()));
  put_u32(segment.pending, crc32c(bytes));
  segment.pending += bytes;
  return place.handle();
}

void SegmentWriter::rollback(std::size_t mark) {
  while (appended_.size() > mark) {
    appended_.back().first->pending.resize(appended_.back().second);
    appended_.pop_back();
  }
}

Status SegmentWriter::flush() {
  bool unnamed = false;
  for (auto& [day, segment] : open_) {
    if (segment.pending.empty()) continue;
    if (auto wrote = write_at(disk_, segment.file, segment.pending, segment.size, segment.name); !wrote.ok())
      return wrote;
    if (auto synced = sync_file(disk_, segment.file, segment.name); !synced.ok()) return synced;
    unnamed = unnamed || !segment.named;
    segment.size += segment.pending.size();
    segment.pending.clear();
  }
  appended_.clear();
  if (!unnamed) return {};
  // A file that was found here may be one whose name an earlier process made and never synced.
  if (auto synced = sync_folder(disk_, folder_); !synced.ok()) return synced;
  for (auto& [day, segment] : open_) segment.named = true;
  return {};
}

void SegmentWriter::purge(std::int64_t before_day, const std::function<bool(std::int64_t)>& wanted) {
  std::error_code error;
  std::map<std::string, bool> keep;  // by day text
  const std::string end = day_text(before_day);
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() < 10 || !name.ends_with(".seg") || name.substr(0, 10) >= end) continue;
    const auto day_start = parse_rfc3339(name.substr(0, 10) + "T00:00:00.000Z");
    if (!day_start.ok()) continue;
    const std::int64_t day = day_of(day_start.value());
    auto [at, added] = keep.try_emplace(name.substr(0, 10), true);
    if (added) at->second = wanted(day);
    if (at->second) continue;
    open_.erase(day);
    disk_.remove(entry.path().c_str());
  }
}

Result<std::string> read_segment(const std::string& folder, const SegmentPlace& place, std::uint64_t size) {
  const std::string path = folder + '/' + place.file;
  auto opened = open_file(Disk::system(), path, O_RDONLY);
  if (!opened.ok()) return Error{"content.gone", opened.error().what};
  std::string record(header_size + size, '\0');
  auto got = read_at(opened.value(), record, place.offset, path);
  if (!got.ok()) return got.error();
  const std::string_view view = record;
  if (got.value() != record.size() || !view.starts_with(magic) || get_u32(view.substr(4)) != size ||
      get_u32(view.substr(8)) != crc32c(view.substr(header_size)))
    return Error{"content.corrupt",
                 fmt::format("{} at {}: the record is not the one that was written", place.file, place.offset)};
  record.erase(0, header_size);
  return record;
}

}  // namespace sluis::sqlite
