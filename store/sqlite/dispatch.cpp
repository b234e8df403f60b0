// What the engine takes out: claims, and at start-up what was left `sending`.
#include <fmt/format.h>

#include "store/sqlite/deliveries.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store.h"
#include "store/sqlite/timeline.h"

namespace sluis::sqlite {

Result<std::vector<Claim>> SqliteStore::claim(const Holds& holds, WallTime now) {
  Claims::Taken taken;
  {
    const std::lock_guard lock(claim_mutex_);
    if (!claim_connection_) return Error{"store.down", "the store is closed"};
    try {
      taken = claims_.take(*claim_connection_, holds, now);
    } catch (const Failure& failure) {
      return error_of(failure);
    }
  }
  for (const DeliveryId id : taken.corrupt) {
    Operate hold;
    hold.what = Operate::Hold{};
    hold.delivery = id;
    hold.by = "store";
    hold.reason = "corrupt: the record does not match its checksum";
    hold.at = now;
    IncidentChange incident;
    incident.key = fmt::format("store/corrupt/{}", number(id));
    incident.severity = Severity::critical;
    incident.text =
        fmt::format("delivery {} or its message cannot be read: the record does not match its checksum", number(id));
    incident.at = now;
    hold.incidents.push_back(std::move(incident));
    submit(std::move(hold), [this, id](const CommandResult&) { claims_.release({id}); });
  }
  return std::move(taken.claims);
}

void SqliteStore::unclaim(const std::vector<DeliveryId>& deliveries) {
  claims_.release(deliveries);
}

Result<std::size_t> SqliteStore::recover(const std::function<bool(const std::string& policy)>& hold_in_doubt) {
  const std::lock_guard lock(writer_mutex_);
  if (!writer_) return Error{"store.down", "the store is closed"};
  std::size_t recovered = 0;
  try {
    const WallTime now = clock_.wall();
    work_->effects = {};
    Query(*writer_, "BEGIN IMMEDIATE").run();
    // The folder is ours alone: who held a lease is gone, and nobody need wait for its end. The tokens go on.
    Query(*writer_, "UPDATE leases SET until = ? WHERE until > ?").with(now, now).run();
    std::vector<DeliveryId> sending;
    {
      Query query(*writer_, "SELECT id FROM deliveries WHERE state = 1 AND state IN (1, 2, 4, 5) ORDER BY id");
      while (query.next()) sending.push_back(DeliveryId{query.number(0)});
    }
    for (const DeliveryId id : sending) {
      auto row = load_delivery(*writer_, id);
      if (!row) continue;
      const auto fixed = unpack_fixed(row->fixed);
      const bool hold = !fixed || hold_in_doubt(fixed->policy);
      row->in_doubt = true;
      row->due_at = now;
      row->reason = "in doubt: found sending at start-up";
      change_state(*work_, *row, hold ? DeliveryState::held : follow(row->state, Push::restart, false), now);
      add_entry(*work_, row->message, {now, hold ? "held" : "restarted", id, row->reason, {}});
      ++recovered;
    }
    sync_and_commit();
  } catch (const Failure& failure) {
    roll_back();
    return note(failure);
  }
  return recovered;
}

}  // namespace sluis::sqlite
