// The engines that the conformance suite runs against.
#include <cstdlib>
#include <filesystem>

#include "store/sqlite/store.h"
#include "tests/core/store/store_test.h"
#include "tests/faults/unsynced_disk.h"

namespace sluis::test {

namespace {

class SqliteHarness final : public StoreHarness {
 public:
  explicit SqliteHarness(const Clock& clock) : clock_(clock) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluis-store-XXXXXX").string();
    options_.folder = ::mkdtemp(pattern.data());
    options_.seal_key = Secret{"the key of the tests"};
    options_.threading = sqlite::Options::Threading::manual;
    options_.free_space = [this] { return free_; };
    options_.disk = &disk_;  // the page cache outlives a killed process; power loss is the faults suite's
    open();
  }
  ~SqliteHarness() override {
    store_.reset();
    std::filesystem::remove_all(options_.folder);
  }
  Store& store() override { return *store_; }
  void pump() override {
    while (store_->pump() > 0) {}
  }
  void close_and_reopen() override {
    store_->close();
    open();
  }
  void kill_and_reopen() override {
    store_->crash();
    open();
  }
  void set_free_space(std::uint64_t octets) override { free_ = octets; }

 private:
  void open() {
    store_.reset();
    auto opened = sqlite::SqliteStore::make(options_, clock_, Log{}, nullptr);
    if (!opened.ok()) throw std::runtime_error(opened.error().what);
    store_ = std::move(opened).value();
  }
  const Clock& clock_;
  faults::UnsyncedDisk disk_;
  sqlite::Options options_;
  std::uint64_t free_ = 1ULL << 40U;
  std::unique_ptr<sqlite::SqliteStore> store_;
};

const Engine sqlite_engine{"sqlite", [](const Clock& clock) { return std::make_unique<SqliteHarness>(clock); }};
std::string name_of(const testing::TestParamInfo<Engine>& info) {
  return info.param.name;
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Engine, StoreAccept, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreAttempt, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreClaim, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreGates, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreLane, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreOperate, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreRead, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreRestart, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreRetention, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreSettle, testing::Values(sqlite_engine), name_of);
INSTANTIATE_TEST_SUITE_P(Engine, StoreUpkeep, testing::Values(sqlite_engine), name_of);

}  // namespace sluis::test
