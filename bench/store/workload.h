// The messages of the store's benchmark: what the intake makes of a declaration that a customer drops in a folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/runtime/ids.h"
#include "core/runtime/random.h"
#include "core/store/commands.h"

namespace sluis::bench {

// Message `number` of a workload: two business keys, a dedupe key, a reference of its own, one delivery with an
// identity and a time to expire. Numbers and customers have a fixed width, so that every message makes rows of the same
// size. [Threading] one.
class Workload {
 public:
  static constexpr unsigned customers = 100;

  // `channel`: where the delivery goes.
  Workload(const Clock& clock, std::size_t body_octets, std::string channel = "digipoort");

  [[nodiscard]] Accept accept(std::uint64_t number);
  [[nodiscard]] Begin begin(DeliveryId delivery) const { return {delivery, clock_.wall()}; }
  [[nodiscard]] Finish finish(DeliveryId delivery, int attempt, std::uint64_t number) const;

  static std::string digits(std::uint64_t number);    // ten
  static std::string customer(std::uint64_t number);  // "customer-042"

 private:
  const Clock& clock_;
  SystemRandom random_;
  IdGenerator ids_{clock_, random_};
  std::string body_;
  std::string channel_;
};

}  // namespace sluis::bench
