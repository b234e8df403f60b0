#include "gateway/channel_services.h"

#include <fmt/format.h>

namespace sluis::gateway {

namespace {
constexpr Duration read_deadline = 5s;
constexpr Duration lease_time = 60s;
constexpr Duration lease_renewal = 20s;
}  // namespace

void StoreSettlements::settle(std::vector<Settlement> settlements, std::function<void(std::vector<Status>)> done) {
  const std::size_t count = settlements.size();
  store_.submit(Settle{std::move(settlements), clock_.wall()}, [count, done = std::move(done)](const CommandResult& result) {
    if (!done) return;
    if (!result) return done(std::vector<Status>(count, Status(result.error())));
    done(std::get<Settled>(*result).each);
  });
}

Result<std::optional<std::string>> StoreChannelState::get(std::string_view key) {
  auto reader = store_.read(read_deadline);
  if (!reader) return reader.error();
  return (*reader)->state(channel_, key);
}

Result<std::vector<std::pair<std::string, std::string>>> StoreChannelState::list(std::string_view prefix) {
  auto reader = store_.read(read_deadline);
  if (!reader) return reader.error();
  return (*reader)->states(channel_, prefix);
}

void StoreChannelState::put(std::vector<StateWrite> writes, std::function<void(Status)> done) {
  store_.submit(PutState{channel_, std::move(writes)}, [done = std::move(done)](const CommandResult& result) {
    if (done) done(result ? Status{} : Status{result.error()});
  });
}

Result<std::vector<Mailbox::Item>> StoreMailbox::list(std::string_view customer, DeliveryId after, std::size_t limit) {
  auto reader = store_.read(read_deadline);
  if (!reader) return reader.error();
  auto records = (*reader)->awaiting(channel_, customer, after, limit);
  if (!records) return records.error();
  std::vector<Item> items;
  for (DeliveryRecord& record : *records) items.push_back({record.delivery.id, record.delivery.message});
  return items;
}

namespace {

Messages::OneDelivery one_delivery(const DeliveryRecord& record) {
  Messages::OneDelivery out;
  out.id = record.delivery.id;
  out.message = record.message;
  out.state = record.state;
  out.destination = record.delivery.destination;
  out.reason = record.reason;
  out.attempts = record.delivery.attempt;
  out.receipt = record.receipt;
  out.changed_at = record.changed_at;
  return out;
}

Messages::OneMessage one_message(MessageRecord record) {
  Messages::OneMessage out;
  out.message = std::move(record.message);
  out.held = std::move(record.held);
  out.purged_bodies = record.purged_bodies;
  for (const DeliveryRecord& delivery : record.deliveries) out.deliveries.push_back(one_delivery(delivery));
  return out;
}

}  // namespace

Result<std::vector<Messages::OneMessage>> StoreMessages::list(std::string_view customer, const Filter& filter) {
  if (customer.empty()) return std::vector<OneMessage>{};
  MessageFilter asked;
  asked.customer = customer;
  asked.flow = filter.flow;
  asked.from = filter.from;
  asked.state = filter.state;
  asked.since = filter.since;
  asked.until = filter.until;
  asked.after = filter.after;
  asked.limit = filter.limit;
  auto reader = store_.read(read_deadline);
  if (!reader) return reader.error();
  auto records = (*reader)->messages(asked);
  if (!records) return records.error();
  std::vector<OneMessage> out;
  for (MessageRecord& record : *records)
    if (record.message.customer == customer) out.push_back(one_message(std::move(record)));
  return out;
}

Result<std::optional<Messages::OneMessage>> StoreMessages::show(std::string_view customer, const MessageId& id) {
  auto opened = store_.read(read_deadline);
  if (!opened) return opened.error();
  Reader& reader = **opened;
  auto record = reader.message(id);
  if (!record) return record.error();
  if (!record->has_value() || customer.empty() || (*record)->message.customer != customer) return std::optional<OneMessage>{};
  OneMessage out = one_message(std::move(**record));
  const auto timeline = reader.timeline(id);
  if (!timeline) return timeline.error();
  for (const TimelineRecord& entry : *timeline)
    out.timeline.push_back({entry.entry.at, entry.entry.event, entry.entry.text, entry.entry.delivery});
  const auto replies = reader.replies(id);
  if (!replies) return replies.error();
  for (const MessageId& reply : *replies) {
    const auto answer = reader.message(reply);
    if (!answer) return answer.error();
    if (answer->has_value() && (*answer)->message.customer == customer) out.replies.push_back(reply);
  }
  return std::optional{std::move(out)};
}

Result<std::optional<Messages::Found>> StoreMessages::delivery(std::string_view customer, DeliveryId id) {
  auto opened = store_.read(read_deadline);
  if (!opened) return opened.error();
  Reader& reader = **opened;
  const auto delivery = reader.delivery(id);
  if (!delivery) return delivery.error();
  if (!delivery->has_value() || customer.empty() || (*delivery)->delivery.customer != customer) return std::optional<Found>{};
  auto record = reader.message((*delivery)->message);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<Found>{};
  return std::optional{Found{one_delivery(**delivery), one_message(std::move(**record))}};
}

void StoreIncidents::open(std::string_view key, Severity severity, std::string_view text, std::string_view customer) {
  IncidentChange change;
  change.action = IncidentAction::open;
  change.key = channel_ + "/" + std::string(key);
  change.severity = severity;
  change.text = text;
  change.channel = channel_;
  change.customer = customer;
  change.at = clock_.wall();
  log_.write(severity == Severity::critical ? LogLevel::error : LogLevel::warning, "incident.open", text, {{"incident", change.key}});
  store_.submit(std::move(change), [log = log_](const CommandResult& result) {
    if (!result) log.error("incident.lost", "an incident could not be recorded", {{"reason", result.error().what}});
  });
}

void StoreIncidents::close(std::string_view key) {
  IncidentChange change;
  change.action = IncidentAction::close;
  change.key = channel_ + "/" + std::string(key);
  change.channel = channel_;
  change.at = clock_.wall();
  store_.submit(std::move(change), [log = log_](const CommandResult& result) {
    if (!result) log.error("incident.lost", "the end of an incident could not be recorded", {{"reason", result.error().what}});
  });
}

namespace {

// Shared by the handle, the store's callbacks and the renewal timer, any of which may be the last to look.
struct LeaseState : std::enable_shared_from_this<LeaseState> {
  Store& store;
  const Clock& clock;
  Executor& timers;
  const std::string name, holder;
  const std::function<void(bool)> changed;
  std::atomic<bool> wanted{true};
  std::atomic<bool> held{false};
  std::atomic<std::int64_t> token{0};

  LeaseState(Store& s, const Clock& c, Executor& t, std::string n, std::string h, std::function<void(bool)> f)
      : store(s), clock(c), timers(t), name(std::move(n)), holder(std::move(h)), changed(std::move(f)) {}

  void renew() {
    const WallTime now = clock.wall();
    store.submit(sluis::Lease{name, holder, now, now + lease_time}, [weak = weak_from_this()](const CommandResult& result) {
      const auto self = weak.lock();
      if (self == nullptr || !self->wanted) return;
      const bool got = result.ok() && std::get<Leased>(*result).held;
      if (got) self->token = std::get<Leased>(*result).fencing_token;
      if (self->held.exchange(got) != got && self->changed) self->changed(got);
      self->timers.schedule(self->clock.mono() + lease_renewal, [weak] {
        if (const auto still = weak.lock(); still != nullptr && still->wanted) still->renew();
      });
    });
  }
};

class HeldLease final : public Leases::Lease {
 public:
  explicit HeldLease(std::shared_ptr<LeaseState> state) : state_(std::move(state)) {}
  HeldLease(const HeldLease&) = delete;
  HeldLease& operator=(const HeldLease&) = delete;
  ~HeldLease() override {
    state_->wanted = false;
    const WallTime now = state_->clock.wall();
    state_->store.submit(sluis::Lease{state_->name, state_->holder, now, now}, [](const CommandResult&) {});   // it ends by itself otherwise
  }
  [[nodiscard]] bool held() const override { return state_->held; }
  [[nodiscard]] std::int64_t fencing_token() const override { return state_->token; }

 private:
  std::shared_ptr<LeaseState> state_;
};

}  // namespace

std::unique_ptr<Leases::Lease> StoreLeases::acquire(std::string_view name, std::function<void(bool held)> changed) {
  auto state = std::make_shared<LeaseState>(store_, clock_, timers_, std::string(name), holder_, std::move(changed));
  state->renew();
  return std::make_unique<HeldLease>(std::move(state));
}

std::vector<std::shared_ptr<const Account>> GenerationAccounts::all() const {
  const GenerationPtr generation = generations_.current();
  std::vector<std::shared_ptr<const Account>> out;
  const auto own = generation->channels.find(channel_);
  if (own != generation->channels.end() && own->second.own_account != nullptr) out.push_back(own->second.own_account);
  for (auto at = generation->accounts.lower_bound({channel_, ""}); at != generation->accounts.end() && at->first.first == channel_; ++at)
    if (!at->first.second.empty()) out.push_back(at->second);
  return out;
}

std::shared_ptr<const Account> GenerationAccounts::find(std::string_view customer) const {
  const GenerationPtr generation = generations_.current();
  if (!customer.empty())
    if (const auto at = generation->accounts.find({channel_, std::string(customer)}); at != generation->accounts.end()) return at->second;
  const auto own = generation->channels.find(channel_);
  return own == generation->channels.end() ? nullptr : own->second.own_account;
}

std::shared_ptr<const Customer> GenerationAccounts::customer(std::string_view id) const {
  const GenerationPtr generation = generations_.current();
  const auto at = generation->customers.find(id);
  return at == generation->customers.end() ? nullptr : at->second;
}

std::shared_ptr<const Customer> GenerationAccounts::customer_by(std::string_view kind, std::string_view value) const {
  const GenerationPtr generation = generations_.current();
  std::shared_ptr<const Customer> found;
  for (const auto& [id, customer] : generation->customers) {
    const auto at = customer->identifiers.find(std::string(kind));
    if (at == customer->identifiers.end() || at->second != value) continue;
    if (found != nullptr) return nullptr;   // two have it: never guess
    found = customer;
  }
  return found;
}

void GenerationAccounts::on_change(std::function<void(const AccountChanges&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

void GenerationAccounts::changed(const AccountChanges& changes) {
  std::function<void(const AccountChanges&)> listener;
  {
    const std::lock_guard lock(mutex_);
    listener = listener_;
  }
  if (listener) listener(changes);
}

}  // namespace sluis::gateway
