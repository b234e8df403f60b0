#include "store/sqlite/work.h"

namespace sluis::sqlite {

void Effects::merge(Effects&& other) {
  channels_with_work.merge(other.channels_with_work);
  wakeups = wakeups || other.wakeups;
  settled_elsewhere.insert(settled_elsewhere.end(), other.settled_elsewhere.begin(), other.settled_elsewhere.end());
  ended.insert(ended.end(), other.ended.begin(), other.ended.end());
  spool_unused.insert(spool_unused.end(), other.spool_unused.begin(), other.spool_unused.end());
  purged = purged || other.purged;
}

CommandResult apply_command(Work& work, const Command& command) {
  struct Apply {
    Work& work;
    CommandResult operator()(const Accept& c) const { return apply_accept(work, c, false); }
    CommandResult operator()(const Begin& c) const { return apply_begin(work, c); }
    CommandResult operator()(const Finish& c) const { return apply_finish(work, c); }
    CommandResult operator()(const Settle& c) const { return apply_settle(work, c); }
    CommandResult operator()(const Operate& c) const { return apply_operate(work, c); }
    CommandResult operator()(const PutState& c) const { return apply_put_state(work, c); }
    CommandResult operator()(const Lease& c) const { return apply_lease(work, c); }
    CommandResult operator()(const IncidentChange& c) const { return apply_incident(work, c); }
    CommandResult operator()(const Purge& c) const { return apply_purge(work, c); }
    CommandResult operator()(const Seal& c) const { return apply_seal(work, c); }
  };
  return std::visit(Apply{work}, command);
}

}  // namespace sluis::sqlite
