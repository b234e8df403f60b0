// A SQLite store in a folder of its own, and what its tests share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/runtime/random.h"
#include "store/sqlite/store.h"

namespace sluis::sqlite::test {

class SqliteTest : public testing::Test {
 protected:
  SqliteTest();
  ~SqliteTest() override;

  void open();
  std::string open_error();
  CommandResult run(Command command);
  Accept accepting(std::string_view text = "some bytes of a body", bool deliver = true);
  void execute(const std::string& sql);  // behind the store's back
  std::string file(std::string_view name) const { return options_.folder + "/" + std::string(name); }
  std::vector<VerifyFinding> findings();
  std::vector<DeliveryId> claim();
  DeliveryState state(DeliveryId id);

  ManualClock clock_;
  SeededRandom random_{1};
  IdGenerator ids_{clock_, random_};
  Options options_;
  std::unique_ptr<SqliteStore> store_;
};

// Flips one bit at the first place where the file has these bytes; false when it has not.
bool damage(const std::string& file, std::string_view bytes);

}  // namespace sluis::sqlite::test
