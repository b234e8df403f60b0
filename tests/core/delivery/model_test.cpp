// Random lives: everything that can happen to deliveries, in any order, with crashes in between, against the reference
// model.
//
// SLUIS_MODEL_STEPS: how many steps (100000). SLUIS_MODEL_SEED: the seed (from the clock of the machine, and printed).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "core/delivery/incident_key.h"
#include "tests/core/delivery/reference_model.h"
#include "tests/core/delivery/world.h"

namespace sluis::test {
namespace {

using S = DeliveryState;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class RandomLives {
 public:
  RandomLives(std::uint64_t seed) : world_(seed), dice_(seed) {
    policies_ = {
        {"plain", 60s, 600s, 1800s, 0, false, false, false},
        {"careful", 30s, 120s, 900s, 4, true, false, true},
        {"answered", 60s, 300s, 1200s, 0, false, true, true},
    };
    for (const ModelPolicy& p : policies_) {
      Policy& policy = world_.policy(p.name);
      policy.retry_first = p.retry_first;
      policy.retry_most = p.retry_most;
      policy.retry_jitter = 0;
      policy.attempts_most = p.attempts_most;
      policy.in_doubt = p.hold_in_doubt ? Policy::InDoubt::hold : Policy::InDoubt::retry;
      policy.settled_by = p.by_answer ? Policy::SettledBy::answer : Policy::SettledBy::receipt;
      policy.after_refusal = p.lane_closes ? Policy::AfterRefusal::hold : Policy::AfterRefusal::go_on;
      policy.proof_within = p.proof_within;
      policy.expire_after = ReferenceModel::expire_after;
      policy.report.clear();
    }
    for (const char* name : {"out", "sink"}) {
      world_.channel(name);
      world_.config.channels[name].concurrency = 100'000;
      world_.config.channels[name].account_concurrency = 100'000;
    }
    world_.config.engine.breaker_failures = 1'000'000'000;
    world_.config.engine.tick = 60s;
    world_.directory.channels["sink"]->answer = [](const Delivery&) { return delivered(); };
    world_.start();
    model_.now = world_.clock.wall();
  }

  void run(std::uint64_t steps) {
    for (step_ = 0; step_ < steps && !testing::Test::HasFailure(); ++step_) {
      touched_.clear();
      one();
      for (const DeliveryId id : touched_) compare(id);
      if (step_ % 64 == 0) compare_open();
      if (step_ % 4096 == 0) compare_incidents();
    }
    compare_open();
    compare_incidents();
    for (std::size_t i = 0; i < messages_.size() && !testing::Test::HasFailure(); ++i) compare_timeline(i);
  }

  [[nodiscard]] const std::string& last() const { return last_; }
  [[nodiscard]] std::uint64_t step() const { return step_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  struct SentMessage {
    MessageId id;
    std::string reference, key;
    std::vector<DeliveryId> deliveries;
    bool accepted_by_answer = false;
  };

  std::uint64_t below(std::uint64_t bound) { return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(dice_); }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  void did(std::string_view what, std::optional<DeliveryId> id = {}) {
    last_ = id ? fmt::format("{} of delivery {}", what, number(*id)) : std::string(what);
    ++counts_[std::string(what)];
    if (id) touched_.insert(*id);
  }

  // A delivery that is not final, or one of the last ones.
  std::optional<DeliveryId> some() {
    std::erase_if(open_, [&](DeliveryId id) {
      return is_final(model_.at(id).state) && !model_.at(id).open_attempt && !model_.at(id).closes_lane;
    });
    if (!open_.empty() && chance(85)) return open_[below(open_.size())];
    if (recent_.empty()) return std::nullopt;
    return recent_[below(recent_.size())];
  }

  void one() {
    const std::uint64_t dice = below(1000);
    FakeChannel& out = *world_.directory.channels["out"];
    if (dice < 190 && open_.size() < 40) return accept();
    if (dice < 560) {
      if (!out.open.empty()) return finish_one(false);
      return accept();
    }
    if (dice < 640) return settle();
    if (dice < 720) return answer();
    if (dice < 860) return operate();
    if (dice < 990) return advance();
    return crash();
  }

  void track(DeliveryId id, ModelDelivery made) {
    made.id = id;
    model_.add(std::move(made));
    open_.push_back(id);
    recent_.push_back(id);
    if (recent_.size() > 40) recent_.erase(recent_.begin());
    touched_.insert(id);
  }

  struct Drafted {
    Arrival arrival;
    SentMessage message;
    ModelDelivery model;
    std::optional<std::size_t> answers;  // the message that its "answer" gate waits for
  };
  Drafted draft() {
    Drafted d;
    d.model.policy = &policies_[below(policies_.size())];
    d.message.reference = fmt::format("R{}", messages_.size());
    d.message.key = fmt::format("K{}", messages_.size());
    Attributes attributes{{"to", "out"}, {"policy", d.model.policy->name}, {"ref", d.message.reference}};
    const std::string customer = chance(50) ? "acme" : "beta";
    if (chance(50)) {
      const std::string lane = fmt::format("lane{}", below(3));
      attributes.set("lane", lane);
      d.model.lane = customer + '/' + lane;
    }
    const std::uint64_t gate = below(10);
    if (gate == 0) {
      attributes.set("gates", "operator");
      d.model.gates.insert("operator");
    } else if (gate == 1 && !messages_.empty()) {
      // An earlier message of the same customer.
      const std::size_t of = messages_.size() - 1 - below(std::min<std::size_t>(messages_.size(), 20));
      attributes.set("gates", "answer");
      attributes.set("echo", messages_[of].reference);
      d.answers = of;
    }
    d.arrival = World::submission(customer, d.message.key, std::move(attributes));
    d.arrival.key = DedupeKey{d.message.key};
    return d;
  }
  void accepted(Drafted d, const MessageId& id) {
    d.message.id = id;
    const MessageRecord record = world_.message(id);
    ASSERT_EQ(record.deliveries.size(), 1U);
    const DeliveryId delivery = record.deliveries[0].delivery.id;
    d.message.deliveries.push_back(delivery);
    if (d.answers) {
      // Only a message of the same customer is seen; else the gate waits for the message's own answer.
      const SentMessage& of = messages_[*d.answers];
      const bool correlated = record.message.in_reply_to.has_value();
      ASSERT_EQ(correlated, customer_of(of) == record.message.customer);
      if (!correlated)
        d.model.gates.insert("answer/" + id.text());
      else if (!of.accepted_by_answer)
        d.model.gates.insert("answer/" + of.id.text());
    }
    d.model.message = messages_.size();
    messages_.push_back(d.message);
    customers_.push_back(record.message.customer);
    track(delivery, std::move(d.model));
  }
  std::string customer_of(const SentMessage& message) {
    return customers_.at(static_cast<std::size_t>(&message - messages_.data()));
  }

  void accept() {
    if (!messages_.empty() && chance(10)) {
      did("duplicate");
      const std::size_t of = messages_.size() - 1 - below(std::min<std::size_t>(messages_.size(), 50));
      Arrival again = World::submission("acme", "again", {{"to", "out"}});
      again.key = DedupeKey{messages_[of].key};
      const IntakeResult result = world_.accept(std::move(again));
      ASSERT_TRUE(std::holds_alternative<Accepted>(result));
      EXPECT_TRUE(std::get<Accepted>(result).duplicate);
      EXPECT_EQ(std::get<Accepted>(result).id, messages_[of].id);
      return;
    }
    did("accept");
    Drafted d = draft();
    const MessageId id = world_.accepted(d.arrival);
    accepted(std::move(d), id);
  }

  // The outcome goes to the channel and to the model; `lost`: only to the channel, whose word a crash then swallows.
  void finish_one(bool lost) {
    FakeChannel& out = *world_.directory.channels["out"];
    const DeliveryId id = out.open[below(out.open.size())].delivery().id;
    did("finish", id);
    const std::uint64_t dice = below(100);
    std::optional<Outcome> outcome;
    if (dice < 40) {
      outcome = delivered();
      if (!lost) pending_ = [this, id] { model_.delivered(id); };
    } else if (dice < 55) {
      const bool then_retry = chance(50);
      std::optional<WallTime> until;
      if (chance(50)) until = world_.clock.wall() + std::chrono::seconds{60 * (1 + below(20))};
      outcome = handed_over(until, then_retry ? HandedOver::Then::retry : HandedOver::Then::incident);
      if (!lost) pending_ = [this, id, until, then_retry] { model_.handed_over(id, until, then_retry); };
    } else if (dice < 80) {
      const bool doubt = chance(20);
      std::optional<Duration> not_before;
      if (chance(20)) not_before = 300s;
      constexpr Retry::Scope scopes[] = {Retry::Scope::message, Retry::Scope::account, Retry::Scope::channel};
      outcome = retry(scopes[below(3)], not_before, doubt);
      if (!lost) pending_ = [this, id, doubt, not_before] { model_.retry(id, doubt, not_before); };
    } else if (dice < 88) {
      outcome = rejected();
      if (!lost) pending_ = [this, id] { model_.rejected(id); };
    } else if (dice < 96) {
      outcome = held();
      if (!lost) pending_ = [this, id] { model_.held(id); };
    } else if (!lost) {
      pending_ = [this, id] { model_.retry(id, true, {}); };  // dropped
    }
    if (outcome)
      out.finish(std::move(*outcome), id);
    else
      std::erase_if(out.open, [&](const Attempt& a) { return a.delivery().id == id; });
    if (lost) return;
    world_.settle();
    std::exchange(pending_, nullptr)();
  }

  void settle() {
    const auto id = some();
    if (!id) return;
    const bool no = chance(30);
    did(no ? "settle rejected" : "settle delivered", id);
    const bool expected = no ? model_.settle_rejected(*id) : model_.settle_delivered(*id);
    Settlement settlement{*id, Delivered{Receipt{"elsewhere", {}}}};
    if (no) settlement.verdict = Rejected{"5.0.0", "bounced"};
    const SentMessage& message = messages_[model_.at(*id).message];
    if (message.deliveries.size() == 1 && chance(50))
      settlement.target = Reference{"id", "out", "out:" + message.id.text()};
    EXPECT_EQ(world_.settle_from_elsewhere({settlement}).each.at(0).ok(), expected);
  }

  void answer() {
    const auto id = some();
    if (!id) return;
    const std::size_t index = model_.at(*id).message;
    SentMessage& message = messages_[index];
    const bool yes = chance(70);
    did(yes ? "answer accepted" : "answer refused", id);
    Arrival arrival = World::from_authority("out", "answer",
                                            {{"to", "sink"},
                                             {"to-customer", "yes"},
                                             {"echo", message.reference},
                                             {"answer", yes ? "accepted" : "refused"}});
    const Message stored = world_.message(world_.accepted(std::move(arrival))).message;
    EXPECT_EQ(stored.in_reply_to, message.id);
    EXPECT_EQ(stored.customer, customers_[index]);
    if (message.deliveries.size() == 1 && model_.at(*id).policy->by_answer) {
      if (yes)
        model_.settle_delivered(*id);
      else
        model_.settle_rejected(*id);
    }
    if (yes) {
      message.accepted_by_answer = true;
      model_.open_gate("answer/" + message.id.text());
    }
  }

  void operate() {
    const auto id = some();
    if (!id) return;
    switch (below(6)) {
      case 0: {
        did("release", id);
        const bool expected = model_.release(*id);
        EXPECT_EQ(world_.operate([&](DeliveryEngine& e, auto done) { e.release(*id, "operator", "", done); }).ok(),
                  expected);
        return;
      }
      case 1: {
        did("hold", id);
        const bool expected = model_.hold(*id);
        EXPECT_EQ(world_.operate([&](DeliveryEngine& e, auto done) { e.hold(*id, "operator", "", done); }).ok(),
                  expected);
        return;
      }
      case 2: {
        const bool even = chance(50);
        did("cancel", id);
        const std::optional<bool> expected = model_.cancel(*id, even);
        // Shared: when the attempt goes on, the answer comes in a later step.
        const auto kept = std::make_shared<std::optional<Result<Operated>>>();
        world_.engine->cancel(*id, {.handled_elsewhere = false, .even_in_doubt = even}, "operator", "",
                              [kept](Result<Operated> r) { *kept = std::move(r); });
        world_.settle();
        EXPECT_EQ(kept->has_value(), expected.has_value());
        if (*kept && expected) {
          EXPECT_EQ((*kept)->ok(), *expected);
        }
        return;
      }
      case 3:
        did("open gate", id);
        EXPECT_TRUE(world_.operate([&](DeliveryEngine& e, auto done) { e.open_gate(*id, "operator", "", done); }));
        if (!is_final(model_.at(*id).state)) model_.open_gates(*id);
        return;
      case 4: {
        did("go on", id);
        const bool expected = model_.go_on(*id);
        const auto done_ = world_.operate([&](DeliveryEngine& e, auto done) { e.go_on(*id, "operator", "", done); });
        EXPECT_TRUE(done_);
        EXPECT_EQ(done_.ok() && !done_->already, expected);
        return;
      }
      default: return resend(*id);
    }
  }

  // Two operators at once.
  void resend(DeliveryId id) {
    const ModelDelivery before = model_.at(id);
    if (before.closes_lane)
      return;  // its replacement goes to the front of the lane: a story of its own, see the store's tests
    did("resend", id);
    std::vector<Result<Operated>> answers;
    const bool as_new = chance(30);
    for (int i = 0; i < 2; ++i)
      world_.engine->resend(id, as_new, "operator", "", [&](Result<Operated> r) { answers.push_back(std::move(r)); });
    world_.settle();
    ASSERT_EQ(answers.size(), 2U);
    if (!is_final(before.state)) {
      EXPECT_FALSE(answers[0]);
      EXPECT_FALSE(answers[1]);
      return;
    }
    ASSERT_TRUE(answers[0] && answers[1]);
    EXPECT_EQ(answers[0]->delivery, answers[1]->delivery) << "pressed twice, it is one";
    EXPECT_TRUE(answers[1]->already);
    const bool makes_one = model_.resend_makes_one(id);
    EXPECT_EQ(!answers[0]->already, makes_one);
    if (!makes_one) return;
    ModelDelivery made;
    made.message = before.message;
    made.policy = before.policy;
    made.lane = before.lane;
    made.in_doubt = before.in_doubt && !as_new;
    const DeliveryId fresh = *answers[0]->delivery;
    model_.at(id).resent_as = fresh;
    messages_[before.message].deliveries.push_back(fresh);
    track(fresh, std::move(made));
  }

  void advance() {
    did("advance");
    const Duration by = std::chrono::seconds{chance(90) ? 1 + below(180) : 1 + below(3600)};
    world_.advance(by);
    model_.advance_to(world_.clock.wall());
  }

  // kill -9: with nothing under way, with an accept half done, or with an outcome on its way to the disk.
  void crash() {
    const std::uint64_t dice = below(3);
    FakeChannel& out = *world_.directory.channels["out"];
    if (dice == 1) {
      did("crash in accept");
      Drafted d = draft();
      const auto answer = std::make_shared<std::optional<IntakeResult>>();  // shared: it may never come
      const auto door = world_.intake->door("in");
      door->accept(d.arrival, [answer](IntakeResult r) { *answer = std::move(r); });
      world_.executor.run();
      if (chance(50)) world_.store->pump();
      world_.crash();
      model_.crash();
      world_.start();
      // The sender that heard nothing comes again; one that heard OK finds its message there.
      const IntakeResult again = world_.accept(d.arrival);
      ASSERT_TRUE(std::holds_alternative<Accepted>(again));
      if (*answer) {
        ASSERT_TRUE(std::holds_alternative<Accepted>(**answer));
        EXPECT_TRUE(std::get<Accepted>(again).duplicate);
        EXPECT_EQ(std::get<Accepted>(again).id, std::get<Accepted>(**answer).id);
      }
      accepted(std::move(d), std::get<Accepted>(again).id);
    } else if (dice == 2 && !out.open.empty()) {
      const bool reaches_the_disk = chance(50);
      finish_one(!reaches_the_disk);
      did(reaches_the_disk ? "crash after finish" : "crash in finish");
      if (!reaches_the_disk) world_.executor.run();
      world_.crash();
      model_.crash();
      world_.start();
    } else {
      did("crash");
      world_.crash();
      model_.crash();
      world_.start();
    }
    compare_open();
  }

  // The timeline of its message, and what the model knows of its times.
  std::string story(const ModelDelivery& m) {
    std::string out =
        fmt::format("\n  now {}, due {}, expires {}", to_rfc3339(model_.now), to_rfc3339(m.due), to_rfc3339(m.expires));
    auto reader = world_.store->read(5s);
    if (!reader) return out;
    const auto timeline = (*reader)->timeline(messages_[m.message].id);
    if (!timeline) return out;
    for (const TimelineRecord& record : *timeline)
      out += fmt::format("\n  {} {} {} {}", to_rfc3339(record.entry.at), record.entry.event,
                         record.entry.delivery ? number(*record.entry.delivery) : 0, record.entry.text);
    return out;
  }

  void compare(DeliveryId id) {
    const ModelDelivery& m = model_.at(id);
    const DeliveryRecord real = world_.delivery(id);
    const auto what = [&] {
      return fmt::format("step {}, after {}: delivery {} ({}, lane \"{}\")", step_, last_, number(id), m.policy->name,
                         m.lane);
    };
    ASSERT_EQ(to_string(real.state), to_string(m.state)) << what() << ": " << real.reason << story(m);
    ASSERT_EQ(real.delivery.attempt, m.attempt) << what();
    ASSERT_EQ(real.delivery.in_doubt, m.in_doubt) << what();
    ASSERT_EQ(real.lane_closed, m.closes_lane) << what();
    ASSERT_EQ(real.gates.size(), m.gates.size()) << what();
    ASSERT_EQ(real.resent_as, m.resent_as) << what();
    if (m.state == S::queued) {
      ASSERT_EQ(real.due_at, m.due) << what();
    }
  }
  void compare_open() {
    for (const auto& [lane, ids] : model_.lanes) {
      std::size_t moving = 0;
      for (const DeliveryId id : ids)
        if (const S s = world_.delivery(id).state; s == S::queued || s == S::sending || s == S::awaiting) ++moving;
      ASSERT_LE(moving, 1U) << "more than the head of lane " << lane << " moves";
    }
    std::size_t attempts = 0;
    for (const DeliveryId id : open_) {
      compare(id);
      if (testing::Test::HasFailure()) return;
      if (model_.at(id).open_attempt) ++attempts;
    }
    ASSERT_EQ(world_.directory.channels["out"]->open.size(), attempts) << "step " << step_ << ", after " << last_;
    ASSERT_EQ(world_.engine->in_flight(), attempts);
  }
  void compare_incidents() {
    std::set<std::string> expected;
    for (const auto& [id, d] : model_.deliveries) {
      if (d.held_incident) expected.insert(incident_key::held("out", id));
      if (d.proof_incident) expected.insert(incident_key::proof("out", id));
      if (d.lane_incident) expected.insert(incident_key::lane("out", id));
    }
    const auto open = world_.open_incidents();
    std::string stories;
    for (const std::string& key : open)
      if (const auto id = incident_key::delivery_of(key); id && !expected.contains(key))
        stories += '\n' + key + story(model_.at(*id));
    ASSERT_EQ(std::set<std::string>(open.begin(), open.end()), expected)
        << "step " << step_ << ", after " << last_ << stories;
  }
  // Every attempt and every end stands there once, in order, and resends are as many as the model made.
  void compare_timeline(std::size_t index) {
    const SentMessage& message = messages_[index];
    auto reader = world_.store->read(5s);
    ASSERT_TRUE(reader);
    const auto timeline = (*reader)->timeline(message.id);
    ASSERT_TRUE(timeline);
    std::map<DeliveryId, int> attempts, resends;
    std::int64_t seq = 0;
    for (const TimelineRecord& record : *timeline) {
      ASSERT_EQ(record.seq, ++seq);
      if (record.entry.event == "attempt") ++attempts[*record.entry.delivery];
      if (record.entry.event == "resent") ++resends[*record.entry.delivery];
    }
    ASSERT_EQ(timeline->front().entry.event, "accepted");
    int made = 0;
    for (const DeliveryId id : message.deliveries) {
      compare(id);
      ASSERT_EQ(attempts[id], model_.at(id).attempt) << "delivery " << number(id);
      made += resends[id];
    }
    ASSERT_EQ(static_cast<std::size_t>(made) + 1, message.deliveries.size());
    ASSERT_EQ(world_.message(message.id).deliveries.size(), message.deliveries.size());
  }

  World world_;
  std::mt19937_64 dice_;
  std::vector<ModelPolicy> policies_;
  ReferenceModel model_;
  std::vector<SentMessage> messages_;
  std::vector<std::string> customers_;
  std::vector<DeliveryId> open_, recent_;
  std::set<DeliveryId> touched_;
  std::function<void()> pending_;
  std::string last_;
  std::uint64_t step_ = 0;
  std::map<std::string, std::uint64_t> counts_;
};

TEST(RandomLivesOfDeliveries, AreWhatTheReferenceModelSays) {
  const std::uint64_t seed = from_environment("SLUIS_MODEL_SEED", std::random_device{}());
  const std::uint64_t steps = from_environment("SLUIS_MODEL_STEPS", 100'000);
  fmt::print("SLUIS_MODEL_SEED={} SLUIS_MODEL_STEPS={}\n", seed, steps);
  std::fflush(stdout);
  RandomLives lives(seed);
  lives.run(steps);
  if (HasFailure()) ADD_FAILURE() << "seed " << seed << ", step " << lives.step() << ", after " << lives.last();
  for (const auto& [what, count] : lives.counts()) fmt::print("{:>8} {}\n", count, what);
  // A run that never did something has proved nothing about it.
  if (steps < 10'000 || HasFailure()) return;
  for (const char* what : {"accept", "duplicate", "finish", "settle delivered", "settle rejected", "answer accepted",
                           "answer refused", "release", "hold", "cancel", "open gate", "go on", "resend", "advance",
                           "crash", "crash in accept", "crash in finish"})
    EXPECT_GT(lives.counts().count(what), 0U) << what;
}

}  // namespace
}  // namespace sluis::test
