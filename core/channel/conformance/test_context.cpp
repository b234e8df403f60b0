#include "core/channel/conformance/test_context.h"

#include <algorithm>
#include <cstring>

namespace sluis::tests {

class MemoryWriter final : public ContentWriter {
 public:
  explicit MemoryWriter(MemoryContent& store) : store_(store) {}
  Status write(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }
  Result<Content> finish() override {
    if (bytes_.size() <= inline_content_limit) return Content::inline_of(std::move(bytes_));
    Content content;
    content.size = bytes_.size();
    content.sha256 = sha256(bytes_);
    const std::lock_guard lock(store_.mutex_);
    content.handle = std::to_string(store_.next_++);
    store_.stored_[content.handle] = std::make_shared<const std::string>(std::move(bytes_));
    return content;
  }

 private:
  MemoryContent& store_;
  std::string bytes_;
};

namespace {

class MemoryReader final : public ContentReader {
 public:
  explicit MemoryReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t n = std::min(into.size(), bytes_->size() - at_);
    std::memcpy(into.data(), bytes_->data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::size_t at_ = 0;
};

class TestLease final : public Leases::Lease {
 public:
  explicit TestLease(const std::atomic<bool>& held) : held_(held) {}
  [[nodiscard]] bool held() const override { return held_; }
  [[nodiscard]] std::int64_t fencing_token() const override { return 1; }

 private:
  const std::atomic<bool>& held_;
};

}  // namespace

std::unique_ptr<ContentWriter> MemoryContent::write() { return std::make_unique<MemoryWriter>(*this); }

Result<std::unique_ptr<ContentReader>> MemoryContent::open(const Content& content) {
  if (content.bytes != nullptr) return std::unique_ptr<ContentReader>(std::make_unique<MemoryReader>(content.bytes));
  const std::lock_guard lock(mutex_);
  const auto at = stored_.find(content.handle);
  if (at == stored_.end()) return Error{"content.missing", "no such content"};
  return std::unique_ptr<ContentReader>(std::make_unique<MemoryReader>(at->second));
}

TestContext::TestContext(std::string channel, Environment environment, std::shared_ptr<Kept> kept)
    : channel_(std::move(channel)), environment_(environment),
      log_(manual_clock, function_log_sink([this](const LogRecord& record) {
             const std::lock_guard lock(log_mutex_);
             log_text_ += json_line(record) + "\n";
           }), LogLevel::debug),
      kept_(std::move(kept)) {}

bool TestContext::alive(std::string_view call) {
  const std::lock_guard lock(mutex_);
  if (stopped_) late_calls_.emplace_back(call);
  return !crashed_;
}

void TestContext::write_state(const std::vector<StateWrite>& writes) {
  const std::lock_guard lock(kept_->mutex);
  for (const StateWrite& write : writes) {
    if (write.value) kept_->state[write.key] = *write.value;
    else kept_->state.erase(write.key);
  }
}

std::optional<IntakeResult> TestContext::decide(const Arrival& arrival) {
  if (!answers.empty()) {
    IntakeResult answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  if (mode_ == IntakeMode::lose) return std::nullopt;
  if (mode_ == IntakeMode::refuse_for_now) return Refusal{Error{"store.full", "the disk is full"}, true};
  if (mode_ == IntakeMode::refuse_for_good) return Refusal{Error{"intake.unrouted", "no route takes this message"}, false};
  const std::lock_guard lock(kept_->mutex);
  if (arrival.key)
    if (const auto known = kept_->keys.find(arrival.key->text); known != kept_->keys.end())
      return Accepted{known->second, true, true, arrival.responses};
  const MessageId id = ids_.next();
  if (arrival.key) kept_->keys[arrival.key->text] = id;
  kept_->committed.push_back(arrival);
  return Accepted{id, false, true, arrival.responses};
}

void TestContext::accept(Arrival arrival, IntakeCallback done) {
  if (!alive("intake")) return;
  std::optional<IntakeResult> answer;
  {
    const std::lock_guard lock(mutex_);
    answer = decide(arrival);
    if (answer && std::holds_alternative<Accepted>(*answer) && !std::get<Accepted>(*answer).duplicate) write_state(arrival.state);
    arrivals_.push_back(std::move(arrival));
    if (!answer || mode_ == IntakeMode::commit_in_silence) {
      silent_.push_back(std::move(done));
      return;
    }
    if (hold) {
      held_.emplace_back(std::move(*answer), std::move(done));
      return;
    }
  }
  done(std::move(*answer));
}

void TestContext::intake(IntakeMode mode) {
  const std::lock_guard lock(mutex_);
  mode_ = mode;
}

void TestContext::release_arrivals() {
  std::vector<std::pair<IntakeResult, IntakeCallback>> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (auto& [answer, done] : held) done(std::move(answer));
}

void TestContext::settle(std::vector<Settlement> settlements, std::function<void(std::vector<Status>)> done) {
  if (!alive("settlements")) return;
  std::vector<Status> results(settlements.size());
  {
    const std::lock_guard lock(mutex_);
    for (Settlement& s : settlements) settled_.push_back(std::move(s));
  }
  done(std::move(results));
}

std::vector<std::shared_ptr<const Account>> TestContext::all() const {
  const std::lock_guard lock(mutex_);
  return account_list;
}

std::shared_ptr<const Account> TestContext::find(std::string_view customer) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const Account> own;
  for (const auto& account : account_list) {
    if (account->customer == customer) return account;
    if (account->customer.empty()) own = account;
  }
  return own;
}

std::shared_ptr<const Customer> TestContext::customer(std::string_view id) const {
  const auto at = customers.find(std::string(id));
  return at == customers.end() ? nullptr : at->second;
}

std::shared_ptr<const Customer> TestContext::customer_by(std::string_view kind, std::string_view value) const {
  std::shared_ptr<const Customer> found;
  for (const auto& [id, customer] : customers) {
    const auto at = customer->identifiers.find(std::string(kind));
    if (at == customer->identifiers.end() || at->second != value) continue;
    if (found != nullptr) return nullptr;
    found = customer;
  }
  return found;
}

void TestContext::on_change(std::function<void(const AccountChanges&)> listener) {
  if (alive("accounts.on_change")) listener_ = std::move(listener);
}
void TestContext::change_accounts(const AccountChanges& changes) { if (listener_) listener_(changes); }

void TestContext::reload(const AccountChanges& changes) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto* gone : {&changes.changed, &changes.removed})
      for (const auto& account : *gone)
        std::erase_if(account_list, [&](const auto& known) { return known->customer == account->customer; });
    for (const auto* there : {&changes.changed, &changes.added})
      account_list.insert(account_list.end(), there->begin(), there->end());
  }
  change_accounts(changes);
}

Result<std::vector<Mailbox::Item>> TestContext::list(std::string_view customer, DeliveryId after, std::size_t limit) {
  std::vector<Item> out;
  if (const auto at = mailboxes.find(customer); at != mailboxes.end())
    for (const Item& item : at->second)
      if (item.delivery > after && out.size() < limit) out.push_back(item);
  return out;
}

Result<std::optional<std::string>> TestContext::get(std::string_view key) {
  static_cast<void>(alive("state.get"));
  const std::lock_guard lock(kept_->mutex);
  const auto at = kept_->state.find(key);
  return at == kept_->state.end() ? std::optional<std::string>{} : at->second;
}

Result<std::vector<std::pair<std::string, std::string>>> TestContext::list(std::string_view prefix) {
  static_cast<void>(alive("state.list"));
  const std::lock_guard lock(kept_->mutex);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : kept_->state)
    if (key.starts_with(prefix)) out.emplace_back(key, value);
  return out;
}

void TestContext::put(std::vector<StateWrite> writes, std::function<void(Status)> done) {
  if (!alive("state.put")) return;
  write_state(writes);
  if (done) done({});
}

std::unique_ptr<Leases::Lease> TestContext::acquire(std::string_view, std::function<void(bool)> changed) {
  if (changed) changed(leases_held);
  return std::make_unique<TestLease>(leases_held);
}

void TestContext::open(std::string_view key, Severity, std::string_view text, std::string_view) {
  if (!alive("incidents.open")) return;
  const std::lock_guard lock(mutex_);
  incidents_.insert_or_assign(std::string(key), std::string(text));
  incident_text_ += std::string(key) + ": " + std::string(text) + "\n";
}

void TestContext::close(std::string_view key) {
  if (!alive("incidents.close")) return;
  const std::lock_guard lock(mutex_);
  if (const auto at = incidents_.find(key); at != incidents_.end()) incidents_.erase(at);
}

std::vector<Arrival> TestContext::arrivals() const {
  const std::lock_guard lock(mutex_);
  return arrivals_;
}
std::vector<Settlement> TestContext::settled() const {
  const std::lock_guard lock(mutex_);
  return settled_;
}
std::map<std::string, std::string> TestContext::open_incidents() const {
  const std::lock_guard lock(mutex_);
  return {incidents_.begin(), incidents_.end()};
}
std::map<std::string, std::string> TestContext::state_map() const {
  const std::lock_guard lock(kept_->mutex);
  return {kept_->state.begin(), kept_->state.end()};
}
std::string TestContext::log_text() const {
  const std::lock_guard lock(log_mutex_);
  return log_text_;
}
std::string TestContext::incident_text() const {
  const std::lock_guard lock(mutex_);
  return incident_text_;
}

void TestContext::expect_no_calls() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}
std::vector<std::string> TestContext::late_calls() const {
  const std::lock_guard lock(mutex_);
  return late_calls_;
}
void TestContext::crash() {
  const std::lock_guard lock(mutex_);
  crashed_ = true;
}

Executor& TestContext::Timers::real() const {
  return context_.real_timers != nullptr ? *context_.real_timers : static_cast<Executor&>(context_.executor);
}
void TestContext::Timers::post(Task task) {
  if (context_.alive("timers.post")) real().post(std::move(task));
}
TimerId TestContext::Timers::schedule(MonoTime at, Task task) {
  return context_.alive("timers.schedule") ? real().schedule(at, std::move(task)) : TimerId::none;
}
bool TestContext::Timers::cancel(TimerId timer) { return real().cancel(timer); }

Part make_part(std::string bytes, std::string_view media_type, std::string_view file_name, PartRole role) {
  Part part;
  part.role = role;
  part.media_type = media_type;
  part.file_name = file_name;
  part.content = Content::inline_of(std::move(bytes));
  return part;
}

std::shared_ptr<Delivery> make_delivery(std::string_view customer, std::vector<Part> parts) {
  static ManualClock clock;
  static SeededRandom random(7);
  static IdGenerator ids(clock, random);
  auto message = std::make_shared<Message>();
  message->id = ids.next();
  message->received_at = clock.wall();
  message->customer = customer;
  message->parts = std::move(parts);
  auto delivery = std::make_shared<Delivery>();
  delivery->id = DeliveryId{1};
  delivery->message = std::move(message);
  delivery->destination.account = customer;
  delivery->customer = customer;
  delivery->attempt = 1;
  return delivery;
}

Attempt make_attempt(std::shared_ptr<const Delivery> delivery, Ending& ending) {
  return Attempt(std::move(delivery), nullptr, [&ending](Outcome outcome, bool dropped) { ending.set(std::move(outcome), dropped); });
}

}  // namespace sluis::tests
