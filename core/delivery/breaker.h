// A circuit breaker: after so many failures in a row nothing is tried for a while, then one.
#pragma once

#include <algorithm>

#include "core/delivery/generation.h"
#include "core/runtime/clock.h"

namespace sluis {

// On the monotonic clock: a step of the wall neither opens nor shortens a pause. [Threading] a value.
class Breaker {
 public:
  enum class State { closed, open, probing };  // probing: the pause is over and one attempt may go

  [[nodiscard]] State at(MonoTime now) const {
    if (!open_) return State::closed;
    return now < until_ ? State::open : State::probing;
  }
  [[nodiscard]] MonoTime until() const { return until_; }

  // True when this failure opened it. Each failed probe doubles the pause.
  bool failed(MonoTime now, const EngineSettings& settings) {
    if (!open_) {
      if (++failures_ < settings.breaker_failures) return false;
      open_ = true;
      pause_ = settings.breaker_pause;
      until_ = now + pause_;
      return true;
    }
    // Attempts that were under way when it opened say nothing new.
    if (now < until_) return false;
    pause_ = std::min(pause_ * 2, settings.breaker_pause_most);
    until_ = now + pause_;
    return false;
  }
  // The peer answered. True when this closed it.
  bool succeeded() {
    failures_ = 0;
    return std::exchange(open_, false);
  }

 private:
  int failures_ = 0;
  bool open_ = false;
  Duration pause_{};
  MonoTime until_{};
};

}  // namespace sluis
