// The store conformance suite: behaviours every engine must have. An engine gives a StoreHarness factory and
// instantiates the suites below with it (see engines.cpp).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/random.h"
#include "core/store/store.h"

namespace sluis::test {

// One store on its own place, that can be closed, killed and opened again. [Threading] the test's.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  virtual Store& store() = 0;
  // Runs what is queued, on this thread; for an engine with its own threads, waits until nothing is queued.
  virtual void pump() = 0;
  virtual void close_and_reopen() = 0;
  // As after kill -9: what was not committed is gone.
  virtual void kill_and_reopen() = 0;
  virtual void set_free_space(std::uint64_t octets) = 0;
};

struct Engine {
  std::string name;
  std::function<std::unique_ptr<StoreHarness>(const Clock&)> make;
  friend void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }
};

class StoreTest : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override { harness_ = GetParam().make(clock_); }

  Store& store() { return harness_->store(); }
  CommandResult run(Command command);
  // For commands that must not be refused.
  template <class T>
  T get(Command command) {
    CommandResult result = run(std::move(command));
    if (!result.ok()) {
      ADD_FAILURE() << result.error().code << ": " << result.error().what;
      return T{};
    }
    return std::get<T>(result.value());
  }
  // For commands that may be refused or not: what comes of it is looked at elsewhere.
  void push(Command command) { static_cast<void>(run(std::move(command))); }
  std::string refusal(Command command) {
    const CommandResult result = run(std::move(command));
    return result.ok() ? "" : result.error().code;
  }

  Message message(std::string_view text = "hello", std::string_view from = "drop", std::string_view customer = "acme");
  NewDelivery to(std::string_view channel, std::string_view customer = "acme", std::string_view reference = {});
  Accept accepting(std::vector<NewDelivery> deliveries = {}, std::string_view text = "hello");
  // An accepted message with one delivery; gives the delivery's number.
  DeliveryId queue(NewDelivery delivery);
  DeliveryId queue() { return queue(to("out")); }
  Begun begin(DeliveryId id) { return get<Begun>(Begin{id, clock_.wall()}); }
  Finished finish(DeliveryId id, DeliveryState next, int attempt = 1);
  // Begun and finished so.
  Finished attempt(DeliveryId id, DeliveryState next);
  template <class What>
  Operate operation(DeliveryId id, What what = {}) {
    Operate operate;
    operate.what = std::move(what);
    operate.delivery = id;
    operate.by = "operator root";
    operate.at = clock_.wall();
    return operate;
  }
  Settlement settlement(std::string_view reference, bool delivered = true);

  std::unique_ptr<Reader> reader(Duration deadline = std::chrono::seconds{60});
  DeliveryRecord delivery(DeliveryId id);
  DeliveryState state(DeliveryId id) { return delivery(id).state; }
  MessageRecord stored(const MessageId& id);
  std::vector<std::string> events(const MessageId& id);
  std::vector<DeliveryId> claim(std::size_t free, std::size_t per_customer = 0, std::vector<std::string> closed = {});
  std::vector<VerifyFinding> findings(const std::vector<std::string>& lines = {});
  std::string text_of(const Content& content);

  static Reference reference(std::string_view value) { return {"message-id", "", std::string(value)}; }

  ManualClock clock_;
  SeededRandom random_{20260101};
  IdGenerator ids_{clock_, random_};
  std::unique_ptr<StoreHarness> harness_;
};

class StoreAccept : public StoreTest {};
class StoreAttempt : public StoreTest {};
class StoreClaim : public StoreTest {};
class StoreGates : public StoreTest {
 protected:
  // A stored message that an answer may answer.
  MessageId question();
  DeliveryId behind(std::vector<Gate> gates);
};
class StoreLane : public StoreTest {};
class StoreOperate : public StoreTest {};
class StoreRead : public StoreTest {};
class StoreRestart : public StoreTest {};
class StoreRetention : public StoreTest {};
class StoreSettle : public StoreTest {};
class StoreUpkeep : public StoreTest {};

}  // namespace sluis::test
