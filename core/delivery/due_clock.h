// The time by which deliveries fall due: the wall clock, except that it never goes back.
#pragma once

#include <mutex>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"

namespace sluis {

// Due times are stored as wall times, but a retry in ten minutes is an interval. When the wall clock steps back an hour
// this clock goes on at its own speed, so that nothing stalls; when it steps forward this clock follows, so that
// whatever was written as "due now" is due: what waited is tried once early, inside each channel's concurrency and
// pace. After a step back the clock runs `ahead()` of the wall; the engine keeps that distance over a restart.
// [Threading] any thread.
class SLUIS_CORE_API DueClock {
 public:
  explicit DueClock(const Clock& clock) : clock_(clock), last_(clock.wall()), read_at_(clock.mono()) {}

  [[nodiscard]] WallTime now() {
    const std::lock_guard lock(mutex_);
    // The wall first: a pause between the two readings then makes this clock late by it once, never early for ever.
    const WallTime wall = clock_.wall();
    const MonoTime mono = clock_.mono();
    last_ = std::max(wall, last_ + (mono - read_at_));
    read_at_ = mono;
    return last_;
  }
  [[nodiscard]] Duration ahead() { return now() - clock_.wall(); }
  // At start: the distance that the run before had reached.
  void start_ahead(Duration by) {
    const std::lock_guard lock(mutex_);
    last_ = clock_.wall() + by;
    read_at_ = clock_.mono();
  }

 private:
  const Clock& clock_;
  std::mutex mutex_;
  WallTime last_;
  MonoTime read_at_;
};

}  // namespace sluis
