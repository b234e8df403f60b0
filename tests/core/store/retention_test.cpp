#include "tests/core/store/store_test.h"

namespace sluis::test {

namespace {

Purge purge_before(WallTime bodies, WallTime metadata, WallTime keys, WallTime now, std::size_t limit = 1000) {
  return {now, bodies, metadata, keys, limit};
}

}  // namespace

TEST_P(StoreRetention, PurgesBodiesBeforeMetadata) {
  const Accept accept = accepting({to("out")}, "old bytes");
  attempt(get<AcceptDone>(accept).deliveries.at(0), DeliveryState::delivered);
  const Content content = stored(accept.message.id).message.parts.at(0).content;
  clock_.advance(std::chrono::hours{24 * 10});
  EXPECT_EQ(get<Purged>(purge_before(clock_.wall(), WallTime{}, WallTime{}, clock_.wall())).rows, 1U);
  EXPECT_TRUE(stored(accept.message.id).purged_bodies);
  EXPECT_EQ(text_of(content), "error content.gone");
  EXPECT_EQ(events(accept.message.id).size(), 3U);
  EXPECT_TRUE(findings().empty());
}

TEST_P(StoreRetention, LeavesATombstoneThatKeepsTheSealsVerifiable) {
  const Accept gone = accepting({to("out")});
  attempt(get<AcceptDone>(gone).deliveries.at(0), DeliveryState::delivered);
  queue();
  const std::string line = get<Sealed>(Seal{clock_.wall()}).line;
  clock_.advance(std::chrono::hours{24 * 10});
  get<Purged>(purge_before(clock_.wall(), clock_.wall(), WallTime{}, clock_.wall()));
  EXPECT_FALSE(reader()->message(gone.message.id).value().has_value());
  const auto stone = reader()->tombstone(gone.message.id).value();
  ASSERT_TRUE(stone.has_value());
  EXPECT_EQ(stone->entries, 3);
  EXPECT_EQ(stone->at, clock_.wall());
  const auto report = reader()->verify({line}).value();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.tombstones, 1);
  EXPECT_EQ(report.messages, 1);
  EXPECT_EQ(report.seals, 1);
}

TEST_P(StoreRetention, KeepsWhatIsNotSettledHeldOrOwesAReport) {
  const DeliveryId open = queue();
  Accept held = accepting();
  held.held = "unrouted";
  get<AcceptDone>(held);
  NewDelivery reported = to("out");
  reported.report = true;
  attempt(queue(reported), DeliveryState::delivered);
  clock_.advance(std::chrono::hours{24 * 400});
  EXPECT_EQ(get<Purged>(purge_before(clock_.wall(), clock_.wall(), WallTime{}, clock_.wall())).rows, 0U);
  EXPECT_EQ(state(open), DeliveryState::queued);
}

TEST_P(StoreRetention, CountsFromTheLastChange) {
  const DeliveryId id = queue();
  clock_.advance(std::chrono::hours{24 * 30});
  attempt(id, DeliveryState::delivered);
  EXPECT_EQ(
      get<Purged>(purge_before(clock_.wall() - std::chrono::hours{24}, WallTime{}, WallTime{}, clock_.wall())).rows,
      0U);
}

TEST_P(StoreRetention, WorksInSlicesPastWhatIsNotSettled) {
  for (int i = 0; i < 3; ++i) queue();
  for (int i = 0; i < 7; ++i) attempt(queue(), DeliveryState::delivered);
  clock_.advance(std::chrono::hours{24 * 10});
  std::size_t slices = 0;
  while (get<Purged>(purge_before(clock_.wall(), clock_.wall(), WallTime{}, clock_.wall(), 2)).more)
    ASSERT_LT(++slices, 50U);
  EXPECT_EQ(reader()->messages({}).value().size(), 3U);
  EXPECT_GT(slices, 3U);
}

TEST_P(StoreRetention, RemembersDedupeKeysLongerThanMessages) {
  Accept accept = accepting();
  accept.dedupe = DedupeKey{"k"};
  get<AcceptDone>(accept);
  clock_.advance(std::chrono::hours{24 * 30});
  get<Purged>(purge_before(clock_.wall(), clock_.wall(), WallTime{}, clock_.wall()));
  EXPECT_FALSE(reader()->message(accept.message.id).value().has_value());
  Accept again = accepting();
  again.dedupe = accept.dedupe;
  EXPECT_TRUE(get<AcceptDone>(again).accepted.duplicate);
  get<Purged>(purge_before(clock_.wall(), clock_.wall(), clock_.wall(), clock_.wall()));
  EXPECT_FALSE(get<AcceptDone>(again).accepted.duplicate);
}

TEST_P(StoreRetention, KeepsTheReferencesOfWhatIsStillThere) {
  const DeliveryId id = queue(to("out", "acme", "<1@x>"));
  clock_.advance(std::chrono::hours{24 * 400});
  get<Purged>(purge_before(clock_.wall(), clock_.wall(), clock_.wall(), clock_.wall()));
  get<Settled>(Settle{{settlement("<1@x>")}, clock_.wall()});
  EXPECT_EQ(state(id), DeliveryState::delivered);
}

TEST_P(StoreRetention, DeletesPurgedLargeContents) {
  auto writer = store().write();
  ASSERT_TRUE(writer->write(std::string(100'000, 'x')).ok());
  Accept accept = accepting();
  accept.message.parts[0].content = writer->finish().value();
  get<AcceptDone>(accept);
  clock_.advance(std::chrono::hours{24 * 10});
  get<Purged>(purge_before(clock_.wall(), WallTime{}, WallTime{}, clock_.wall()));
  EXPECT_EQ(text_of(accept.message.parts[0].content), "error content.gone");
}

TEST_P(StoreRetention, RefusesToResendWithoutBodies) {
  const DeliveryId id = queue();
  attempt(id, DeliveryState::delivered);
  clock_.advance(std::chrono::hours{24 * 10});
  get<Purged>(purge_before(clock_.wall(), WallTime{}, WallTime{}, clock_.wall()));
  EXPECT_EQ(refusal(operation<Operate::Resend>(id)), "content.gone");
}

}  // namespace sluis::test
