// The delivery engine: claims what is due, hands it to channels, and turns outcomes, deadlines and operators' orders
// into commands of the store (DESIGN §2).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/delivery/arrival_planner.h"
#include "core/delivery/capacity.h"
#include "core/delivery/channel_directory.h"
#include "core/delivery/conclusion.h"
#include "core/delivery/due_clock.h"
#include "core/delivery/generation.h"
#include "core/runtime/executor.h"
#include "core/runtime/ids.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"
#include "core/runtime/random.h"
#include "core/store/store.h"

namespace sluis {

// Drives every delivery from due to settled.
// [Threading] all state lives on the executor's thread, which is the engine's own: claims and the look at wakeups read
// the store from it, briefly. Public functions: any thread, unless they say otherwise; callbacks run on the executor.
// [Ownership] what it is given outlives it; executor and store also outlive every Attempt that it gave out. Destroyed
// on the executor's thread, or after that thread has ended. [Durability] a delivery is handed over after the commit of
// its Begin and let go after the commit of its Finish. A crash between the two leaves it `sending`, which start() turns
// into queued in doubt, or held, as its policy says. [Errors] when the store answers "store.down" or is full, nothing
// is claimed for a tick, then tried again.
class SLUIS_CORE_API DeliveryEngine final {
 public:
  DeliveryEngine(Store& store, Executor& executor, const Clock& clock, Random& random, Generations& generations,
                 const ChannelDirectory& channels, ArrivalPlanner& planner, Log log, Metrics& metrics);
  ~DeliveryEngine();
  DeliveryEngine(const DeliveryEngine&) = delete;
  DeliveryEngine& operator=(const DeliveryEngine&) = delete;

  // Recovers what was being sent, then begins. Once, before any other thread uses the engine; blocks on the store.
  Status start();
  // No new claims; attempts under way are told that they may end, and are waited for. `stopped` is called once: when
  // none is left, or at the deadline. What is left then is in doubt at the next start.
  void stop(MonoTime deadline, std::function<void()> stopped);
  // Something changed that the store does not tell: a channel came up, a pause was lifted, a new generation.
  void wake();

  // Operators (DESIGN §5). `by` is who: "operator root".
  using Done = std::function<void(Result<Operated>)>;
  void release(DeliveryId delivery, std::string by, std::string reason, Done done);
  struct CancelHow {
    bool handled_elsewhere = false;
    bool even_in_doubt = false;
  };
  // Of one that is being sent: the attempt is told, and the cancel is done when it ends without having been taken.
  void cancel(DeliveryId delivery, CancelHow how, std::string by, std::string reason, Done done);
  void hold(DeliveryId delivery, std::string by, std::string reason, Done done);
  // as_new: with another identity, so that the peer sees a new message.
  void resend(DeliveryId delivery, bool as_new, std::string by, std::string reason, Done done);
  void go_on(DeliveryId delivery, std::string by, std::string reason, Done done);
  void open_gate(DeliveryId delivery, std::string by, std::string reason, Done done);
  // Routes a held message again, with the routing table of now.
  void route_held(const MessageId& message, std::string by, std::string reason, Done done);
  // A held message goes nowhere.
  void cancel_held(const MessageId& message, std::string by, std::string reason, Done done);

  // How many attempts are under way. The executor's thread.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  [[nodiscard]] DueClock& due_clock() { return due_; }

 private:
  struct InFlight {
    DeliveryRecord record;
    std::shared_ptr<const Delivery> delivery;            // shared with the Attempt
    std::shared_ptr<std::atomic<bool>> cancelled;        // shared with the Attempt
    std::vector<std::pair<Operate, Done>> when_it_ends;  // cancels that came while it was sending
    MonoTime began{};
  };
  // Told by the store's thread, read by ours.
  struct Signal {
    std::mutex mutex;
    bool posted = false;
    bool work = false;
    bool wakeups = false;
    std::vector<DeliveryId> settled;
  };
  using WakeupTuple = std::tuple<DeliveryId, WakeupKind, int>;

  // engine.cpp: the loop
  void signalled();
  void want_pass();
  void pass();
  bool look_for_work(MonoTime now);
  void claim_work();
  void note_next_due(const Holds& holds);
  void arm();
  void store_trouble(const Error& error);
  Moment moment() { return {clock_.wall(), due_.now()}; }
  void keep_due_clock();

  // attempts.cpp: from claim to Finish
  void begin(Claim claim);
  void on_begun(DeliveryId id, CommandResult result);
  void on_outcome(DeliveryId id, int attempt, Outcome outcome, bool dropped);
  void submit_finish(DeliveryId id, Finish finish);
  void on_finished(DeliveryId id, const Finish& finish, const CommandResult& result);
  void let_go(DeliveryId id);

  // overdue.cpp: wakeups
  void handle_wakeups();
  void handle(const DueWakeup& wakeup);
  void handle_escalation(const DueWakeup& wakeup);
  void handle_proof(const DueWakeup& wakeup);
  void handle_reply(const DueWakeup& wakeup);
  void handle_report(const DueWakeup& wakeup);
  void take(const DueWakeup& wakeup, std::vector<IncidentChange> incidents = {});
  void operate_wakeup(const DueWakeup& wakeup, Operate operate);
  void submit_wakeup(const DueWakeup& wakeup, Command command, std::function<void()> then = {});
  void later(const WakeupKey& key, Duration wait);
  [[nodiscard]] bool keeps_silent(const DeliveryRecord& record) const;
  bool answered(const MessageId& message);

  // operations.cpp: operators
  void operate(Operate operate, Done done);
  void end_condition(std::string_view condition, DeliveryId delivery, std::vector<IncidentChange>& changes);
  void settled_elsewhere(DeliveryId delivery);
  void opened(const IncidentChange& incident);

  // Runs f on the executor, unless the engine has gone.
  template <class F>
  void post(F f) {
    executor_.post([weak = std::weak_ptr<int>(alive_), f = std::move(f)]() mutable {
      if (const auto alive = weak.lock()) f();
    });
  }
  // A store callback that goes on on the executor.
  template <class F>
  CommandCallback back(F f) {
    return [weak = std::weak_ptr<int>(alive_), &executor = executor_, f = std::move(f)](CommandResult result) {
      executor.post([weak, f, result = std::move(result)]() mutable {
        if (const auto alive = weak.lock()) f(std::move(result));
      });
    };
  }

  Store& store_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  Generations& generations_;
  const ChannelDirectory& channels_;
  ArrivalPlanner& planner_;
  Log log_;
  Metrics& metrics_;
  IdGenerator ids_;
  DueClock due_;

  GenerationPtr generation_;
  Capacity capacity_;
  std::unordered_map<std::int64_t, InFlight> in_flight_;
  std::map<WakeupTuple, MonoTime> busy_wakeups_;           // being acted on, or not before
  std::map<DeliveryId, std::set<std::string>> incidents_;  // open ones that are about a delivery
  std::vector<std::string> open_channels_;                 // at the last look

  bool started_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  bool pass_wanted_ = false;
  bool work_dirty_ = true;
  bool wakeups_dirty_ = true;
  std::optional<WallTime> next_due_, next_wakeup_;
  MonoTime refreshed_{};
  std::optional<MonoTime> room_at_;
  std::optional<MonoTime> trouble_until_;
  Duration kept_ahead_{};
  TimerId timer_ = TimerId::none;

  std::shared_ptr<Signal> signal_;  // shared: the store's listener may outlive the engine
  std::shared_ptr<int> alive_;      // shared: what was posted checks it, and does nothing when the engine has gone
};

}  // namespace sluis
