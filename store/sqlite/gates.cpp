#include "store/sqlite/gates.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "store/sqlite/message_rows.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

namespace {

bool answered_already(Work& work, const Gate& gate) {
  Query query(work.db, "SELECT id FROM messages WHERE in_reply_to = ?");
  query.with(gate.about);
  while (query.next())
    if (const auto answer = load_message(work.db, query.message(0)); answer && opens(*answer, gate)) return true;
  return false;
}

// Columns opened_by, about, attribute from `first` on.
Gate read_gate(const Query& query, int first) {
  return {static_cast<Gate::OpenedBy>(query.number(first)), query.message(first + 1), query.text(first + 2)};
}

}  // namespace

bool shut_gates(Work& work, DeliveryId delivery, const std::vector<Gate>& gates) {
  bool waits = false;
  for (const Gate& gate : gates) {
    if (answered_already(work, gate)) continue;
    waits = true;
    Query(work.db, "INSERT OR IGNORE INTO gates(delivery, opened_by, about, attribute) VALUES(?, ?, ?, ?)")
        .with(delivery, static_cast<int>(gate.opened_by), gate.about, gate.attribute)
        .run();
  }
  return waits;
}

std::vector<Gate> gates_of(Connection& db, DeliveryId delivery) {
  std::vector<Gate> gates;
  Query query(db,
              "SELECT opened_by, about, attribute FROM gates WHERE delivery = ? ORDER BY opened_by, about, attribute");
  query.with(delivery);
  while (query.next()) gates.push_back(read_gate(query, 0));
  return gates;
}

bool has_gates(Connection& db, DeliveryId delivery) {
  Query query(db, "SELECT 1 FROM gates WHERE delivery = ? LIMIT 1");
  return query.with(delivery).next();
}

void open_gates_by(Work& work, const Message& answer, WallTime at) {
  if (!is_answer(answer)) return;
  std::vector<std::pair<DeliveryId, Gate>> waiting;
  {
    Query query(work.db,
                "SELECT delivery, opened_by, about, attribute FROM gates WHERE about = ? "
                "ORDER BY delivery, opened_by, attribute");
    query.with(*answer.in_reply_to);
    while (query.next()) waiting.emplace_back(DeliveryId{query.number(0)}, read_gate(query, 1));
  }
  for (const auto& [id, gate] : waiting) {
    if (!opens(answer, gate)) continue;
    Query(work.db, "DELETE FROM gates WHERE delivery = ? AND opened_by = ? AND about = ? AND attribute = ?")
        .with(id, static_cast<int>(gate.opened_by), gate.about, gate.attribute)
        .run();
    auto row = load_delivery(work.db, id);
    if (!row) continue;
    add_entry(work, row->message,
              {at,
               "gate-opened",
               id,
               fmt::format("the gate {} was opened by message {}", gate.text(), answer.id.text()),
               {}});
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
