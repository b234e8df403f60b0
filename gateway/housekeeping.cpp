#include "gateway/housekeeping.h"

namespace sluis::gateway {

Housekeeping::Housekeeping(Store& store, Executor& executor, const Clock& clock, Log log, Metrics& metrics, HousekeepingSettings settings)
    : store_(store), executor_(executor), clock_(clock), log_(std::move(log)), settings_(settings), incidents_(store, clock, log_, "gateway"),
      accepting_(metrics.gauge("sluis_accepting", "1 while new messages are accepted, 0 while the store says no")) {}

void Housekeeping::start() {
  executor_.post([this, weak = std::weak_ptr(alive_)] {
    if (weak.expired()) return;
    seal();
    purge();
    look();
  });
}

void Housekeeping::change(HousekeepingSettings settings) {
  executor_.post([this, weak = std::weak_ptr(alive_), settings] {
    if (weak.expired()) return;
    settings_ = settings;
    // Not cancelled: a purge is under way, and sets the next one by the new settings.
    if (executor_.cancel(next_purge_)) purge();
    if (executor_.cancel(next_look_)) look();
  });
}

void Housekeeping::submit_seal() {
  store_.submit(Seal{clock_.wall()}, [log = log_](const CommandResult& result) {
    if (!result) return log.warning("timeline.unsealed", "the timelines could not be sealed", {{"reason", result.error().what}});
    if (const std::string& line = std::get<Sealed>(*result).line; !line.empty())
      log.info("timeline.seal", "timelines sealed", {{"seal", line}});
  });
}

void Housekeeping::seal() {
  submit_seal();
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

void Housekeeping::look() {
  const std::string trouble = store_.trouble();
  const bool accepts = trouble.empty();
  accepting_.set(accepts ? 1 : 0);
  if (accepts_ != accepts) {
    if (!accepts) incidents_.open("not-accepting", Severity::critical, trouble, {});
    else incidents_.close("not-accepting");
    if (accepts && accepts_) log_.info("store.accepting", "new messages are accepted again");
    accepts_ = accepts;
  }
  next_look_ = executor_.schedule(clock_.mono() + settings_.look_every, [this, weak = std::weak_ptr(alive_)] {
    if (!weak.expired()) look();
  });
}

}  // namespace sluis::gateway
