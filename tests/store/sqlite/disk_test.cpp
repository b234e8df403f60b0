#include <atomic>
#include <cerrno>

#include "tests/store/sqlite/sqlite_test.h"

namespace sluis::sqlite::test {

TEST_F(SqliteTest, AnswersEverythingWithDownAfterAFailedSync) {
  bool broken = false;
  int calls = 0;
  options_.sync = [&](int) {
    ++calls;
    if (broken) errno = EIO;
    return broken ? -1 : 0;
  };
  open();
  ASSERT_TRUE(run(accepting()).ok());
  broken = true;
  EXPECT_EQ(run(accepting()).error().code, "store.down");
  broken = false;
  const int before = calls;
  EXPECT_EQ(run(accepting()).error().code, "store.down");
  EXPECT_EQ(calls, before) << "a sync is never tried again";
  EXPECT_NE(store_->trouble(), "");
}

TEST_F(SqliteTest, HasNothingOfABatchWhoseSyncFailed) {
  bool broken = false;
  options_.sync = [&broken](int) {
    if (broken) errno = EIO;
    return broken ? -1 : 0;
  };
  open();
  const Accept kept = accepting();
  ASSERT_TRUE(run(kept).ok());
  broken = true;
  const Accept lost = accepting();
  ASSERT_FALSE(run(lost).ok());
  store_->close();
  broken = false;
  open();
  auto reader = store_->read(std::chrono::minutes{1});
  EXPECT_TRUE(reader.value()->message(kept.message.id).value().has_value());
  EXPECT_FALSE(reader.value()->message(lost.message.id).value().has_value());
  EXPECT_TRUE(findings().empty());
}

TEST_F(SqliteTest, AnswersFullWhenTheDiskIsAndRecovers) {
  bool full = false;
  options_.sync = [&full](int) {
    if (full) errno = ENOSPC;
    return full ? -1 : 0;
  };
  open();
  full = true;
  EXPECT_EQ(run(accepting()).error().code, "store.full");
  EXPECT_NE(store_->trouble(), "");
  full = false;
  EXPECT_TRUE(run(accepting()).ok());
  EXPECT_EQ(store_->trouble(), "");
  EXPECT_TRUE(findings().empty());
}

TEST_F(SqliteTest, RefusesLargeContentsBelowTheLowWaterMark) {
  std::atomic<std::uint64_t> free{1};
  options_.free_space = [&free] { return free.load(); };
  open();
  auto writer = store_->write();
  const auto written = writer->write(std::string(100'000, 'x'));
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, "store.full");
}

TEST_F(SqliteTest, TakesANewLowWaterMarkWhileItRuns) {
  options_.free_space = [] { return std::uint64_t{1000}; };
  options_.low_water_bytes = 1000;
  open();
  ASSERT_TRUE(run(accepting()).ok());
  store_->keep_free(1001);
  EXPECT_EQ(run(accepting()).error().code, "store.full");
  EXPECT_NE(store_->trouble(), "");
  store_->keep_free(1000);
  EXPECT_TRUE(run(accepting()).ok());
  EXPECT_EQ(store_->trouble(), "");
}

}  // namespace sluis::sqlite::test
