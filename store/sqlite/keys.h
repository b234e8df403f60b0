// Dedupe, business and reference keys: 64-bit hashes in an index, the text beside it and compared on read.
//
// Key hashes are random, so every insert dirties a random page of its index: over one large table that is what made the
// store slower the more it held (DESIGN §3.3). One table for each period keeps the index that is written small enough to stay
// in the page cache, and its retention is DROP TABLE instead of a million random deletes. A look-up asks every live table,
// newest first, so a shorter period makes look-ups dearer and a longer one makes inserts dearer: Options::key_period_days.
// The index holds hash and rowid only, not the text, and the writer touches one page of it a key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/records.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

struct SeenKey {
  MessageId message{};
  Sha256 parts{};       // parts_digest of the first one
  std::string replies;  // packed
};

std::string dedupe_text(std::string_view channel, const DedupeKey& key);
std::string business_text(std::string_view customer, const BusinessKey& key);

std::optional<SeenKey> find_key(Connection& db, std::string_view text);
void add_key(Work& work, std::string_view text, WallTime at, const SeenKey& seen);

struct ReferenceRow {
  MessageId message{};
  std::optional<DeliveryId> delivery;
  WallTime at;
};
// Newest first. What was purged may still be named.
std::vector<ReferenceRow> find_reference(Connection& db, const Reference& reference);
void add_reference(Work& work, const Reference& reference, const MessageId& message, std::optional<DeliveryId> delivery,
                   WallTime at);

// Drops whole periods: of dedupe keys that end before `keys_before`; of references that end before `references_before`
// and before the oldest message that is still there. Returns how many tables went.
std::size_t drop_key_periods(Work& work, WallTime keys_before, WallTime references_before);

}  // namespace sluis::sqlite
