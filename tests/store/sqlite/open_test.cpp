#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/store/sqlite/sqlite_test.h"

namespace sluis::sqlite::test {

TEST_F(SqliteTest, RefusesASecondOpenAndNamesTheProcess) {
  open();
  const std::string error = open_error();
  EXPECT_TRUE(error.starts_with("store.locked")) << error;
  EXPECT_NE(error.find(std::to_string(::getpid())), std::string::npos) << error;
}

TEST_F(SqliteTest, OpensAgainAfterClose) {
  open();
  store_->close();
  EXPECT_EQ(open_error(), "");
}

TEST_F(SqliteTest, RefusesANewerSchemaAndNamesBothVersions) {
  open();
  store_->close();
  execute("PRAGMA user_version = 99");
  const std::string error = open_error();
  EXPECT_TRUE(error.starts_with("store.schema")) << error;
  EXPECT_NE(error.find("99"), std::string::npos) << error;
  EXPECT_NE(error.find(" 1;"), std::string::npos) << error;
}

TEST_F(SqliteTest, RefusesAFileThatIsNoDatabase) {
  std::filesystem::create_directories(options_.folder);
  std::ofstream(file("sluis.db")) << std::string(4096, 'x');
  EXPECT_TRUE(open_error().starts_with("store.corrupt"));
}

TEST_F(SqliteTest, MovesTheWalIntoTheDatabaseWhenItCloses) {
  open();
  ASSERT_TRUE(run(accepting()).ok());
  EXPECT_GT(std::filesystem::file_size(file("sluis.db-wal")), 0U);
  store_->close();
  EXPECT_TRUE(!std::filesystem::exists(file("sluis.db-wal")) || std::filesystem::file_size(file("sluis.db-wal")) == 0U);
}

TEST_F(SqliteTest, CheckpointsWhileItRuns) {
  options_.checkpoint_pages = 20;
  open();
  const auto size = std::filesystem::file_size(file("sluis.db"));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(run(accepting()).ok());
  EXPECT_GT(std::filesystem::file_size(file("sluis.db")), size);
}

TEST_F(SqliteTest, RefusesWhatComesAfterClose) {
  open();
  store_->close();
  const auto answer = run(accepting());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, "store.down");
}

TEST_F(SqliteTest, BeginsAnotherSegmentWhenOneIsLong) {
  options_.segment_bytes = 1000;
  open();
  std::vector<MessageId> ids;
  for (int i = 0; i < 5; ++i) {
    const Accept accept = accepting(std::string(600, static_cast<char>('a' + i)));
    ids.push_back(accept.message.id);
    ASSERT_TRUE(run(accept).ok());
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file("segments")))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 5U);
  EXPECT_TRUE(findings().empty());
}

TEST_F(SqliteTest, DropsTheSegmentsOfAPurgedDay) {
  open();
  ASSERT_TRUE(run(accepting("gone", false)).ok());
  clock_.advance(std::chrono::hours{24 * 3});
  ASSERT_TRUE(run(accepting("stays", false)).ok());
  ASSERT_TRUE(run(Purge{clock_.wall(), clock_.wall() - std::chrono::hours{24}, WallTime{}, WallTime{}, 100}).ok());
  EXPECT_FALSE(std::filesystem::exists(file("segments/2026-01-01-standard.seg")));
  EXPECT_TRUE(std::filesystem::exists(file("segments/2026-01-04-standard.seg")));
}

TEST_F(SqliteTest, DropsSegmentsOfEarlierDaysThatNothingNamesAtEveryPurge) {
  open();
  ASSERT_TRUE(run(accepting("gone the same day", false)).ok());
  clock_.advance(std::chrono::hours{1});
  ASSERT_TRUE(run(Purge{clock_.wall(), clock_.wall(), WallTime{}, WallTime{}, 100}).ok());
  EXPECT_TRUE(std::filesystem::exists(file("segments/2026-01-01-standard.seg"))) << "it is being appended to";
  clock_.advance(std::chrono::hours{24});
  ASSERT_TRUE(run(Purge{clock_.wall(), WallTime{}, WallTime{}, WallTime{}, 100}).ok());
  EXPECT_FALSE(std::filesystem::exists(file("segments/2026-01-01-standard.seg")));
}

TEST_F(SqliteTest, VerifiesADataDirectoryThatNobodyHasOpen) {
  open();
  ASSERT_TRUE(run(accepting("a body that is damaged")).ok());
  EXPECT_EQ(SqliteStore::verify_stopped(options_, clock_, {}).error().code, "store.locked");
  store_->crash();   // the WAL is read too
  const auto clean = SqliteStore::verify_stopped(options_, clock_, {});
  ASSERT_TRUE(clean.ok()) << clean.error().what;
  EXPECT_EQ(clean->messages, 1);
  EXPECT_TRUE(clean->findings.empty());
  ASSERT_TRUE(damage(file("segments/2026-01-01-standard.seg"), "damaged"));
  EXPECT_EQ(SqliteStore::verify_stopped(options_, clock_, {})->findings.size(), 1U);
  options_.folder += "/segments";
  EXPECT_EQ(SqliteStore::verify_stopped(options_, clock_, {}).error().code, "store.unknown");
}

}  // namespace sluis::sqlite::test
