#include <atomic>
#include <cerrno>

#include "tests/store/sqlite/sqlite_test.h"

namespace sluis::sqlite::test {

namespace {

// Its syncs fail with `error` while that is not 0.
class FailingSyncs final : public Disk {
 public:
  int sync(int fd) override {
    ++calls;
    if (error == 0) return Disk::sync(fd);
    errno = error;
    return -1;
  }
  int error = 0, calls = 0;
};

}  // namespace

TEST_F(SqliteTest, AnswersEverythingWithDownAfterAFailedSync) {
  FailingSyncs disk;
  options_.disk = &disk;
  open();
  ASSERT_TRUE(run(accepting()).ok());
  disk.error = EIO;
  EXPECT_EQ(run(accepting()).error().code, "store.down");
  disk.error = 0;
  const int before = disk.calls;
  EXPECT_EQ(run(accepting()).error().code, "store.down");
  EXPECT_EQ(disk.calls, before) << "a sync is never tried again";
  EXPECT_NE(store_->trouble(), "");
}

TEST_F(SqliteTest, HasNothingOfABatchWhoseSyncFailed) {
  FailingSyncs disk;
  options_.disk = &disk;
  open();
  const Accept kept = accepting();
  ASSERT_TRUE(run(kept).ok());
  disk.error = EIO;
  const Accept lost = accepting();
  ASSERT_FALSE(run(lost).ok());
  store_->close();
  disk.error = 0;
  open();
  auto reader = store_->read(std::chrono::minutes{1});
  EXPECT_TRUE(reader.value()->message(kept.message.id).value().has_value());
  EXPECT_FALSE(reader.value()->message(lost.message.id).value().has_value());
  EXPECT_TRUE(findings().empty());
}

TEST_F(SqliteTest, AnswersFullWhenTheDiskIsAndRecovers) {
  FailingSyncs disk;
  options_.disk = &disk;
  open();
  ASSERT_TRUE(run(accepting()).ok());  // the segment has its name
  disk.error = ENOSPC;
  EXPECT_EQ(run(accepting()).error().code, "store.full");
  EXPECT_NE(store_->trouble(), "");
  disk.error = 0;
  EXPECT_TRUE(run(accepting()).ok());
  EXPECT_EQ(store_->trouble(), "");
  EXPECT_TRUE(findings().empty());
}

TEST_F(SqliteTest, GoesDownWhenTheSyncOfALargeContentFails) {
  FailingSyncs disk;
  options_.disk = &disk;
  open();
  auto writer = store_->write();
  ASSERT_TRUE(writer->write(std::string(100'000, 'x')).ok());
  disk.error = EIO;
  EXPECT_EQ(writer->finish().error().code, "store.fsync");
  disk.error = 0;
  EXPECT_NE(store_->trouble(), "");
  EXPECT_EQ(run(accepting()).error().code, "store.down");
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
