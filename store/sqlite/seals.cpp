#include "store/sqlite/seals.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "core/runtime/packing.h"

namespace sluis::sqlite {

std::string pack_heads(const std::vector<SealedHead>& heads) {
  Packer packer;
  packer.number(heads.size());
  for (const SealedHead& head : heads) {
    packer.text(octets(head.message));
    packer.number(static_cast<std::uint64_t>(head.seq));
    packer.text(octets(head.chain));
  }
  return std::move(packer).bytes();
}

std::optional<std::vector<SealedHead>> unpack_heads(std::string_view packed) {
  Unpacker unpacker(packed);
  std::vector<SealedHead> heads;
  const std::uint64_t count = unpacker.number();
  for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
    SealedHead head;
    const std::string_view id = unpacker.text();
    head.seq = static_cast<std::int64_t>(unpacker.number());
    const std::string_view chain = unpacker.text();
    if (id.size() != head.message.bytes.size() || chain.size() != head.chain.size()) return std::nullopt;
    std::memcpy(head.message.bytes.data(), id.data(), id.size());
    std::memcpy(head.chain.data(), chain.data(), chain.size());
    heads.push_back(head);
  }
  if (!unpacker.finished()) return std::nullopt;
  return heads;
}

Sha256 seal_value(std::string_view key, const Sha256& previous, std::int64_t n, WallTime at,
                  std::string_view packed_heads) {
  Packer packer;
  packer.text(octets(previous));
  packer.number(static_cast<std::uint64_t>(n));
  packer.number(static_cast<std::uint64_t>(microseconds(at)));
  packer.text(octets(sha256(packed_heads)));
  return hmac_sha256(key, std::move(packer).bytes());
}

std::string seal_line(std::int64_t n, WallTime at, const Sha256& value) {
  return fmt::format("seal {} {} {}", n, to_rfc3339(at), to_hex(value));
}

std::optional<SealLine> parse_seal_line(std::string_view line) {
  // A log puts its own fields around it.
  const std::size_t begin = line.find("seal ");
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin + 5);
  SealLine seal;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), seal.n);
  if (error != std::errc{} || end == line.data() + line.size() || *end != ' ') return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 1 + 2 * Sha256{}.size()) return std::nullopt;
  seal.at = line.substr(0, space);
  seal.hex = line.substr(space + 1, 2 * Sha256{}.size());
  return seal;
}

CommandResult apply_seal(Work& work, const Seal& seal) {
  std::int64_t n = 0, last_row = 0;
  Sha256 previous{};
  {
    Query query(work.db, "SELECT n, last_row, seal FROM seals ORDER BY n DESC LIMIT 1");
    if (query.next()) {
      n = query.number(0);
      last_row = query.number(1);
      previous = query.digest(2);
    }
  }
  std::int64_t newest = last_row;
  std::vector<SealedHead> heads;
  {
    Query query(work.db, "SELECT message, max(seq), max(row) FROM timeline WHERE row > ? GROUP BY message");
    query.with(last_row);
    while (query.next()) {
      newest = std::max(newest, query.number(2));
      heads.push_back({query.message(0), query.number(1), Sha256{}});
    }
  }
  for (SealedHead& head : heads) {
    Query query(work.db, "SELECT chain FROM timeline WHERE message = ? AND seq = ?");
    if (query.with(head.message, head.seq).next()) head.chain = query.digest(0);
  }
  if (heads.empty()) return CommandValue{Sealed{}};  // nothing changed: there is nothing to say
  const std::string packed = pack_heads(heads);
  // The time is sealed as the line says it, in milliseconds, so that a line can be checked against the row.
  const WallTime at = std::chrono::floor<std::chrono::milliseconds>(seal.at);
  const Sha256 value = seal_value(work.seal_key, previous, n + 1, at, packed);
  Query(work.db, "INSERT INTO seals(n, at, last_row, heads, seal) VALUES(?, ?, ?, ?, ?)")
      .with(n + 1, at, newest, Blob{packed}, value)
      .run();
  return CommandValue{Sealed{seal_line(n + 1, at, value)}};
}

}  // namespace sluis::sqlite
