#include "store/sqlite/schema.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/temporary_folder.h"

namespace sluis::sqlite::test {
namespace {

// A later program's second step, on top of the delivered first one.
constexpr const char* step_2 = "CREATE TABLE notes(n INTEGER PRIMARY KEY, text TEXT NOT NULL); INSERT INTO notes(n, text) SELECT 1, value FROM meta WHERE name = 'planted'";
constexpr const char* broken_step_2 = "CREATE TABLE notes(n INTEGER PRIMARY KEY); INSERT INTO nowhere VALUES(1)";

struct Schema : testing::Test {
  tests::TemporaryFolder folder;
  Connection db{folder.path("sluis.db"), Connection::Mode::write, ""};

  std::int64_t version() {
    Query query(db, "PRAGMA user_version");
    return query.next() ? query.number(0) : -1;
  }
  std::array<const char*, 2> later(const char* second) { return {schema_steps()[0], second}; }
};

TEST_F(Schema, AnOlderDatabaseGoesForwardAndKeepsItsRows) {
  ASSERT_TRUE(migrate(db, "sluis.db").ok());
  db.execute("INSERT INTO meta(name, value) VALUES('planted', 'still here')");
  const auto steps = later(step_2);
  ASSERT_TRUE(migrate(db, "sluis.db", steps).ok());
  EXPECT_EQ(version(), 2);
  Query query(db, "SELECT text FROM notes");
  ASSERT_TRUE(query.next());
  EXPECT_EQ(query.text(0), "still here");
}

TEST_F(Schema, GoingForwardTwiceIsGoingOnce) {
  const auto steps = later(step_2);
  ASSERT_TRUE(migrate(db, "sluis.db", steps).ok());
  EXPECT_TRUE(migrate(db, "sluis.db", steps).ok());
  EXPECT_EQ(version(), 2);
}

TEST_F(Schema, AStepThatFailsLeavesTheVersionBeforeIt) {
  ASSERT_TRUE(migrate(db, "sluis.db").ok());
  const auto broken = later(broken_step_2);
  EXPECT_THROW(static_cast<void>(migrate(db, "sluis.db", broken)), Failure);
  EXPECT_EQ(version(), 1);
  const auto steps = later(step_2);
  EXPECT_TRUE(migrate(db, "sluis.db", steps).ok()) << "nothing of the failed step is left";
}

TEST_F(Schema, TheOlderProgramRefusesWhatTheNewerWrote) {
  const auto steps = later(step_2);
  ASSERT_TRUE(migrate(db, "sluis.db", steps).ok());
  const Status refused = migrate(db, "sluis.db");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "store.schema");
}

}  // namespace
}  // namespace sluis::sqlite::test
