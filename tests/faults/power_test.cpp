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

constexpr std::size_t cuts_of_one_store = 12;  // then a new folder: reading all of it back takes longer and longer

struct Totals {
  std::uint64_t cuts = 0, kills = 0, at_open = 0, acknowledged = 0;
};

// The life of one data directory, until `cuts` of it have come; false: the promise was broken.
bool live(std::uint64_t seed, Totals& totals) {
  const tests::TemporaryFolder folder;
  const std::string root = folder.make("data");
  SeededRandom random(seed);
  FaultyDisk disk(root, random.next());
  StoreLoad load(disk, root, random.next());
  for (std::size_t cut = 0; cut < cuts_of_one_store; ++cut) {
    // Opening is work for the disk too, and the power may go in the middle of it.
    const bool early = random.below(6) == 0;
    disk.cut_at(1 + random.below(early ? 40 : 2500));
    std::string error = load.open();
    while (error.empty() && !disk.struck()) {
      load.batch(12);
      if (random.below(60) != 0 || disk.struck()) continue;
      load.crash();
      ++totals.kills;
      error = load.open();
      if (!error.empty() || disk.struck()) break;
      // Only the process died: all of the page cache is there, and what it holds is as good as what is on the disk.
      const auto findings = load.findings();
      if (disk.struck()) break;
      EXPECT_TRUE(findings.empty()) << "after a kill: " << findings.front() << " (of " << findings.size() << ")";
      if (!findings.empty()) return false;
    }
    if (!error.empty() && !disk.struck()) {
      ADD_FAILURE() << "does not open: " << error;
      return false;
    }
    totals.at_open += error.empty() ? 0 : 1;
    load.crash();
    disk.power_cut();
    ++totals.cuts;
    if (const std::string again = load.open(); !again.empty()) {
      ADD_FAILURE() << "does not open after a power cut: " << again;
      return false;
    }
    const auto findings = load.findings();
    for (const std::string& finding : findings) ADD_FAILURE() << "after power cut " << cut + 1 << ": " << finding;
    if (!findings.empty()) return false;
    load.crash();
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

}  // namespace sluis::faults
