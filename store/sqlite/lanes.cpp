#include "store/sqlite/lanes.h"

namespace sluis::sqlite {

namespace {

struct Lane {
  std::int64_t id = 0;
  std::optional<DeliveryId> tail, closed_by;
};

std::optional<Lane> load_lane(Work& work, std::int64_t id) {
  Query query(work.db, "SELECT tail, closed_by FROM lanes WHERE id = ?");
  if (!query.with(id).next()) return std::nullopt;
  Lane lane{id, query.delivery(0), query.delivery(1)};
  if (lane.tail == DeliveryId{0}) lane.tail.reset();
  return lane;
}

void save_lane(Work& work, const Lane& lane) {
  if (!lane.tail && !lane.closed_by) {
    Query(work.db, "DELETE FROM lanes WHERE id = ?").with(lane.id).run();
    return;
  }
  Query(work.db, "UPDATE lanes SET tail = ?, closed_by = ? WHERE id = ?")
      .with(lane.tail.value_or(DeliveryId{0}), lane.closed_by, lane.id)
      .run();
}

std::optional<DeliveryRow> successor(Work& work, DeliveryId of) {
  Query query(work.db, "SELECT " SLUIS_SQLITE_DELIVERY_COLUMNS " FROM deliveries d WHERE d.behind = ?");
  if (!query.with(of).next()) return std::nullopt;
  return read_delivery(query);
}

void put_behind(Work& work, DeliveryRow& row, std::optional<DeliveryId> before, WallTime at) {
  row.behind = before;
  if (before && row.state == DeliveryState::queued) {
    row.state = DeliveryState::blocked;
    row.changed_at = at;
  }
  save_delivery(work, row);
  unblock_if_free(work, row, at);
}

bool with_the_peer(const DeliveryRow& row) {
  return row.state == DeliveryState::sending || row.state == DeliveryState::awaiting;
}

// The first of the lane that is not the one that closed it: walking from the tail. Only replacements pay for the walk.
std::optional<DeliveryRow> first_of(Work& work, const Lane& lane) {
  if (!lane.tail || lane.tail == lane.closed_by) return std::nullopt;
  std::optional<DeliveryRow> row = load_delivery(work.db, *lane.tail);
  while (row && row->behind && row->behind != lane.closed_by) row = load_delivery(work.db, *row->behind);
  return row;
}

}  // namespace

std::int64_t lane_id(Work& work, std::string_view text) {
  const std::int64_t hash = key_hash(text);
  {
    Query query(work.db, "SELECT id, text FROM lanes WHERE hash = ?");
    query.with(hash);
    while (query.next())
      if (query.bytes(1) == text) return query.number(0);
  }
  Query(work.db, "INSERT INTO lanes(hash, text, tail) VALUES(?, ?, 0)").with(hash, text).run();
  return work.db.last_rowid();
}

void enter_lane(Work& work, DeliveryRow& row, WallTime at) {
  std::optional<Lane> lane = load_lane(work, *row.lane);
  if (!lane) return;  // lane_id() has just made it
  std::optional<DeliveryRow> first = row.lane_first ? first_of(work, *lane) : std::nullopt;
  if (!row.lane_first || (!first && !lane->closed_by)) {
    row.behind = lane->tail;
    lane->tail = row.id;
  } else if (first && with_the_peer(*first)) {
    std::optional<DeliveryRow> next = successor(work, first->id);
    row.behind = first->id;
    if (next)
      put_behind(work, *next, row.id, at);
    else
      lane->tail = row.id;
  } else {
    if (first)
      put_behind(work, *first, row.id, at);
    else
      lane->tail = row.id;
  }
  save_lane(work, *lane);
}

void leave_lane(Work& work, DeliveryRow& row, DeliveryState from, WallTime at) {
  if (row.lane_closed) {
    if (row.state == DeliveryState::delivered) open_lane(work, row, at);  // proof came late: the refusal does not stand
    return;
  }
  if (is_final(from)) return;  // it left before; a DSN after `delivered` finds its lane gone on
  std::optional<Lane> lane = load_lane(work, *row.lane);
  if (!lane) return;
  std::optional<DeliveryRow> next = successor(work, row.id);
  const bool in_front = !row.behind;

  if (in_front && row.state == DeliveryState::rejected && row.lane_closes) {
    if (lane->closed_by) {
      // A replacement was refused in its turn: from now on it is the one that keeps the lane closed.
      if (auto old = load_delivery(work.db, *lane->closed_by)) {
        old->lane_closed = false;
        save_delivery(work, *old);
      }
    }
    lane->closed_by = row.id;
    row.lane_closed = true;
    save_delivery(work, row);
    save_lane(work, *lane);
    if (next && next->lane_first) put_behind(work, *next, std::nullopt, at);
    // A replacement that goes in front leaves those after it where they are: they wait for it, and through it for the
    // lane.
    return;
  }

  std::optional<DeliveryId> before = row.behind;
  if (in_front && lane->closed_by) {
    if (row.state == DeliveryState::delivered && row.lane_first) {
      if (auto closing = load_delivery(work.db, *lane->closed_by)) {
        closing->lane_closed = false;
        save_delivery(work, *closing);
      }
      lane->closed_by.reset();
    } else {
      before = lane->closed_by;  // no replacement after all: the lane is as closed as it was
    }
  }
  row.behind.reset();
  save_delivery(work, row);
  if (lane->tail == row.id) lane->tail = before;
  save_lane(work, *lane);
  // A second replacement behind this one is in front now, though the lane is closed.
  if (next) put_behind(work, *next, next->lane_first && before == lane->closed_by ? std::nullopt : before, at);
}

bool open_lane(Work& work, DeliveryRow& row, WallTime at) {
  if (!row.lane_closed || !row.lane) return false;
  row.lane_closed = false;
  save_delivery(work, row);
  std::optional<Lane> lane = load_lane(work, *row.lane);
  if (!lane || lane->closed_by != row.id) return true;
  lane->closed_by.reset();
  if (lane->tail == row.id) lane->tail.reset();
  std::optional<DeliveryRow> next = successor(work, row.id);
  save_lane(work, *lane);
  if (next) put_behind(work, *next, std::nullopt, at);
  return true;
}

}  // namespace sluis::sqlite
