#include "core/channel/conformance/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <thread>

namespace sluis::conformance {

void Ends::add(Outcome outcome, bool dropped) {
  const std::lock_guard lock(mutex_);
  ++count_;
  dropped_ = dropped_ || dropped;
  if (!first_) first_ = std::move(outcome);
}
int Ends::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}
bool Ends::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}
Outcome Ends::first() const {
  const std::lock_guard lock(mutex_);
  if (first_) return *first_;
  Retry none;
  none.reason = Error{"conformance.none", "the attempt has not ended"};
  return Outcome{std::move(none), {}, {}};
}

std::chrono::seconds patience() {
  const char* const told =
      std::getenv("SLUIS_PATIENCE");  // NOLINT(concurrency-mt-unsafe): nothing writes the environment
  const int seconds = told != nullptr ? std::atoi(told) : 0;
  return std::chrono::seconds{seconds > 0 ? seconds : 20};
}

bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + patience();
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

bool stays(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + quiet;
  do {
    if (!condition()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  } while (std::chrono::steady_clock::now() < until);
  return true;
}

Bench::Bench(const Subject& s)
    : subject(s),
      rig(s.rig()),
      resolver_(std::make_unique<net::SystemResolver>(1)),
      connector_(std::make_unique<net::Connector>(*resolver_)) {
  accounts_.push_back(rig->account("acme"));
  make_context();
}

Bench::~Bench() {
  if (channel_ != nullptr && started_) channel_->stop(clock.mono() + 1s);
  channel_.reset();
  loops_->stop();
  loops_.reset();
}

void Bench::make_context() {
  if (loops_ != nullptr) loops_->stop();
  loops_ = nullptr;
  // Far above what a busy machine does to an innocent task, far below what a wait for a peer is.
  net::LoopSettings settings;
  settings.stall_threshold = 400ms;
  loops_ = std::make_unique<net::LoopGroup>(clock, 1, settings);
  if (context_ != nullptr) before_.push_back(std::move(context_));
  context_ = std::make_unique<tests::TestContext>(rig->config().name, rig->config().environment, kept_);
  context_->real_clock = &clock;
  context_->real_timers = &loops_->at(0);
  context_->real_network = {loops_.get(), connector_.get(), resolver_.get()};
  context_->account_list = accounts_;
}

std::unique_ptr<Channel> Bench::make() {
  auto made = subject.plugin->adapter()->make(rig->config(), *context_);
  if (!made) {
    ADD_FAILURE() << "the adapter makes no channel: " << made.error().what;
    return nullptr;
  }
  return std::move(*made);
}

void Bench::start() {
  channel_ = make();
  ASSERT_NE(channel_, nullptr);
  const Status status = channel_->start();
  started_ = true;
  ASSERT_TRUE(status.ok()) << status.error().what;
}

void Bench::stop(Duration within) {
  channel_->stop(clock.mono() + within);
  started_ = false;
}

void Bench::crash() {
  context_->crash();
  channel_->stop(clock.mono());
  seen_ += visible();
  channel_.reset();
  started_ = false;
  make_context();
}

void Bench::add_account(const std::string& customer) {
  accounts_.push_back(rig->account(customer));
  context_->reload({{accounts_.back()}, {}, {}});
}

void Bench::remove_account(const std::string& customer) {
  const auto at = std::find_if(accounts_.begin(), accounts_.end(),
                               [&](const auto& account) { return account->customer == customer; });
  ASSERT_NE(at, accounts_.end());
  const auto account = *at;
  accounts_.erase(at);
  context_->reload({{}, {}, {account}});
}

std::shared_ptr<Delivery> Bench::delivery(const std::string& body, const std::string& customer) {
  auto delivery = rig->delivery(customer, body);
  delivery->id = DeliveryId{next_delivery_++};
  delivery->attempt = 0;
  delivery->destination.channel = rig->config().name;
  delivery->identity = channel_->identify(*delivery);
  return delivery;
}

EndsPtr Bench::begin(const std::shared_ptr<Delivery>& delivery, bool cancelled) {
  const auto ends = std::make_shared<Ends>();
  // A copy: what an earlier attempt still holds does not change under it.
  const auto next = std::make_shared<Delivery>(*delivery);
  next->attempt = ++delivery->attempt;
  channel_->deliver(Attempt(next, std::make_shared<std::atomic<bool>>(cancelled),
                            [ends](Outcome outcome, bool dropped) { ends->add(std::move(outcome), dropped); }));
  return ends;
}

Outcome Bench::deliver(const std::shared_ptr<Delivery>& delivery) {
  const EndsPtr ends = begin(delivery);
  EXPECT_TRUE(eventually([&] { return ends->count() > 0; })) << "the attempt did not end";
  EXPECT_FALSE(ends->dropped()) << "the attempt was dropped without an outcome";
  const Outcome outcome = ends->first();
  if (const auto* retry = std::get_if<Retry>(&outcome.verdict))
    delivery->in_doubt = delivery->in_doubt || retry->in_doubt;
  return outcome;
}

std::vector<Arrival> Bench::committed() {
  const std::lock_guard lock(kept_->mutex);
  return kept_->committed;
}

void Bench::turn() {
  const auto done = std::make_shared<std::promise<void>>();
  loops_->at(0).post([done] { done->set_value(); });
  done->get_future().wait_for(patience());
}

std::string Bench::visible() {
  std::string text = seen_ + context_->log_text() + context_->incident_text() + context_->metrics_text();
  if (channel_ != nullptr) text += channel_->health().text;
  return text;
}

std::string describe(const Outcome& outcome) {
  std::string text;
  const auto receipt = [&](const Receipt& r) {
    text += r.text;
    for (const auto& [name, value] : r.details) text += "; " + name + "=" + value;
  };
  if (const auto* delivered = std::get_if<Delivered>(&outcome.verdict)) {
    text = "Delivered: ";
    receipt(delivered->receipt);
  } else if (const auto* handed = std::get_if<HandedOver>(&outcome.verdict)) {
    text = "HandedOver: ";
    receipt(handed->receipt);
  } else if (const auto* retry = std::get_if<Retry>(&outcome.verdict)) {
    const char* const scopes[] = {"message", "account", "channel"};
    text = fmt::format("Retry of the {}{}: {}: {}", scopes[static_cast<int>(retry->scope)],
                       retry->in_doubt ? ", in doubt" : "", retry->reason.code, retry->reason.what);
  } else if (const auto* rejected = std::get_if<Rejected>(&outcome.verdict)) {
    text = fmt::format("Rejected: {}: {}", rejected->code, rejected->reason);
  } else {
    text = "Held: " + std::get<Held>(outcome.verdict).reason;
  }
  for (const Reference& reference : outcome.learned)
    text += fmt::format("; learned {} {} {}", reference.kind, reference.scope, reference.value);
  return text;
}

std::vector<std::string> bodies(const std::vector<Copy>& copies) {
  std::vector<std::string> out;
  for (const Copy& copy : copies) out.push_back(copy.body);
  return out;
}

bool carries(const Arrival& arrival, const std::string& body, ContentStore& content) {
  for (const Part& part : arrival.parts)
    if (const auto bytes = content.read_all(part.content, 16 << 20); bytes && bytes->find(body) != std::string::npos)
      return true;
  return false;
}

}  // namespace sluis::conformance
