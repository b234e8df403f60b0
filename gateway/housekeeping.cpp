#include "gateway/housekeeping.h"

namespace sluis::gateway {

Housekeeping::Housekeeping(Store& store, Executor& executor, const Clock& clock, Log log, RetentionSettings settings)
    : store_(store), executor_(executor), clock_(clock), log_(std::move(log)), settings_(settings) {}

void Housekeeping::start() {
  executor_.post([this, weak = std::weak_ptr(alive_)] {
    if (weak.expired()) return;
    seal();
    purge();
  });
}

void Housekeeping::change(RetentionSettings settings) {
  executor_.post([this, weak = std::weak_ptr(alive_), settings] {
    if (weak.expired()) return;
    settings_ = settings;
    // Not cancelled: a purge is under way, and sets the next one by the new settings.
    if (executor_.cancel(next_purge_)) purge();
  });
}

void Housekeeping::seal() {
  store_.submit(Seal{clock_.wall()}, [log = log_](const CommandResult& result) {
    if (!result) return log.warning("timeline.unsealed", "the timelines could not be sealed", {{"reason", result.error().what}});
    if (const std::string& line = std::get<Sealed>(*result).line; !line.empty())
      log.info("timeline.seal", "timelines sealed", {{"seal", line}});
  });
  executor_.schedule(clock_.mono() + settings_.seal_every, [this, weak = std::weak_ptr(alive_)] {
    if (!weak.expired()) seal();
  });
}

void Housekeeping::purge() {
  const WallTime now = clock_.wall();
  store_.submit(Purge{now, now - settings_.bodies, now - settings_.metadata, now - settings_.keys, settings_.slice},
                [this, weak = std::weak_ptr(alive_), &executor = executor_, log = log_](const CommandResult& result) {
                  Purged purged;
                  if (!result) log.warning("retention.failed", "nothing could be purged", {{"reason", result.error().what}});
                  else purged = std::get<Purged>(*result);
                  if (purged.rows > 0) log.info("retention.purged", "what was due has been purged", {{"rows", purged.rows}});
                  executor.post([this, weak, more = purged.more] {
                    if (weak.expired()) return;
                    // More is due: at once, behind what was committed meanwhile. Else by the clock.
                    if (more) return purge();
                    next_purge_ = executor_.schedule(clock_.mono() + settings_.purge_every, [this, weak] {
                      if (!weak.expired()) purge();
                    });
                  });
                });
}

}  // namespace sluis::gateway
