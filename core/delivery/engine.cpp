// The engine's loop: when to look, what may be claimed, when to look again.
//
// Safe after a crash: nothing here is state that matters. Due times, wakeups and attempts are the store's; what the
// engine knows in memory (breakers, pace, what is in flight) it learns again.
#include "core/delivery/engine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/delivery/incident_key.h"

namespace sluis {

namespace {

// Where the engine keeps what it must know again after a restart; no channel can have this name.
constexpr std::string_view state_channel = "sluis.engine";
constexpr std::string_view state_ahead = "due-clock.ahead";
constexpr Duration read_deadline = 5s;
// Changes are told by the store; this many ticks bound what a lost telling costs.
constexpr int refresh_ticks = 30;

}  // namespace

DeliveryEngine::DeliveryEngine(Store& store, Executor& executor, const Clock& clock, Random& random,
                               Generations& generations, const ChannelDirectory& channels, ArrivalPlanner& planner,
                               Log log, Metrics& metrics)
    : store_(store),
      executor_(executor),
      clock_(clock),
      random_(random),
      generations_(generations),
      channels_(channels),
      planner_(planner),
      log_(std::move(log)),
      metrics_(metrics),
      ids_(clock, random),
      due_(clock),
      generation_(generations.current()),
      signal_(std::make_shared<Signal>()),
      alive_(std::make_shared<int>(0)) {}

DeliveryEngine::~DeliveryEngine() {
  if (timer_ != TimerId::none) executor_.cancel(timer_);
}

Status DeliveryEngine::start() {
  generation_ = generations_.current();
  const auto holds = [generation = generation_](const std::string& policy) {
    return generation->policy(policy).in_doubt == Policy::InDoubt::hold;
  };
  // A human must act on those that recovery holds, so each gets its incident.
  std::vector<IncidentChange> held;
  {
    auto before = store_.read(read_deadline);
    if (!before) return before.error();
    MessageFilter filter;
    filter.state = DeliveryState::sending;
    filter.limit = 100'000;
    const auto sending = (*before)->messages(filter);
    if (!sending) return sending.error();
    for (const MessageRecord& message : *sending)
      for (const DeliveryRecord& record : message.deliveries) {
        if (record.state != DeliveryState::sending || !holds(record.delivery.policy)) continue;
        IncidentChange incident;
        incident.key = incident_key::held(record.delivery.destination.channel, record.delivery.id);
        incident.text = "held: in doubt, it was being sent when the gateway ended";
        incident.channel = record.delivery.destination.channel;
        incident.customer = record.delivery.customer;
        incident.message = record.message;
        incident.at = clock_.wall();
        held.push_back(std::move(incident));
      }
  }
  const auto recovered = store_.recover(holds);
  if (!recovered) return recovered.error();
  if (*recovered > 0)
    log_.warning("engine.recovered", "deliveries were being sent when the gateway ended; each is in doubt",
                 {{"count", *recovered}});
  for (IncidentChange& incident : held) {
    opened(incident);
    store_.submit(std::move(incident), [](const CommandResult&) {});
  }

  auto reader = store_.read(read_deadline);
  if (!reader) return reader.error();
  const auto ahead = (*reader)->state(state_channel, state_ahead);
  if (!ahead) return ahead.error();
  if (*ahead) {
    const auto by = parse_duration(**ahead);
    if (by && *by > Duration::zero()) {
      due_.start_ahead(*by);
      kept_ahead_ = *by;
    }
  }
  const auto open = (*reader)->incidents(true, 100'000);
  if (!open) return open.error();
  for (const IncidentRecord& incident : *open) opened(incident.last);
  store_.on_change([signal = signal_, weak = std::weak_ptr<int>(alive_), &executor = executor_,
                    this](const StoreChanges& changes) {
    {
      const std::lock_guard lock(signal->mutex);
      signal->work = signal->work || !changes.channels_with_work.empty();
      signal->wakeups = signal->wakeups || changes.wakeups;
      signal->settled.insert(signal->settled.end(), changes.settled_elsewhere.begin(), changes.settled_elsewhere.end());
      if (std::exchange(signal->posted, true)) return;
    }
    executor.post([weak, this] {
      if (const auto alive = weak.lock()) signalled();
    });
  });
  started_ = true;
  wake();
  return {};
}

void DeliveryEngine::stop(MonoTime deadline, std::function<void()> stopped) {
  post([this, deadline, stopped = std::move(stopped)]() mutable {
    stopping_ = true;
    stopped_ = std::move(stopped);
    for (auto& [id, in_flight] : in_flight_) in_flight.cancelled->store(true, std::memory_order_relaxed);
    if (timer_ != TimerId::none) executor_.cancel(timer_);
    timer_ = TimerId::none;
    if (in_flight_.empty()) {
      if (const auto done = std::exchange(stopped_, nullptr)) done();
      return;
    }
    timer_ = executor_.schedule(deadline, [weak = std::weak_ptr<int>(alive_), this] {
      const auto alive = weak.lock();
      if (!alive) return;
      timer_ = TimerId::none;
      if (!in_flight_.empty())
        log_.warning("engine.stop_deadline", "attempts did not end before the deadline; they are in doubt",
                     {{"count", in_flight_.size()}});
      if (const auto done = std::exchange(stopped_, nullptr)) done();
    });
  });
}

void DeliveryEngine::wake() {
  post([this] {
    work_dirty_ = true;
    wakeups_dirty_ = true;
    want_pass();
  });
}

void DeliveryEngine::signalled() {
  std::vector<DeliveryId> settled;
  {
    const std::lock_guard lock(signal_->mutex);
    signal_->posted = false;
    work_dirty_ = work_dirty_ || std::exchange(signal_->work, false);
    wakeups_dirty_ = wakeups_dirty_ || std::exchange(signal_->wakeups, false);
    settled.swap(signal_->settled);
  }
  for (const DeliveryId id : settled) settled_elsewhere(id);
  want_pass();
}

// Many reasons to look make one look.
void DeliveryEngine::want_pass() {
  if (stopping_ || !started_ || std::exchange(pass_wanted_, true)) return;
  post([this] {
    pass_wanted_ = false;
    pass();
  });
}

void DeliveryEngine::pass() {
  if (stopping_) return;
  const MonoTime now = clock_.mono();
  generation_ = generations_.current();
  keep_due_clock();
  if (now - refreshed_ >= refresh_ticks * generation_->engine.tick) {
    refreshed_ = now;
    work_dirty_ = wakeups_dirty_ = true;
  }
  if (!trouble_until_ || now >= *trouble_until_) {
    trouble_until_.reset();
    // Deadlines before claims: what expires now is not begun once more.
    const bool waited =
        std::any_of(busy_wakeups_.begin(), busy_wakeups_.end(), [&](const auto& entry) { return entry.second <= now; });
    if (wakeups_dirty_ || waited || (next_wakeup_ && *next_wakeup_ <= due_.now())) handle_wakeups();
    if (look_for_work(now)) claim_work();
  }
  arm();
}

bool DeliveryEngine::look_for_work(MonoTime now) {
  std::vector<std::string> open;
  for (const auto& [name, config] : generation_->channels)
    if (channels_.open(name)) open.push_back(name);
  if (open != open_channels_) {
    open_channels_ = std::move(open);
    work_dirty_ = true;
  }
  return work_dirty_ || (next_due_ && *next_due_ <= due_.now()) || (room_at_ && *room_at_ <= now);
}

void DeliveryEngine::claim_work() {
  work_dirty_ = false;
  room_at_.reset();
  // One claim fills what has room; after it customers stand elsewhere, so the next may give more. The bound lets
  // outcomes and operators in between.
  constexpr int rounds = 64;
  for (int round = 0; round < rounds; ++round) {
    const Holds holds = capacity_.holds(*generation_, channels_, clock_.mono());
    if (holds.channels.empty()) {
      next_due_.reset();
      break;
    }
    auto claims = store_.claim(holds, due_.now());
    if (!claims) {
      work_dirty_ = true;
      store_trouble(claims.error());
      return;
    }
    if (claims->empty()) {
      note_next_due(holds);
      break;
    }
    for (Claim& claim : *claims) begin(std::move(claim));
    if (round + 1 == rounds) {
      work_dirty_ = true;
      want_pass();
    }
  }
  room_at_ = capacity_.next_room(clock_.mono());
}

void DeliveryEngine::note_next_due(const Holds& holds) {
  next_due_.reset();
  auto reader = store_.read(read_deadline);
  if (!reader) {
    work_dirty_ = true;
    return store_trouble(reader.error());
  }
  const WallTime now = due_.now();
  for (const Holds::Room& room : holds.channels) {
    const auto due = (*reader)->next_due(room.channel);
    if (!due) {
      work_dirty_ = true;
      return store_trouble(due.error());
    }
    if (!*due) continue;
    // Due and yet not claimed: a customer at its limit or paused holds it back. An ended attempt looks again at once, a
    // lifted pause within a tick.
    const WallTime at = **due <= now ? now + generation_->engine.tick : **due;
    if (!next_due_ || at < *next_due_) next_due_ = at;
  }
}

void DeliveryEngine::arm() {
  const MonoTime now = clock_.mono();
  MonoTime at = now + generation_->engine.tick;
  const auto earliest = [&](MonoTime t) { at = std::min(at, std::max(t, now)); };
  if (trouble_until_) {
    earliest(*trouble_until_);
  } else {
    // Both times are the due clock's; the tick bounds what a step of the wall makes of them.
    const WallTime due = due_.now();
    if (next_due_) earliest(now + std::max(Duration::zero(), *next_due_ - due));
    if (next_wakeup_ && *next_wakeup_ > due) earliest(now + (*next_wakeup_ - due));
    if (room_at_) earliest(*room_at_);
  }
  if (timer_ != TimerId::none) executor_.cancel(timer_);
  timer_ = executor_.schedule(at, [weak = std::weak_ptr<int>(alive_), this] {
    const auto alive = weak.lock();
    if (!alive) return;
    timer_ = TimerId::none;
    want_pass();
  });
}

void DeliveryEngine::store_trouble(const Error& error) {
  if (!trouble_until_) log_.error("engine.store", error.what, {{"code", error.code}});
  metrics_
      .counter("sluis_engine_store_errors_total", "Commands and reads of the engine that the store refused or failed",
               {{"code", error.code}})
      .add();
  trouble_until_ = clock_.mono() + generation_->engine.tick;
}

void DeliveryEngine::keep_due_clock() {
  const Duration ahead = due_.ahead();
  if (ahead - kept_ahead_ < 1s && kept_ahead_ - ahead < 1s) return;
  log_.warning("engine.clock_step", "the wall clock stepped; retries go on by the monotonic clock",
               {{"ahead", format_duration(ahead)}});
  kept_ahead_ = ahead;
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(ahead);
  store_.submit(PutState{std::string(state_channel), {{std::string(state_ahead), fmt::format("{}ms", whole.count())}}},
                [](const CommandResult&) {});
}

}  // namespace sluis
