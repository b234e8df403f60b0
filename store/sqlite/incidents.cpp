#include "store/sqlite/incidents.h"

namespace sluis::sqlite {

void change_incident(Work& work, const IncidentChange& change) {
  if (change.action == IncidentAction::close) {
    Query(work.db, "UPDATE incidents SET closed_at = ? WHERE key = ? AND closed_at IS NULL")
        .with(change.at, change.key)
        .run();
    return;
  }
  const std::string last = pack_incident(change);
  Query(work.db, "UPDATE incidents SET count = count + 1, last = ? WHERE key = ? AND closed_at IS NULL")
      .with(Blob{last}, change.key)
      .run();
  if (work.db.changes() > 0) return;
  Query(work.db, "INSERT INTO incidents(key, opened_at, count, last) VALUES(?, ?, 1, ?)")
      .with(change.key, change.at, Blob{last})
      .run();
}

CommandResult apply_incident(Work& work, const IncidentChange& change) {
  change_incident(work, change);
  return CommandValue{};
}

}  // namespace sluis::sqlite
