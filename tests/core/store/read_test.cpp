#include "tests/core/store/store_test.h"

namespace sluis::test {

TEST_P(StoreRead, FindsNothingForWhatIsUnknown) {
  EXPECT_FALSE(reader()->message(ids_.next()).value().has_value());
  EXPECT_FALSE(reader()->delivery(DeliveryId{1}).value().has_value());
  EXPECT_TRUE(reader()->timeline(ids_.next()).value().empty());
  EXPECT_TRUE(reader()->find(reference("x")).value().empty());
}

TEST_P(StoreRead, IsASnapshot) {
  const DeliveryId id = queue();
  auto before = reader();
  attempt(id, DeliveryState::delivered);
  EXPECT_EQ(before->delivery(id).value()->state, DeliveryState::queued);
  EXPECT_EQ(state(id), DeliveryState::delivered);
}

TEST_P(StoreRead, EndsAtItsDeadline) {
  auto late = reader(std::chrono::seconds{1});
  clock_.advance(std::chrono::seconds{2});
  const auto answer = late->queues();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, "store.deadline");
}

TEST_P(StoreRead, FiltersMessages) {
  Accept acme = accepting({to("out", "acme")});
  get<AcceptDone>(acme);
  clock_.advance(std::chrono::hours{1});
  Accept bravo = accepting({to("other", "bravo")});
  bravo.message.customer = "bravo";
  bravo.message.from = "mail";
  bravo.message.attributes.set(attribute::flow, "tulli/import");
  const DeliveryId id = get<AcceptDone>(bravo).deliveries.at(0);
  attempt(id, DeliveryState::delivered);
  const auto only = [this](const MessageFilter& filter) {
    const auto records = reader()->messages(filter).value();
    return records.size() == 1 ? std::optional{records[0].message.id} : std::nullopt;
  };
  MessageFilter filter;
  EXPECT_EQ(reader()->messages(filter).value().size(), 2U);
  EXPECT_EQ(reader()->messages(filter).value().at(0).message.id, bravo.message.id) << "newest first";
  filter.customer = "acme";
  EXPECT_EQ(only(filter), acme.message.id);
  filter = {};
  filter.from = "mail";
  EXPECT_EQ(only(filter), bravo.message.id);
  filter = {};
  filter.flow = "tulli/import";
  EXPECT_EQ(only(filter), bravo.message.id);
  filter = {};
  filter.to = "out";
  EXPECT_EQ(only(filter), acme.message.id);
  filter = {};
  filter.state = DeliveryState::queued;
  filter.to = "out";
  EXPECT_EQ(only(filter), acme.message.id);
  filter = {};
  filter.state = DeliveryState::delivered;
  EXPECT_EQ(only(filter), bravo.message.id);
  filter = {};
  filter.since = clock_.wall();
  EXPECT_EQ(only(filter), bravo.message.id);
  filter = {};
  filter.until = clock_.wall();
  EXPECT_EQ(only(filter), acme.message.id);
  filter = {};
  filter.after = bravo.message.id;
  EXPECT_EQ(only(filter), acme.message.id);
  filter = {};
  filter.limit = 1;
  EXPECT_EQ(only(filter), bravo.message.id);
}

TEST_P(StoreRead, FindsWhatCarriesAReferenceNewestFirst) {
  Accept carrier = accepting();
  carrier.references.push_back(reference("r"));
  get<AcceptDone>(carrier);
  clock_.advance(std::chrono::seconds{1});
  const DeliveryId id = queue(to("out", "acme", "r"));
  const auto matches = reader()->find(reference("r")).value();
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(matches[0].delivery, id);
  EXPECT_EQ(matches[0].channel, "out");
  EXPECT_TRUE(matches[0].open);
  EXPECT_EQ(matches[1].message, carrier.message.id);
  EXPECT_EQ(matches[1].channel, "drop");
  EXPECT_FALSE(matches[1].delivery.has_value());
}

TEST_P(StoreRead, ListsACustomersAwaitingDeliveries) {
  std::vector<DeliveryId> ids;
  for (const char* customer : {"acme", "bravo", "acme", "acme"}) {
    ids.push_back(queue(to("pop3", customer)));
    attempt(ids.back(), DeliveryState::awaiting);
  }
  const auto all = reader()->awaiting("pop3", "acme", DeliveryId{}, 10).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_NE(all[0].delivery.message, nullptr);
  const auto rest = reader()->awaiting("pop3", "acme", ids[0], 1).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].delivery.id, ids[2]);
}

TEST_P(StoreRead, CountsQueues) {
  queue();
  queue();
  attempt(queue(to("other")), DeliveryState::held);
  const auto counts = reader()->queues().value();
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].channel, "out");
  EXPECT_EQ(counts[0].state, DeliveryState::queued);
  EXPECT_EQ(counts[0].count, 2);
  EXPECT_EQ(counts[1].state, DeliveryState::held);
}

TEST_P(StoreRead, NumbersTheTimelineAndChainsIt) {
  const Accept accept = accepting({to("out")});
  attempt(get<AcceptDone>(accept).deliveries.at(0), DeliveryState::delivered);
  const auto timeline = reader()->timeline(accept.message.id).value();
  ASSERT_EQ(timeline.size(), 3U);
  for (std::size_t i = 0; i < timeline.size(); ++i) EXPECT_EQ(timeline[i].seq, static_cast<std::int64_t>(i) + 1);
  EXPECT_NE(timeline[1].chain, timeline[2].chain);
  EXPECT_TRUE(findings().empty());
}

TEST_P(StoreRead, GivesDueWakeupsInOrderWithTheirDelivery) {
  NewDelivery made = to("out");
  made.wakeups = {{clock_.wall() + 2s, WakeupKind::expire, 0}, {clock_.wall() + 1s, WakeupKind::escalate, 3}};
  const DeliveryId id = queue(made);
  EXPECT_EQ(reader()->next_wakeup().value(), clock_.wall() + 1s);
  EXPECT_TRUE(reader()->wakeups(clock_.wall(), 10).value().empty());
  clock_.advance(2s);
  const auto due = reader()->wakeups(clock_.wall(), 10).value();
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].key, (WakeupKey{id, WakeupKind::escalate, 3}));
  ASSERT_NE(due[0].delivery.delivery.message, nullptr);
}

}  // namespace sluis::test
