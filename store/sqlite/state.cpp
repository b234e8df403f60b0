#include "store/sqlite/state.h"

namespace sluis::sqlite {

void write_state(Work& work, std::string_view channel, const std::vector<StateWrite>& writes) {
  for (const StateWrite& write : writes) {
    if (write.value)
      Query(work.db, "INSERT OR REPLACE INTO state(channel, key, value) VALUES(?, ?, ?)")
          .with(channel, write.key, Blob{*write.value})
          .run();
    else
      Query(work.db, "DELETE FROM state WHERE channel = ? AND key = ?").with(channel, write.key).run();
  }
}

CommandResult apply_put_state(Work& work, const PutState& put) {
  write_state(work, put.channel, put.writes);
  return CommandValue{};
}

// The token grows each time the lease changes hands or was let go in between, so that a holder who slept through its
// end is recognised by whoever checks tokens. The row stays when a lease is given back: the token must not start again.
CommandResult apply_lease(Work& work, const Lease& lease) {
  Leased leased{false, 0, lease.holder};
  WallTime until{};
  bool known = false;
  {
    Query query(work.db, "SELECT holder, until, token FROM leases WHERE name = ?");
    if (query.with(lease.name).next()) {
      known = true;
      leased.holder = query.text(0);
      until = query.time(1);
      leased.fencing_token = query.number(2);
    }
  }
  const bool live = known && until > lease.at;
  if (live && leased.holder != lease.holder) {
    return CommandValue{std::move(leased)};
  }
  if (lease.until <= lease.at) {
    if (live) Query(work.db, "UPDATE leases SET until = ? WHERE name = ?").with(lease.at, lease.name).run();
    leased.holder.clear();
    return CommandValue{std::move(leased)};
  }
  if (!live) ++leased.fencing_token;
  leased.holder = lease.holder;
  leased.held = true;
  Query(work.db, "INSERT OR REPLACE INTO leases(name, holder, until, token) VALUES(?, ?, ?, ?)")
      .with(lease.name, lease.holder, lease.until, leased.fencing_token)
      .run();
  return CommandValue{std::move(leased)};
}

}  // namespace sluis::sqlite
