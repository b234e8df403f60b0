// One try at one delivery, in the hands of a channel.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "core/channel/delivery.h"
#include "core/channel/outcome.h"
#include "core/runtime/export.h"

namespace sluis {

// Move-only. Whoever holds it calls finish() exactly once; dropped unfinished it ends as Retry, in doubt, and is counted
// as a bug of the adapter ("attempt.dropped").
// A second finish() is a broken invariant: it ends the process. Every attempt is finished before Channel::stop() returns.
// [Threading] finish() from any thread; it does not block. cancelled() is a hint from any thread: the operator cancelled
// or the gateway stops; before the first byte has left, end with Retry; after it, go on.
class SLUIS_CORE_API Attempt {
 public:
  // What the engine gives: called once, with the outcome and whether the attempt was dropped.
  using Finisher = std::function<void(Outcome, bool dropped)>;

  Attempt(std::shared_ptr<const Delivery> delivery, std::shared_ptr<const std::atomic<bool>> cancelled, Finisher finisher);
  Attempt(Attempt&& other) noexcept
      : delivery_(std::move(other.delivery_)), cancelled_(std::move(other.cancelled_)), finisher_(std::exchange(other.finisher_, nullptr)) {}
  Attempt& operator=(Attempt&& other) noexcept;
  ~Attempt();

  [[nodiscard]] const Delivery& delivery() const { return *delivery_; }
  [[nodiscard]] std::shared_ptr<const Delivery> shared_delivery() const { return delivery_; }
  [[nodiscard]] bool cancelled() const { return cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed); }
  void finish(Outcome outcome);

 private:
  void drop() noexcept;
  std::shared_ptr<const Delivery> delivery_;                 // shared with the engine's in-flight table
  std::shared_ptr<const std::atomic<bool>> cancelled_;       // shared with the engine, which sets it
  Finisher finisher_;
};

}  // namespace sluis
