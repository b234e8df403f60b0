// A ChannelContext for tests of adapters: manual clock and executor, an intake that records and answers as told,
// content in memory. Everything runs on the test's thread unless an adapter brings threads of its own; then what it
// reaches here is guarded by one mutex.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>

#include "core/channel/attempt.h"
#include "core/channel/conformance/test_listeners.h"
#include "core/channel/context.h"
#include "core/runtime/ids.h"

namespace sluis::tests {

class MemoryContent final : public ContentStore {
 public:
  std::unique_ptr<ContentWriter> write() override;
  Result<std::unique_ptr<ContentReader>> open(const Content& content) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> stored_;  // shared: readers outlive the entry's lock
  int next_ = 1;
  friend class MemoryWriter;
};

// What the gateway has made durable: give it to the next context, and the one before it was a process that crashed.
struct Kept {
  std::mutex mutex;  // guards what follows
  std::map<std::string, std::string, std::less<>> state;
  std::map<std::string, MessageId, std::less<>> keys;  // dedupe keys
  std::vector<Arrival> committed;                      // each message once
};

// What the intake does with the next arrivals.
enum class IntakeMode {
  accept,
  refuse_for_now,     // "store.full", temporary
  refuse_for_good,    // "intake.unrouted"
  commit_in_silence,  // commits, and its callback never comes: a crash just after the commit
  lose                // neither: a crash just before it
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
  explicit TestContext(std::string channel = "test-channel", Environment environment = Environment::test,
                       std::shared_ptr<Kept> kept = std::make_shared<Kept>());

  // --- what a test sets
  ManualClock manual_clock;
  ManualExecutor executor{manual_clock};
  std::unique_ptr<SeededRandom> seeded = std::make_unique<SeededRandom>(1);
  std::vector<std::shared_ptr<const Account>> account_list;
  std::map<std::string, std::shared_ptr<const Customer>> customers;
  // How the intake answers the next arrivals; when empty: accepted. `hold` keeps the callbacks until
  // release_arrivals().
  std::deque<IntakeResult> answers;
  bool hold = false;
  void release_arrivals();
  // As `answers` and `hold`, for all arrivals from now on, also while the adapter's threads run.
  void intake(IntakeMode mode);
  const Clock* real_clock = nullptr;  // for adapters under real sockets
  Executor* real_timers = nullptr;
  Network real_network;
  TestListeners test_listeners;
  TestMessages test_messages;
  std::map<std::string, std::vector<Mailbox::Item>, std::less<>> mailboxes;  // by customer
  ContentStore* other_content = nullptr;  // in place of the memory: for content that cannot be read
  std::atomic<bool> leases_held{true};    // what every lease says, at any time
  std::atomic<bool> paused{false};        // an operator has paused the channel

  // --- what a test reads
  std::vector<Arrival> arrivals() const;
  std::vector<Settlement> settled() const;
  std::map<std::string, std::string> open_incidents() const;
  std::map<std::string, std::string> state_map() const;
  std::string log_text() const;       // every log record as JSON lines: look for canaries here
  std::string incident_text() const;  // key and text of every incident that was ever opened
  std::string metrics_text() const { return metrics_.render(); }
  void change_accounts(const AccountChanges& changes);
  // A reload: account_list is what it was with the changes, and the channel is told.
  void reload(const AccountChanges& changes);

  // --- what comes after the channel's end
  // From now on every call that has an effect is named in late_calls(): a channel that has stopped makes none.
  void expect_no_calls();
  std::vector<std::string> late_calls() const;
  // The process is gone: from now on no call has an effect, and no callback comes.
  void crash();

  // --- ChannelContext
  [[nodiscard]] const std::string& channel() const override { return channel_; }
  [[nodiscard]] Environment environment() const override { return environment_; }
  [[nodiscard]] const std::string& gateway() const override { return gateway_; }
  [[nodiscard]] std::string at_rest() const override { return paused ? "paused: by the test" : ""; }
  Intake& intake() override { return *this; }
  Settlements& settlements() override { return *this; }
  Accounts& accounts() override { return *this; }
  Mailbox& mailbox() override { return *this; }
  Messages& messages() override { return test_messages; }
  Listeners& listeners() override { return test_listeners; }
  ChannelState& state() override { return *this; }
  ContentStore& content() override { return other_content != nullptr ? *other_content : content_; }
  [[nodiscard]] const Clock& clock() const override { return real_clock != nullptr ? *real_clock : manual_clock; }
  Executor& timers() override { return timers_; }
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
  [[nodiscard]] std::shared_ptr<const Customer> customer_by(std::string_view kind,
                                                            std::string_view value) const override;
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
  std::vector<IntakeCallback> silent_;  // never called; kept, as a callback that is on its way would be
  std::vector<Settlement> settled_;
  std::map<std::string, std::string, std::less<>> incidents_;
  std::string incident_text_;
  IntakeMode mode_ = IntakeMode::accept;
  bool crashed_ = false, stopped_ = false;
  std::vector<std::string> late_calls_;
  std::function<void(const AccountChanges&)> listener_;
  const std::shared_ptr<Kept> kept_;  // shared with the contexts before and after this one
  mutable std::mutex log_mutex_;      // a record may be written while mutex_ is held
  std::string log_text_;

  // The executor behind it, with an eye on who still uses it.
  class Timers final : public Executor {
   public:
    explicit Timers(TestContext& context) : context_(context) {}
    void post(Task task) override;
    TimerId schedule(MonoTime at, Task task) override;
    bool cancel(TimerId timer) override;

   private:
    [[nodiscard]] Executor& real() const;
    TestContext& context_;
  };
  Timers timers_{*this};
  // Notes a call that comes too late; false: the process is gone, and the call must have no effect.
  bool alive(std::string_view call);
  std::optional<IntakeResult> decide(const Arrival& arrival);  // under mutex_; none: its callback never comes
  void write_state(const std::vector<StateWrite>& writes);
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
Part make_part(std::string bytes, std::string_view media_type, std::string_view file_name,
               PartRole role = PartRole::payload);
Attempt make_attempt(std::shared_ptr<const Delivery> delivery, Ending& ending);

}  // namespace sluis::tests
