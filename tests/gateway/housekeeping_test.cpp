#include "gateway/housekeeping.h"

#include "tests/gateway/rig.h"

namespace sluis::gateway {
namespace {

using std::chrono::hours;

struct House : Rig {
  Metrics metrics;
  HousekeepingSettings settings;
  std::unique_ptr<Housekeeping> housekeeping;
  SystemRandom random;
  IdGenerator ids{clock, random};

  House() {
    housekeeping = std::make_unique<Housekeeping>(*store, executor, clock, log, metrics, settings);
    housekeeping->start();
    settle();
  }
  void pass(Duration time) {
    executor.advance(time);
    settle();
  }
  void change() {
    housekeeping->change(settings);
    settle();
  }
  Accept message() {
    Accept accept;
    accept.message.id = ids.next();
    accept.message.received_at = clock.wall();
    accept.message.from = "drop";
    accept.message.parts.push_back({PartRole::payload, "text/plain", "a.txt", Content::inline_of("some bytes")});
    return accept;
  }
  MessageId accept() {
    const Accept accept = message();
    store->submit(accept, [](const CommandResult& result) { EXPECT_TRUE(result.ok()); });
    settle();
    return accept.message.id;
  }
  std::optional<MessageRecord> stored(const MessageId& id) { return (*store->read(1s))->message(id).value(); }
  std::vector<IncidentRecord> incidents() { return (*store->read(1s))->incidents(true, 10).value(); }
};

TEST(Housekeeping, PurgesAtItsIntervalAndNotBefore) {
  House house;
  const MessageId id = house.accept();
  house.settings = {.bodies = 1s, .metadata = hours{1}, .keys = hours{1}, .purge_every = std::chrono::minutes{10}};
  house.change();
  house.pass(std::chrono::minutes{9});
  EXPECT_FALSE(house.stored(id)->purged_bodies);
  house.pass(std::chrono::minutes{2});
  EXPECT_TRUE(house.stored(id)->purged_bodies);
  for (int i = 0; i < 7; ++i) house.pass(std::chrono::minutes{10});
  EXPECT_FALSE(house.stored(id).has_value());
}

TEST(Housekeeping, PurgesByNewSettingsAtOnce) {
  House house;
  const MessageId id = house.accept();
  house.pass(2s);
  house.settings.bodies = 1s;
  house.change();
  EXPECT_TRUE(house.stored(id)->purged_bodies);
}

TEST(Housekeeping, OpensAnIncidentWhileNothingIsAccepted) {
  House house;
  EXPECT_TRUE(house.incidents().empty());
  house.store->keep_free(UINT64_MAX);
  house.pass(6s);
  ASSERT_EQ(house.incidents().size(), 1U);
  EXPECT_EQ(house.incidents()[0].last.key, "gateway/not-accepting");
  EXPECT_NE(house.metrics.render().find("sluis_accepting 0"), std::string::npos);
  house.pass(std::chrono::minutes{1});
  EXPECT_EQ(house.incidents()[0].count, 1) << "opened once";
  house.store->keep_free(0);
  house.pass(6s);
  EXPECT_TRUE(house.incidents().empty());
  EXPECT_NE(house.metrics.render().find("sluis_accepting 1"), std::string::npos);
}

TEST(Housekeeping, ClosesTheIncidentOfTheRunBefore) {
  House house;
  house.store->keep_free(UINT64_MAX);
  house.change();
  ASSERT_EQ(house.incidents().size(), 1U);
  house.store->keep_free(0);
  Metrics metrics;
  Housekeeping next(*house.store, house.executor, house.clock, house.log, metrics, house.settings);
  next.start();
  house.settle();
  EXPECT_TRUE(house.incidents().empty());
}

}  // namespace
}  // namespace sluis::gateway
