// A token bucket: so many attempts a second, evenly.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/runtime/clock.h"

namespace sluis {

// The bucket holds a tenth of a second's worth, at least one: a pace of 100 a second may start ten at once, a pace of
// one in ten seconds never two. [Threading] a value.
class Pace {
 public:
  // A new rate keeps what the bucket holds, so that a reload is no burst. 0: no pace.
  void rate(double per_second, MonoTime now) {
    if (per_second == per_second_) return;
    refill(now);
    if (per_second_ <= 0) tokens_ = capacity(per_second);
    per_second_ = per_second;
    tokens_ = std::min(tokens_, capacity(per_second));
  }
  [[nodiscard]] std::size_t ready(MonoTime now) {
    if (per_second_ <= 0) return std::numeric_limits<std::size_t>::max();
    refill(now);
    // A microsecond clock rounds; a token that is there but for that is there.
    return static_cast<std::size_t>(std::max(0.0, std::floor(tokens_ + 1e-6 * std::max(1.0, per_second_))));
  }
  void take() {
    if (per_second_ > 0) tokens_ -= 1;
  }
  // When the next token comes; `now` when one is there.
  [[nodiscard]] MonoTime next(MonoTime now) {
    if (ready(now) > 0) return now;
    return now + Duration{static_cast<Duration::rep>(std::ceil((1 - tokens_) / per_second_ * 1e6))};
  }

 private:
  static double capacity(double per_second) { return std::max(1.0, per_second / 10); }
  void refill(MonoTime now) {
    const double seconds = static_cast<double>((now - filled_).count()) / 1e6;
    filled_ = now;
    if (per_second_ > 0) tokens_ = std::min(capacity(per_second_), tokens_ + seconds * per_second_);
  }

  double per_second_ = 0;
  double tokens_ = 0;
  MonoTime filled_{};
};

}  // namespace sluis
