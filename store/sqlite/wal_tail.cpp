#include "store/sqlite/wal_tail.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <string_view>

#include "store/sqlite/file.h"

namespace sluis::sqlite {

namespace {

constexpr std::size_t header_size = 32, frame_header_size = 24;

std::uint32_t big(std::string_view at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(at[i]);
  return value;
}
std::uint32_t little(std::string_view at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8U | static_cast<unsigned char>(at[i]);
  return value;
}

struct Sum {
  std::uint32_t a = 0, b = 0;
  bool operator==(const Sum&) const = default;
};

Sum sum_at(std::string_view at) {
  return {big(at), big(at.substr(4))};
}

class Wal {
 public:
  explicit Wal(std::string_view header)
      : big_(big(header) == 0x377f0683),
        page_(big(header.substr(8))),
        salts_(sum_at(header.substr(16))),
        first_(sum_at(header.substr(24))),
        good_((big_ || big(header) == 0x377f0682) && page_ >= 512 && page_ <= 65536 &&
              add({}, header.substr(0, 24)) == first_) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::size_t frame() const { return frame_header_size + page_; }
  [[nodiscard]] Sum first() const { return first_; }
  // The frame is of this log and goes on from `before`.
  [[nodiscard]] bool valid(std::string_view frame, Sum before) const {
    return sum_at(frame.substr(8)) == salts_ &&
           add(add(before, frame.substr(0, 8)), frame.substr(frame_header_size)) == said(frame);
  }
  // Whatever else is wrong with it, it was written to this log: one changed byte leaves one of the salts.
  [[nodiscard]] bool ours(std::string_view frame) const {
    const Sum salts = sum_at(frame.substr(8));
    return salts.a == salts_.a || salts.b == salts_.b;
  }
  static Sum said(std::string_view frame) { return sum_at(frame.substr(16)); }
  static bool commits(std::string_view frame) { return big(frame.substr(4)) != 0; }

 private:
  [[nodiscard]] Sum add(Sum sum, std::string_view bytes) const {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      const std::string_view at = bytes.substr(i);
      sum.a += (big_ ? big(at) : little(at)) + sum.b;
      sum.b += (big_ ? big(at.substr(4)) : little(at.substr(4))) + sum.a;
    }
    return sum;
  }
  bool big_;
  std::size_t page_;
  Sum salts_, first_;
  bool good_;
};

}  // namespace

std::optional<WalTail> unreadable_tail(const std::string& wal) {
  auto opened = open_file(Disk::system(), wal, O_RDONLY);
  if (!opened.ok()) return std::nullopt;
  std::string bytes(header_size, '\0');
  const auto head = read_at(opened.value(), bytes, 0, wal);
  if (!head.ok() || head.value() == 0) return std::nullopt;
  const Wal log(bytes);
  if (head.value() < header_size || !log.good()) {
    const auto size = file_size(opened.value(), wal);
    if (!size.ok() || size.value() <= header_size) return std::nullopt;  // nothing was in it yet
    return WalTail{1, 0, fmt::format("{}: its header cannot be read, and nothing of it is used", wal)};
  }
  WalTail tail;
  std::uint64_t at = header_size, number = 0, first_bad = 0;
  Sum before = log.first();
  for (bytes.resize(log.frame());; at += log.frame()) {
    const auto got = read_at(opened.value(), bytes, at, wal);
    if (!got.ok() || got.value() < bytes.size()) break;
    ++number;
    const bool valid = log.valid(bytes, before);
    before = Wal::said(bytes);
    if (valid && first_bad == 0) continue;
    if (!log.ours(bytes)) {
      if (first_bad == 0) first_bad = number;  // the log's end, unless more of it follows
      continue;
    }
    if (first_bad == 0) first_bad = number;
    tail.frames = number - first_bad + 1;
    if (valid && Wal::commits(bytes)) ++tail.commits;
  }
  if (tail.frames == 0) return std::nullopt;
  tail.text =
      fmt::format("{}: frame {} does not match its checksum; it and {} behind it are not used, with {} whole commits",
                  wal, first_bad, tail.frames - 1, tail.commits);
  return tail;
}

}  // namespace sluis::sqlite
