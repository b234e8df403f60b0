#include "core/channel/attempt.h"

#include <cassert>
#include <utility>

namespace sluis {

Attempt::Attempt(std::shared_ptr<const Delivery> delivery, std::shared_ptr<const std::atomic<bool>> cancelled, Finisher finisher)
    : delivery_(std::move(delivery)), cancelled_(std::move(cancelled)), finisher_(std::move(finisher)) {
  assert(delivery_ != nullptr && finisher_);
}

Attempt& Attempt::operator=(Attempt&& other) noexcept {
  if (this != &other) {
    drop();
    delivery_ = std::move(other.delivery_);
    cancelled_ = std::move(other.cancelled_);
    finisher_ = std::exchange(other.finisher_, nullptr);
  }
  return *this;
}

Attempt::~Attempt() { drop(); }

void Attempt::finish(Outcome outcome) {
  assert(finisher_ && "an attempt is finished once");
  if (!finisher_) return;
  const Finisher finisher = std::exchange(finisher_, nullptr);
  finisher(std::move(outcome), false);
}

void Attempt::drop() noexcept {
  if (!finisher_) return;
  const Finisher finisher = std::exchange(finisher_, nullptr);
  // Nobody can say how far it came, so it must be treated as in doubt.
  Retry retry;
  retry.reason = Error{"attempt.dropped", "the adapter let go of the attempt without an outcome"};
  retry.in_doubt = true;
  finisher(Outcome{std::move(retry), {}, {}}, true);
}

}  // namespace sluis
