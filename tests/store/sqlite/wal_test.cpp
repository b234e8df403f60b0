#include <filesystem>
#include <fstream>

#include "store/sqlite/wal_tail.h"
#include "tests/store/sqlite/sqlite_test.h"

namespace sluis::sqlite::test {

namespace {

constexpr std::uint64_t header = 32, frame = 24 + 4096;

void flip(const std::string& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 1));
}

}  // namespace

class WalTest : public SqliteTest {
 protected:
  void crash_with_some() {
    open();
    for (int i = 0; i < 5; ++i) kept_.push_back(accept());
    store_->crash();
    frames_ = (std::filesystem::file_size(wal_) - header) / frame;
  }
  MessageId accept() {
    const Accept command = accepting();
    EXPECT_TRUE(run(command).ok());
    return command.message.id;
  }
  std::vector<IncidentRecord> incidents() {
    auto reader = store_->read(std::chrono::minutes{1});
    return reader.value()->incidents(true, 10).value();
  }
  std::size_t copies() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(options_.folder))
      count += entry.path().filename().string().starts_with("sluis.db-wal.unreadable") ? 1 : 0;
    return count;
  }
  const std::string wal_ = file("sluis.db-wal");
  std::uint64_t frames_ = 0;
  std::vector<MessageId> kept_;
};

TEST_F(WalTest, SaysNothingOfALogThatIsWhole) {
  crash_with_some();
  EXPECT_FALSE(unreadable_tail(wal_));
  open();
  EXPECT_TRUE(incidents().empty());
  EXPECT_EQ(copies(), 0U);
}

TEST_F(WalTest, TellsOfCommitsThatADamagedFrameHides) {
  crash_with_some();
  flip(wal_, header + 10 * frame + 100);
  const auto tail = unreadable_tail(wal_);
  ASSERT_TRUE(tail);
  EXPECT_TRUE(tail->damaged());
  open();
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(incidents()[0].last.key, "store/wal");
  EXPECT_EQ(incidents()[0].last.severity, Severity::critical);
  EXPECT_EQ(copies(), 1U);
}

TEST_F(WalTest, TellsOfALastCommitThatCannotBeRead) {
  crash_with_some();
  flip(wal_, header + (frames_ - 1) * frame + 100);
  const auto tail = unreadable_tail(wal_);
  ASSERT_TRUE(tail);
  EXPECT_FALSE(tail->damaged()) << "a crash in the middle of it leaves the same";
  open();
  ASSERT_EQ(incidents().size(), 1U);
  EXPECT_EQ(incidents()[0].last.severity, Severity::warning);
}

TEST_F(WalTest, TellsOfADamagedHeaderOfTheLogAndOfAFrame) {
  for (const std::uint64_t at :
       {std::uint64_t{5}, std::uint64_t{17}, header + 3 * frame + 9, header + 3 * frame + 13}) {
    options_.folder += "-" + std::to_string(at);
    std::filesystem::create_directories(options_.folder);
    open();
    for (int i = 0; i < 3; ++i) accept();
    store_->crash();
    flip(file("sluis.db-wal"), at);
    EXPECT_TRUE(unreadable_tail(file("sluis.db-wal"))) << at;
    std::filesystem::remove_all(options_.folder);
  }
}

TEST_F(WalTest, DoesNotTakeTheRestOfAnEarlierLogForDamage) {
  options_.checkpoint_pages = 30;
  open();
  for (int i = 0; i < 40; ++i) accept();  // the log has begun anew several times, over longer ones
  store_->crash();
  EXPECT_FALSE(unreadable_tail(wal_));
}

TEST_F(WalTest, ClosesTheIncidentWhenTheNextLogIsWhole) {
  crash_with_some();
  flip(wal_, header + 10 * frame + 100);
  open();
  accept();
  store_->crash();
  open();
  EXPECT_TRUE(incidents().empty());
  EXPECT_TRUE(findings().empty());
  EXPECT_EQ(copies(), 1U) << "the copy stays";
}

}  // namespace sluis::sqlite::test
