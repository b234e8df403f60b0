// Randomness is injected, so that a failing run can be played again from its seed.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "core/runtime/export.h"

namespace sluis {

// [Threading] any thread.
class SLUIS_CORE_API Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  std::uint64_t next();
  // Uniform in [0, bound); 0 when bound is 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();
};

// The kernel's generator through OpenSSL: identities, boundaries, tokens.
class SLUIS_CORE_API SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

// Deterministic (splitmix64): tests and simulations only; it is not fit for tokens.
class SLUIS_CORE_API SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace sluis
