#include "adapters/sandbox/ledger.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/temporary_folder.h"

namespace sluis::sandbox {
namespace {

class SandboxLedger : public ::testing::Test {
 protected:
  std::vector<Event> lines() {
    std::vector<Event> all;
    EXPECT_TRUE(Ledger::open(folder.path(), clock, [&](const Event& event) { all.push_back(event); }));
    return all;
  }
  tests::TemporaryFolder folder;
  ManualClock clock;
};

TEST_F(SandboxLedger, KeepsItsLinesOverARestart) {
  {
    auto ledger = Ledger::open(folder.path(), clock);
    ASSERT_TRUE(ledger);
    EXPECT_TRUE((*ledger)->append("received", {{"mail", "1"}}));
  }
  const auto all = lines();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].dump(), R"({"at":"2026-01-01T00:00:00.000Z","event":"received","mail":"1"})");
}

TEST_F(SandboxLedger, CutsALastLineThatACrashHasTorn) {
  folder.write("ledger.jsonl", "{\"event\":\"received\"}\n{\"event\":\"rec");
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_EQ(folder.read("ledger.jsonl"), "{\"event\":\"received\"}\n");
}

TEST_F(SandboxLedger, RefusesAFileThatIsNone) {
  folder.write("ledger.jsonl", "hello\n");
  const auto ledger = Ledger::open(folder.path(), clock);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, "sandbox.ledger");
}

TEST_F(SandboxLedger, TextThatIsNotUtf8IsWrittenDownAllTheSame) {
  {
    auto ledger = Ledger::open(folder.path(), clock);
    ASSERT_TRUE(ledger);
    EXPECT_TRUE((*ledger)->append("received", {{"from", "\xff"}}));
  }
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(SandboxLedger, WritersAtTheSameTimeLoseNoLine) {
  {
    auto ledger = Ledger::open(folder.path(), clock);
    ASSERT_TRUE(ledger);
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i)
      writers.emplace_back([&] {
        for (int n = 0; n < 25; ++n) EXPECT_TRUE((*ledger)->append("received", {{"n", n}}));
      });
    for (std::thread& writer : writers) writer.join();
  }
  EXPECT_EQ(lines().size(), 100U);
}

}  // namespace
}  // namespace sluis::sandbox
