// What commands work with while a batch runs, and what of a command takes effect only after its commit.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/segments.h"

namespace sluis::sqlite {

// Collected per command, kept when the command was not refused, acted on after the commit.
struct Effects {
  std::set<std::string> channels_with_work;
  bool wakeups = false;
  std::vector<DeliveryId> settled_elsewhere;
  std::vector<DeliveryId> ended;          // their claims are over
  std::vector<std::string> spool_unused;  // spool files that no row names any more, or never did
  bool purged = false;                    // days may have no bodies left

  void merge(Effects&& other);
};

// [Threading] the writer's. [Lifetime] one for the store; `effects` is emptied per command.
struct Work {
  Connection& db;
  SegmentWriter& segments;
  std::string segments_folder;
  std::string seal_key;
  std::int64_t epoch = 0;  // counts opens: the fencing token of claims on one node
  bool full = false;       // below the low-water mark: nothing new is accepted
  int key_period_days = 7;
  Effects effects;
};

// Applies one command inside its savepoint. Throws Failure; refuses with an Error.
CommandResult apply_command(Work& work, const Command& command);

// By topic; see the files of these names.
CommandResult apply_accept(Work& work, const Accept& accept, bool reply);
CommandResult apply_begin(Work& work, const Begin& begin);
CommandResult apply_finish(Work& work, const Finish& finish);
CommandResult apply_settle(Work& work, const Settle& settle);
CommandResult apply_operate(Work& work, const Operate& operate);
CommandResult apply_put_state(Work& work, const PutState& put);
CommandResult apply_lease(Work& work, const Lease& lease);
CommandResult apply_incident(Work& work, const IncidentChange& change);
CommandResult apply_purge(Work& work, const Purge& purge);
CommandResult apply_seal(Work& work, const Seal& seal);

// Runs `body` in a savepoint of its own; what it wrote is undone when it gives back an error.
template <class Body>
CommandResult in_savepoint(Work& work, const Body& body) {
  Query(work.db, "SAVEPOINT command").run();
  const std::size_t mark = work.segments.mark();
  const Effects before = work.effects;
  CommandResult result = body();
  if (!result.ok()) {
    Query(work.db, "ROLLBACK TO command").run();
    work.segments.rollback(mark);
    work.effects = before;
  }
  Query(work.db, "RELEASE command").run();
  return result;
}

}  // namespace sluis::sqlite
