// Retention: bodies of settled messages, then their metadata, then keys; in slices, so that no commit is held up for
// long.
#include <algorithm>

#include "store/sqlite/deliveries.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/message_rows.h"
#include "store/sqlite/spool.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

namespace {

struct Candidate {
  MessageId id{};
  WallTime received_at;
  std::string record;
};

// Where the last slice stopped: messages that are not settled stay behind, and the next slice must not begin with them
// again.
struct Cursor {
  std::int64_t received_at = INT64_MIN;
  std::string id;
};

Cursor load_cursor(Work& work, std::string_view name) {
  Cursor cursor;
  Query query(work.db, "SELECT value FROM meta WHERE name = ?");
  if (query.with(name).next()) cursor.received_at = query.number(0);
  Query id(work.db, "SELECT value FROM meta WHERE name = ? || '.id'");
  if (id.with(name).next()) cursor.id = id.text(0);
  return cursor;
}

void save_cursor(Work& work, std::string_view name, const Cursor& cursor) {
  Query(work.db, "INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)").with(name, cursor.received_at).run();
  Query(work.db, "INSERT OR REPLACE INTO meta(name, value) VALUES(? || '.id', ?)").with(name, Blob{cursor.id}).run();
}

std::vector<Candidate> slice(Work& work, int bodies, const Cursor& from, WallTime before, std::size_t limit) {
  std::vector<Candidate> found;
  Query query(work.db,
              "SELECT id, received_at, record FROM messages WHERE bodies = ? AND (received_at, id) > (?, ?) AND "
              "received_at < ? "
              "AND held IS NULL ORDER BY received_at, id LIMIT ?");
  query.with(bodies, from.received_at, Blob{from.id}, before, limit);
  while (query.next()) found.push_back({query.message(0), query.time(1), query.text(2)});
  return found;
}

// Settled, and for long enough; nothing is owed for it (a report, a reply that is waited for), and no lane waits for
// it.
bool may_go(Work& work, const MessageId& id, WallTime before) {
  for (const DeliveryRow& row : load_deliveries(work.db, id)) {
    if (!is_final(row.state) || row.lane_closed || row.changed_at >= before) return false;
    Query owed(work.db, "SELECT 1 FROM wakeups WHERE delivery = ? LIMIT 1");
    if (owed.with(row.id).next()) return false;
  }
  return true;
}

void purge_bodies(Work& work, const Candidate& message) {
  change_message_row(work.db, message.id, [](MessageColumns& columns) { columns.bodies = false; });
  const auto unpacked = unpack_message(message.record);
  if (!unpacked) return;  // corrupt: its spool files, if any, are kept with their uses
  for (const Part& part : unpacked->parts) {
    const auto id = Spool::id_in(part.content.handle);
    if (!id) continue;
    Query(work.db, "UPDATE spool SET uses = uses - 1 WHERE id = ?").with(*id).run();
    Query(work.db, "DELETE FROM spool WHERE id = ? AND uses <= 0").with(*id).run();
    work.effects.spool_unused.push_back(*id);
  }
}

void purge_metadata(Work& work, const MessageId& id, WallTime at) {
  if (const auto head = timeline_head(work.db, id))
    Query(work.db, "INSERT OR REPLACE INTO tombstones(message, entries, chain, at) VALUES(?, ?, ?, ?)")
        .with(id, head->seq, head->chain, at)
        .run();
  Query(work.db, "DELETE FROM timeline WHERE message = ?").with(id).run();
  Query(work.db, "DELETE FROM deliveries WHERE message = ?").with(id).run();
  Query(work.db, "DELETE FROM messages WHERE id = ?").with(id).run();
}

}  // namespace

CommandResult apply_purge(Work& work, const Purge& purge) {
  Purged purged;
  // Also when nothing is due: a day's last body may have gone while the day was not over, or just before a crash.
  work.effects.purged = true;
  std::size_t room = purge.limit;
  // Metadata never goes before the bodies it names.
  const WallTime bodies_before = std::max(purge.bodies_before, purge.metadata_before);
  for (const int bodies : {1, 0}) {
    const WallTime before = bodies == 1 ? bodies_before : purge.metadata_before;
    const std::string_view name = bodies == 1 ? "purge.bodies" : "purge.metadata";
    Cursor cursor = load_cursor(work, name);
    const std::vector<Candidate> candidates = slice(work, bodies, cursor, before, room);
    for (const Candidate& message : candidates) {
      cursor = {microseconds(message.received_at), std::string(octets(message.id))};
      if (!may_go(work, message.id, before)) continue;
      if (bodies == 1)
        purge_bodies(work, message);
      else
        purge_metadata(work, message.id, purge.at);
      ++purged.rows;
    }
    if (candidates.size() == room)
      purged.more = true;
    else
      cursor = {};  // seen to the end: the next round begins with those that were not settled this time
    save_cursor(work, name, cursor);
    room -= std::min(room, candidates.size());
    if (room == 0) {
      purged.more = true;
      return CommandValue{purged};
    }
  }
  Query(work.db, "DELETE FROM incidents WHERE closed_at < ?").with(purge.metadata_before).run();
  purged.rows += drop_key_periods(work, purge.keys_before, std::min(purge.keys_before, purge.metadata_before));
  return CommandValue{purged};
}

}  // namespace sluis::sqlite
