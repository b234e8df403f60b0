// A ChannelContext for tests of adapters: manual clock and executor, an intake that records and answers as told, content
// in memory. Everything runs on the test's thread unless an adapter brings threads of its own; then what it reaches here
// is guarded by one mutex.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>

#include "core/channel/attempt.h"
#include "core/channel/context.h"
#include "core/runtime/ids.h"

namespace sluis::tests {

class MemoryContent final : public ContentStore {
 public:
  std::unique_ptr<ContentWriter> write() override;
  Result<std::unique_ptr<ContentReader>> open(const Content& content) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> stored_;   // shared: readers outlive the entry's lock
  int next_ = 1;
  friend class MemoryWriter;
};

class TestContext final : public ChannelContext,
                          public Intake,
                          public Settlements,
                          public Accounts,
                          public Mailbox,
                          public ChannelState,
                          public Leases,
                          public Incidents {
 public:
  explicit TestContext(std::string channel = "test-channel", Environment environment = Environment::test);

  // --- what a test sets
  ManualClock manual_clock;
  ManualExecutor executor{manual_clock};
  std::unique_ptr<SeededRandom> seeded = std::make_unique<SeededRandom>(1);
  std::vector<std::shared_ptr<const Account>> account_list;
  std::map<std::string, std::shared_ptr<const Customer>> customers;
  // How the intake answers the next arrivals; when empty: accepted. `hold` keeps the callbacks until release_arrivals().
  std::deque<IntakeResult> answers;
  bool hold = false;
  void release_arrivals();
  const Clock* real_clock = nullptr;         // for adapters under real sockets
  Executor* real_timers = nullptr;
  Network real_network;
  ContentStore* other_content = nullptr;     // in place of the memory: for content that cannot be read
  std::atomic<bool> leases_held{true};       // what every lease says, at any time

  // --- what a test reads
  std::vector<Arrival> arrivals() const;
  std::vector<Settlement> settled() const;
  std::map<std::string, std::string> open_incidents() const;
  std::map<std::string, std::string> state_map() const;
  std::string log_text() const;              // every log record as JSON lines: look for canaries here
  void change_accounts(const AccountChanges& changes);

  // --- ChannelContext
  [[nodiscard]] const std::string& channel() const override { return channel_; }
  [[nodiscard]] Environment environment() const override { return environment_; }
  [[nodiscard]] const std::string& gateway() const override { return gateway_; }
  Intake& intake() override { return *this; }
  Settlements& settlements() override { return *this; }
  Accounts& accounts() override { return *this; }
  Mailbox& mailbox() override { return *this; }
  ChannelState& state() override { return *this; }
  ContentStore& content() override { return other_content != nullptr ? *other_content : content_; }
  [[nodiscard]] const Clock& clock() const override { return real_clock != nullptr ? *real_clock : manual_clock; }
  Executor& timers() override { return real_timers != nullptr ? *real_timers : static_cast<Executor&>(executor); }
  Leases& leases() override { return *this; }
  Network network() override { return real_network; }
  Incidents& incidents() override { return *this; }
  Random& random() override { return *seeded; }
  const Log& log() override { return log_; }
  Metrics& metrics() override { return metrics_; }

  // --- the interfaces behind it
  void accept(Arrival arrival, IntakeCallback done) override;
  void settle(std::vector<Settlement> settlements, std::function<void(std::vector<Status>)> done) override;
  [[nodiscard]] std::vector<std::shared_ptr<const Account>> all() const override;
  [[nodiscard]] std::shared_ptr<const Account> find(std::string_view customer) const override;
  [[nodiscard]] std::shared_ptr<const Customer> customer(std::string_view id) const override;
  [[nodiscard]] std::shared_ptr<const Customer> customer_by(std::string_view kind, std::string_view value) const override;
  void on_change(std::function<void(const AccountChanges&)> listener) override;
  Result<std::vector<Item>> list(std::string_view customer, DeliveryId after, std::size_t limit) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view prefix) override;
  void put(std::vector<StateWrite> writes, std::function<void(Status)> done) override;
  std::unique_ptr<Lease> acquire(std::string_view name, std::function<void(bool)> changed) override;
  void open(std::string_view key, Severity severity, std::string_view text, std::string_view customer) override;
  void close(std::string_view key) override;

 private:
  std::string channel_;
  Environment environment_;
  std::string gateway_ = "test-gateway";
  MemoryContent content_;
  Metrics metrics_;
  Log log_;
  IdGenerator ids_{manual_clock, *seeded};
  mutable std::mutex mutex_;
  std::vector<Arrival> arrivals_;
  std::vector<std::pair<IntakeResult, IntakeCallback>> held_;
  std::vector<Settlement> settled_;
  std::map<std::string, std::string, std::less<>> state_, incidents_;
  std::string log_text_;
  std::function<void(const AccountChanges&)> listener_;
};

// Where an attempt's outcome arrives, from whatever thread the adapter finishes it on.
class Ending {
 public:
  [[nodiscard]] std::optional<Outcome> get() const {
    const std::lock_guard lock(mutex_);
    return outcome_;
  }
  [[nodiscard]] bool has_value() const { return get().has_value(); }
  [[nodiscard]] bool dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  void set(Outcome outcome, bool dropped) {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    dropped_ = dropped;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Outcome> outcome_;
  bool dropped_ = false;
};

// One delivery of a message with inline parts, as a channel gets it. `ending` outlives the attempt.
std::shared_ptr<Delivery> make_delivery(std::string_view customer, std::vector<Part> parts);
Part make_part(std::string bytes, std::string_view media_type, std::string_view file_name, PartRole role = PartRole::payload);
Attempt make_attempt(std::shared_ptr<const Delivery> delivery, Ending& ending);

}  // namespace sluis::tests
