// Seals: a keyed, chained digest over the timeline heads that changed since the last one, written to the log as a line,
// so that a changed entry, a cut tail and a database put back in time show (DESIGN §3.3). The key is outside the
// database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/rows.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

struct SealedHead {
  MessageId message{};
  std::int64_t seq = 0;
  Sha256 chain{};
};
std::string pack_heads(const std::vector<SealedHead>& heads);
std::optional<std::vector<SealedHead>> unpack_heads(std::string_view packed);

// HMAC over the previous seal, number, time and the digest of the heads.
Sha256 seal_value(std::string_view key, const Sha256& previous, std::int64_t n, WallTime at,
                  std::string_view packed_heads);

// "seal <n> <at> <hex>"
std::string seal_line(std::int64_t n, WallTime at, const Sha256& value);
struct SealLine {
  std::int64_t n = 0;
  std::string at, hex;
};
std::optional<SealLine> parse_seal_line(std::string_view line);

}  // namespace sluis::sqlite
