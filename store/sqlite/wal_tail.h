// What SQLite leaves out, without a word, when it opens a WAL after a crash: it stops at the first frame that does not
// match its checksum, which is right for a commit that the crash cut short, and wrong for a byte that the disk changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluis::sqlite {

struct WalTail {
  std::uint64_t frames = 0;   // from the first that cannot be read on
  std::uint64_t commits = 0;  // commits among them that are whole
  std::string text;           // one sentence for people

  // A commit begins when the one before it is synced. So only the last can be cut short, and with two whole ones behind
  // the bad frame it is not the crash that made it bad.
  [[nodiscard]] bool damaged() const { return commits > 1; }
};

// None: all of the WAL will be read, or there is none. [Preconditions] no connection is open.
// Source: SQLite, "Database File Format", §4 (the write-ahead log).
std::optional<WalTail> unreadable_tail(const std::string& wal);

}  // namespace sluis::sqlite
