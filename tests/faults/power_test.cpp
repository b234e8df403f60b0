// The power goes, and the store opens on what the disk holds. A killed process does not show this: its page cache lives
// on.
//   SLUIS_POWER_CUTS   cuts at least; their time is in tests/budgets
//   SLUIS_SEED         of everything that is drawn
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/faults/store_load.h"
#include "tests/temporary_folder.h"

namespace sluis::faults {

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr std::size_t cuts_of_one_store = 8;  // then a new folder: reading all of it back takes longer and longer

struct Totals {
  std::uint64_t cuts = 0, kills = 0, at_open = 0, acknowledged = 0;
};

// Works until operation n of the disk is refused; false: the store does not open, and not for that.
bool work_until(FaultyDisk& disk, StoreLoad& load, std::uint64_t n, Totals& totals) {
  disk.cut_at(n);
  const std::string error = load.open();
  while (error.empty() && !disk.struck()) load.batch(12);
  if (!error.empty() && !disk.struck()) ADD_FAILURE() << "does not open: " << error;
  totals.at_open += error.empty() ? 0 : 1;
  load.crash();
  return error.empty() || disk.struck();
}

// Opens it again and holds it against the ledger.
bool holds(StoreLoad& load, const char* after) {
  if (const std::string error = load.open(); !error.empty()) {
    ADD_FAILURE() << "does not open after " << after << ": " << error;
    return false;
  }
  const auto findings = load.findings();
  for (const std::string& finding : findings) ADD_FAILURE() << "after " << after << ": " << finding;
  load.crash();
  return findings.empty();
}

// The life of one data directory; false: the promise was broken.
bool live(std::uint64_t seed, Totals& totals) {
  const tests::TemporaryFolder folder;
  const std::string root = folder.make("data");
  SeededRandom random(seed);
  FaultyDisk disk(root, random.next());
  StoreLoad load(disk, root, random.next());
  bool after_kill = false;
  for (std::size_t cut = 0; cut < cuts_of_one_store;) {
    // Opening is work for the disk too, and the power may go in the middle of it; or shortly after a kill, when the
    // page cache still has what the dead process had not synced.
    const std::uint64_t within = after_kill ? 300 : random.below(6) == 0 ? 40 : 2000;
    if (!work_until(disk, load, 1 + random.below(within), totals)) return false;
    after_kill = random.below(4) == 0;
    if (after_kill) {
      disk.process_died();
      ++totals.kills;
      if (random.below(2) == 0 && !holds(load, "a kill")) return false;
      continue;
    }
    disk.power_cut();
    ++totals.cuts;
    ++cut;
    if (!holds(load, "a power cut")) return false;
  }
  totals.acknowledged += load.acknowledged();
  return true;
}

}  // namespace

TEST(PowerCut, LeavesEverythingThatWasAcknowledgedAndNothingHalf) {
  const std::uint64_t seed = from_environment("SLUIS_SEED", std::random_device{}());
  const std::uint64_t wanted = from_environment("SLUIS_POWER_CUTS", 200);
  Totals totals;
  for (std::uint64_t n = 0; totals.cuts < wanted; ++n) {
    SCOPED_TRACE("SLUIS_SEED=" + std::to_string(seed + n));
    if (!live(seed + n, totals)) break;
  }
  std::printf("seed %llu: %llu power cuts, %llu of them while opening, %llu kills, %llu commands acknowledged\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(totals.cuts),
              static_cast<unsigned long long>(totals.at_open), static_cast<unsigned long long>(totals.kills),
              static_cast<unsigned long long>(totals.acknowledged));
}

// What the dead process had written and not synced is in the page cache, and looks like what is on the disk.
TEST(PowerCut, AfterAKillAtAnyOperationLeavesWhatWasAcknowledgedSince) {
  const std::uint64_t seed = from_environment("SLUIS_SEED", std::random_device{}());
  bool more = true;
  for (std::uint64_t n = 1; more && !HasFailure(); ++n) {
    for (std::uint64_t again = 0; again < 2; ++again) {
      SCOPED_TRACE("SLUIS_SEED=" + std::to_string(seed) + ", operation " + std::to_string(n));
      const tests::TemporaryFolder folder;
      const std::string root = folder.make("data");
      FaultyDisk disk(root, seed + 2 * n + again);
      StoreLoad load(disk, root, seed + n);
      ASSERT_EQ(load.open(), "");
      disk.cut_at(n);
      for (const std::size_t octets : {900, 90'000}) static_cast<void>(load.accept(octets));
      more = disk.struck();
      load.crash();
      disk.process_died();
      ASSERT_EQ(load.open(), "");
      for (const std::size_t octets : {900, 90'000}) EXPECT_TRUE(load.accept(octets).ok());
      load.crash();
      disk.power_cut();
      if (!holds(load, "a kill and a power cut")) break;
    }
  }
}

}  // namespace sluis::faults
