#include "tests/core/channel/test_context.h"

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

TestContext::TestContext(std::string channel, Environment environment)
    : channel_(std::move(channel)), environment_(environment),
      log_(manual_clock, function_log_sink([this](const LogRecord& record) { log_text_ += json_line(record) + "\n"; }), LogLevel::debug) {}

void TestContext::accept(Arrival arrival, IntakeCallback done) {
  IntakeResult answer;
  {
    const std::lock_guard lock(mutex_);
    if (answers.empty()) {
      answer = Accepted{ids_.next(), false, true, arrival.responses};
    } else {
      answer = answers.front();
      answers.pop_front();
    }
    if (std::holds_alternative<Accepted>(answer) && !std::get<Accepted>(answer).duplicate)
      for (const StateWrite& write : arrival.state) {
        if (write.value) state_[write.key] = *write.value;
        else state_.erase(write.key);
      }
    arrivals_.push_back(std::move(arrival));
    if (hold) {
      held_.emplace_back(std::move(answer), std::move(done));
      return;
    }
  }
  done(std::move(answer));
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
  std::vector<Status> results(settlements.size());
  {
    const std::lock_guard lock(mutex_);
    for (Settlement& s : settlements) settled_.push_back(std::move(s));
  }
  done(std::move(results));
}

std::vector<std::shared_ptr<const Account>> TestContext::all() const { return account_list; }

std::shared_ptr<const Account> TestContext::find(std::string_view customer) const {
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

void TestContext::on_change(std::function<void(const AccountChanges&)> listener) { listener_ = std::move(listener); }
void TestContext::change_accounts(const AccountChanges& changes) { if (listener_) listener_(changes); }

Result<std::vector<Mailbox::Item>> TestContext::list(std::string_view, DeliveryId, std::size_t) { return std::vector<Item>{}; }

Result<std::optional<std::string>> TestContext::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto at = state_.find(key);
  return at == state_.end() ? std::optional<std::string>{} : at->second;
}

Result<std::vector<std::pair<std::string, std::string>>> TestContext::list(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : state_)
    if (key.starts_with(prefix)) out.emplace_back(key, value);
  return out;
}

void TestContext::put(std::vector<StateWrite> writes, std::function<void(Status)> done) {
  {
    const std::lock_guard lock(mutex_);
    for (const StateWrite& write : writes) {
      if (write.value) state_[write.key] = *write.value;
      else state_.erase(write.key);
    }
  }
  if (done) done({});
}

std::unique_ptr<Leases::Lease> TestContext::acquire(std::string_view, std::function<void(bool)> changed) {
  if (changed) changed(leases_held);
  return std::make_unique<TestLease>(leases_held);
}

void TestContext::open(std::string_view key, Severity, std::string_view text, std::string_view) {
  const std::lock_guard lock(mutex_);
  incidents_.insert_or_assign(std::string(key), std::string(text));
}

void TestContext::close(std::string_view key) {
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
  const std::lock_guard lock(mutex_);
  return {state_.begin(), state_.end()};
}
std::string TestContext::log_text() const { return log_text_; }

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
