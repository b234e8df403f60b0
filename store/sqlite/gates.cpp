#include "store/sqlite/gates.h"

#include <fmt/format.h>

#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

void open_gate(Work& work, std::string_view key, const MessageId& opened_by, WallTime at) {
  std::vector<DeliveryId> waiting;
  {
    Query query(work.db, "SELECT delivery FROM gates WHERE hash = ? AND key = ? ORDER BY delivery");
    query.with(key_hash(key), key);
    while (query.next()) waiting.push_back(DeliveryId{query.number(0)});
  }
  Query(work.db, "DELETE FROM gates WHERE hash = ? AND key = ?").with(key_hash(key), key).run();
  for (const DeliveryId id : waiting) {
    auto row = load_delivery(work.db, id);
    if (!row) continue;
    add_entry(work, row->message,
              {at, "gate-opened", id, fmt::format("the gate {} was opened by message {}", key, opened_by.text()), {}});
    unblock_if_free(work, *row, at);
  }
}

bool open_gates_of(Work& work, DeliveryRow& row, WallTime at) {
  Query(work.db, "DELETE FROM gates WHERE delivery = ?").with(row.id).run();
  if (work.db.changes() == 0) return false;
  unblock_if_free(work, row, at);
  return true;
}

}  // namespace sluis::sqlite
