// The timeline: entries in order, each chained to the one before it.
#pragma once

#include "store/sqlite/rows.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

struct TimelineHead {
  std::int64_t seq = 0;
  Sha256 chain{};
};
// Of a message with no entry yet: chain_start of its record. None when there is no such message.
std::optional<TimelineHead> timeline_head(Connection& db, const MessageId& message);
// Appends; an entry for a message that was purged meanwhile has no place any more and is dropped.
void add_entry(Work& work, const MessageId& message, const TimelineEntry& entry);
// For a run of entries of a message whose head is known.
void add_entry(Work& work, const MessageId& message, const TimelineEntry& entry, TimelineHead& head);

}  // namespace sluis::sqlite
