#include "store/sqlite/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace sluis::sqlite {

namespace {

enum class KeyKind { dedupe = 0, reference = 1 };

// Names are made here from numbers, never from outside.
std::vector<std::string> live_tables(Connection& db, KeyKind kind) {
  std::vector<std::string> names;
  Query query(db, "SELECT name FROM key_periods WHERE kind = ? ORDER BY until DESC");
  query.with(static_cast<int>(kind));
  while (query.next()) names.push_back(query.text(0));
  return names;
}

std::string table_for(Work& work, KeyKind kind, WallTime at) {
  const std::int64_t days = work.key_period_days;
  std::int64_t period = day_of(at) / days;
  if (day_of(at) < 0) period = 0;
  const std::string name = fmt::format("{}_{}_{}", kind == KeyKind::dedupe ? "dedupe" : "refs", days, period);
  {
    Query known(work.db, "SELECT 1 FROM key_periods WHERE name = ?");
    if (known.with(name).next()) return name;
  }
  if (kind == KeyKind::dedupe)
    work.db.execute(fmt::format("CREATE TABLE {0}(hash INTEGER NOT NULL, text TEXT NOT NULL, message BLOB NOT NULL, "
                                "parts BLOB NOT NULL, replies BLOB NOT NULL); CREATE INDEX {0}_hash ON {0}(hash)",
                                name)
                        .c_str());
  else
    work.db.execute(fmt::format("CREATE TABLE {0}(hash INTEGER NOT NULL, text TEXT NOT NULL, message BLOB NOT NULL, "
                                "delivery INTEGER, at INTEGER NOT NULL); CREATE INDEX {0}_hash ON {0}(hash)",
                                name)
                        .c_str());
  Query(work.db, "INSERT INTO key_periods(name, until, kind) VALUES(?, ?, ?)")
      .with(name, start_of_day((period + 1) * days), static_cast<int>(kind))
      .run();
  return name;
}

}  // namespace

std::string dedupe_text(std::string_view channel, const DedupeKey& key) {
  return fmt::format("d\x1f{}\x1f{}", channel, key.text);
}
std::string business_text(std::string_view customer, const BusinessKey& key) {
  return fmt::format("b\x1f{}\x1f{}", customer, key.text);
}

std::optional<SeenKey> find_key(Connection& db, std::string_view text) {
  const std::int64_t hash = key_hash(text);
  for (const std::string& table : live_tables(db, KeyKind::dedupe)) {
    // The oldest of one table: with a business key that may come again, "the first one" is meant.
    Query query(db, fmt::format("SELECT text, message, parts, replies FROM {} WHERE hash = ? ORDER BY rowid", table));
    query.with(hash);
    while (query.next())
      if (query.bytes(0) == text) return SeenKey{query.message(1), query.digest(2), query.text(3)};
  }
  return std::nullopt;
}

void add_key(Work& work, std::string_view text, WallTime at, const SeenKey& seen) {
  Query(work.db, fmt::format("INSERT INTO {}(hash, text, message, parts, replies) VALUES(?, ?, ?, ?, ?)",
                             table_for(work, KeyKind::dedupe, at)))
      .with(key_hash(text), text, seen.message, seen.parts, Blob{seen.replies})
      .run();
}

std::vector<ReferenceRow> find_reference(Connection& db, const Reference& reference) {
  const std::string text = reference.key();
  const std::int64_t hash = key_hash(text);
  std::vector<ReferenceRow> found;
  for (const std::string& table : live_tables(db, KeyKind::reference)) {
    Query query(db,
                fmt::format("SELECT text, message, delivery, at FROM {} WHERE hash = ? ORDER BY rowid DESC", table));
    query.with(hash);
    while (query.next())
      if (query.bytes(0) == text) found.push_back({query.message(1), query.delivery(2), query.time(3)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const ReferenceRow& a, const ReferenceRow& b) { return a.at > b.at; });
  return found;
}

void add_reference(Work& work, const Reference& reference, const MessageId& message, std::optional<DeliveryId> delivery,
                   WallTime at) {
  const std::string text = reference.key();
  Query(work.db, fmt::format("INSERT INTO {}(hash, text, message, delivery, at) VALUES(?, ?, ?, ?, ?)",
                             table_for(work, KeyKind::reference, at)))
      .with(key_hash(text), text, message, delivery, at)
      .run();
}

std::size_t drop_key_periods(Work& work, WallTime keys_before, WallTime references_before) {
  for (const int bodies : {0, 1}) {
    Query oldest(work.db, "SELECT min(received_at) FROM messages WHERE bodies = ?");
    if (oldest.with(bodies).next() && !oldest.null(0)) references_before = std::min(references_before, oldest.time(0));
  }
  std::vector<std::string> drop;
  {
    Query query(work.db, "SELECT name FROM key_periods WHERE (kind = 0 AND until <= ?) OR (kind = 1 AND until <= ?)");
    query.with(keys_before, references_before);
    while (query.next()) drop.push_back(query.text(0));
  }
  for (const std::string& name : drop) {
    Query(work.db, "DELETE FROM key_periods WHERE name = ?").with(name).run();
    work.db.execute(fmt::format("DROP TABLE {}", name).c_str());
  }
  if (!drop.empty()) work.db.forget_statements();
  return drop.size();
}

}  // namespace sluis::sqlite
