#include "tests/store/sqlite/sqlite_test.h"

namespace sluis::sqlite::test {

TEST_F(SqliteTest, FindsAChangedByteOfABody) {
  open();
  const Accept accept = accepting();
  ASSERT_TRUE(run(accept).ok());
  ASSERT_TRUE(damage(file("segments/2026-01-01-standard.seg"), "some bytes of a body"));
  EXPECT_EQ(findings().size(), 1U);
  auto reader = store_->read(std::chrono::minutes{1});
  const auto message = reader.value()->message(accept.message.id).value();
  const auto bytes = store_->read_all(message->message.parts.at(0).content, 1000);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, "content.corrupt");
}

TEST_F(SqliteTest, FindsAChangedByteOfALargeBodyWhenItIsReadToTheEnd) {
  open();
  auto writer = store_->write();
  ASSERT_TRUE(writer->write(std::string(100'000, 'x') + "the end").ok());
  const Content content = writer->finish().value();
  const std::string id = content.handle.substr(content.handle.find(':') + 1);
  ASSERT_TRUE(damage(file("spool/" + id.substr(id.size() - 2) + "/" + id), "the end"));
  EXPECT_EQ(store_->read_all(content, 1 << 20).error().code, "content.corrupt");
}

TEST_F(SqliteTest, ShowsAMessageWhoseRecordWasDamagedAsCorrupt) {
  open();
  const Accept accept = accepting();
  ASSERT_TRUE(run(accept).ok());
  store_->close();
  ASSERT_TRUE(damage(file("sluis.db"), "a subject to be found"));
  open();
  auto reader = store_->read(std::chrono::minutes{1});
  const auto record = reader.value()->message(accept.message.id).value();
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(record->corrupt);
  EXPECT_FALSE(findings().empty());
}

TEST_F(SqliteTest, HoldsADeliveryThatCannotBeReadAndOpensAnIncident) {
  open();
  const DeliveryId id = std::get<AcceptDone>(run(accepting()).value()).deliveries.at(0);
  store_->close();
  ASSERT_TRUE(damage(file("sluis.db"), "box-of-the-authority"));
  open();
  EXPECT_TRUE(claim().empty());
  store_->pump();
  EXPECT_EQ(state(id), DeliveryState::held);
  auto reader = store_->read(std::chrono::minutes{1});
  EXPECT_EQ(reader.value()->incidents(true, 10).value().size(), 1U);
}

TEST_F(SqliteTest, GoesOnWithOthersWhenOneIsCorrupt) {
  open();
  ASSERT_TRUE(run(accepting()).ok());
  store_->close();
  ASSERT_TRUE(damage(file("sluis.db"), "box-of-the-authority"));
  open();
  const DeliveryId good = std::get<AcceptDone>(run(accepting()).value()).deliveries.at(0);
  EXPECT_EQ(claim(), std::vector<DeliveryId>{good});
}

TEST_F(SqliteTest, FindsAChangedTimelineEntry) {
  open();
  ASSERT_TRUE(run(accepting()).ok());
  execute("UPDATE timeline SET entry = replace(CAST(entry AS TEXT), 'accepted', 'rejected')");
  EXPECT_FALSE(findings().empty());
}

TEST_F(SqliteTest, FindsACutTailOfASealedTimeline) {
  open();
  const DeliveryId id = std::get<AcceptDone>(run(accepting()).value()).deliveries.at(0);
  ASSERT_TRUE(run(Begin{id, clock_.wall()}).ok());
  ASSERT_TRUE(run(Seal{clock_.wall()}).ok());
  execute("DELETE FROM timeline WHERE seq = 2");
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].what.find("is gone"), std::string::npos);
}

TEST_F(SqliteTest, FindsAMessageThatWasTakenOutWhole) {
  open();
  ASSERT_TRUE(run(accepting()).ok());
  ASSERT_TRUE(run(Seal{clock_.wall()}).ok());
  execute("DELETE FROM timeline; DELETE FROM deliveries; DELETE FROM messages");
  EXPECT_EQ(findings().size(), 1U);
}

TEST_F(SqliteTest, FindsASealMadeWithAnotherKey) {
  open();
  ASSERT_TRUE(run(accepting()).ok());
  ASSERT_TRUE(run(Seal{clock_.wall()}).ok());
  EXPECT_TRUE(findings().empty());
  store_->close();
  options_.seal_key = Secret{"a forger's"};
  open();
  EXPECT_EQ(findings().size(), 1U);
}

}  // namespace sluis::sqlite::test
