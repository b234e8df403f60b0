// A gateway in a test's hands: real store, real engine, real intake; time, channels and routing are the test's.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/delivery/engine.h"
#include "core/delivery/intake.h"
#include "store/sqlite/store.h"

namespace sluis::test {

// A peer that answers as it is told: at once by `answer`, or, without one, when the test finishes an attempt of `open`.
class FakeChannel final : public Channel {
 public:
  FakeChannel(std::string name, const Clock& clock) : name_(std::move(name)), clock_(clock) {}
  Status start() override { return {}; }
  void stop(MonoTime) override {}
  [[nodiscard]] Identity identify(const Delivery& delivery) const override;
  void deliver(Attempt attempt) override;
  void probe(const Account*, ProbeReport&) override {}
  [[nodiscard]] Health health() const override { return {}; }

  struct Seen {
    DeliveryId delivery{};
    int attempt = 0;
    bool in_doubt = false;
    std::string identity, customer, name;  // name: the payload's file name
    MonoTime at{};
  };
  // Finishes the oldest open attempt (or the one of this delivery).
  void finish(Outcome outcome, std::optional<DeliveryId> delivery = {});
  [[nodiscard]] std::vector<std::string> names() const;

  std::function<std::optional<Outcome>(const Delivery&)> answer;
  std::deque<Attempt> open;
  std::vector<Seen> seen;

 private:
  std::string name_;
  const Clock& clock_;
};

class FakeDirectory final : public ChannelDirectory {
 public:
  [[nodiscard]] std::shared_ptr<Channel> find(std::string_view name) const override {
    const auto at = channels.find(std::string(name));
    return at == channels.end() ? nullptr : at->second;
  }
  [[nodiscard]] bool open(std::string_view name) const override {
    return channels.contains(std::string(name)) && !down.contains(std::string(name)) && !resting(name);
  }
  [[nodiscard]] bool resting(std::string_view name) const override { return at_rest.contains(std::string(name)); }
  [[nodiscard]] std::vector<PausedPart> paused_parts(std::string_view name) const override {
    const auto at = paused.find(std::string(name));
    return at == paused.end() ? std::vector<PausedPart>{} : at->second;
  }

  std::map<std::string, std::shared_ptr<FakeChannel>> channels;
  std::set<std::string> down;
  std::set<std::string> at_rest;
  std::map<std::string, std::vector<PausedPart>> paused;
};

// Routing by attributes that the test writes on the arrival: "to" (channels, comma separated), "policy", "lane",
// "lane-first", "gates" (comma separated), "reply-within"; recognising by "ref", "echo" (references, comma separated),
// "recognise-conflict"; "route-conflict".
class AttributeRouting final : public Routing {
 public:
  [[nodiscard]] Recognition recognise(const Message& message,
                                      const std::vector<std::string_view>& heads) const override;
  [[nodiscard]] RouteDecision decide(const Message& message) const override;
  [[nodiscard]] FlowRules rules(std::string_view) const override { return rules_now; }
  [[nodiscard]] std::vector<std::string> flow_names() const override { return {}; }

  FlowRules rules_now{DuplicateRule::accept, DuplicateRule::accept};
  std::string unrouted_flow;  // this flow has no route, whatever "to" says
};

inline Outcome delivered(std::string text = "250 ok") {
  return Outcome{Delivered{Receipt{std::move(text), {}}}, {}, {}};
}
inline Outcome rejected(std::string code = "550", std::string reason = "no") {
  return Outcome{Rejected{std::move(code), std::move(reason)}, {}, {}};
}
inline Outcome held(std::string reason = "look at it") {
  return Outcome{Held{std::move(reason)}, {}, {}};
}
inline Outcome retry(Retry::Scope scope = Retry::Scope::message, std::optional<Duration> not_before = {},
                     bool in_doubt = false) {
  return Outcome{Retry{scope, Error{"test.later", "not now"}, not_before, in_doubt}, {}, {}};
}
inline Outcome handed_over(std::optional<WallTime> until = {}, HandedOver::Then then = HandedOver::Then::incident) {
  return Outcome{HandedOver{Receipt{"taken", {}}, until, then}, {}, {}};
}

class World {
 public:
  explicit World(std::uint64_t seed = 1);
  ~World();

  // Configuration; apply() makes it the current generation.
  FakeChannel& channel(const std::string& name, Environment environment = Environment::test);
  void customer(const std::string& id, std::vector<std::string> returns = {},
                std::map<std::string, std::string> identifiers = {});
  Policy& policy(const std::string& name);
  void apply();

  void start();               // store opened and engine started, if they are not
  void crash();               // kill -9: engine and store are gone; what was not committed is lost
  void settle();              // runs everything that is due now
  void advance(Duration by);  // a tick at a time

  // A submission by `customer` to `to`, or an authority's message. The result after settling.
  static Arrival submission(const std::string& customer, const std::string& name, Attributes attributes,
                            const std::string& from = "in");
  static Arrival from_authority(const std::string& channel, const std::string& name, Attributes attributes);
  IntakeResult accept(Arrival arrival);
  MessageId accepted(Arrival arrival);  // fails the test when it was refused
  DeliveryId queued(Arrival arrival);   // as accepted(); its first delivery

  DeliveryRecord delivery(DeliveryId id);
  DeliveryState state(DeliveryId id) { return delivery(id).state; }
  MessageRecord message(const MessageId& id);
  std::vector<std::string> events(const MessageId& id);
  std::vector<std::string> open_incidents();
  [[nodiscard]] bool incident_open(const std::string& key);
  std::vector<Message> messages_to(const std::string& channel);  // in order of acceptance
  std::string content(const Part& part);
  Settled settle_from_elsewhere(std::vector<Settlement> settlements);

  // Calls one operator function and gives its answer.
  Result<Operated> operate(const std::function<void(DeliveryEngine&, DeliveryEngine::Done)>& call);

  ManualClock clock;
  SeededRandom random;
  ManualExecutor executor{clock};
  Metrics metrics;
  Log log;
  Generation config;
  Generations generations;
  FakeDirectory directory;
  std::shared_ptr<AttributeRouting> routing = std::make_shared<AttributeRouting>();
  std::filesystem::path folder;
  std::unique_ptr<sqlite::SqliteStore> store;
  std::unique_ptr<MessageIntake> intake;
  std::unique_ptr<DeliveryEngine> engine;
  Duration step = 1s;  // how far advance() goes between two looks

 private:
  std::map<std::string, std::unique_ptr<Intake>> doors_;
};

}  // namespace sluis::test
