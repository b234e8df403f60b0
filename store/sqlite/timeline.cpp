#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

std::optional<TimelineHead> timeline_head(Connection& db, const MessageId& message) {
  Query last(db, "SELECT seq, chain FROM timeline WHERE message = ? ORDER BY seq DESC LIMIT 1");
  if (last.with(message).next()) return TimelineHead{last.number(0), last.digest(1)};
  Query record(db, "SELECT record FROM messages WHERE id = ?");
  if (record.with(message).next()) return TimelineHead{0, chain_start(record.bytes(0))};
  return std::nullopt;
}

void add_entry(Work& work, const MessageId& message, const TimelineEntry& entry, TimelineHead& head) {
  const std::string packed = pack_entry(entry);
  head = {head.seq + 1, chain_next(head.chain, packed, message)};
  Query(work.db, "INSERT INTO timeline(message, seq, entry, chain) VALUES(?, ?, ?, ?)")
      .with(message, head.seq, Blob{packed}, head.chain)
      .run();
}

void add_entry(Work& work, const MessageId& message, const TimelineEntry& entry) {
  if (auto head = timeline_head(work.db, message)) add_entry(work, message, entry, *head);
}

}  // namespace sluis::sqlite
