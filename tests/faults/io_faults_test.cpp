// Every write and every sync of a cycle fails once (SQLite's own loop: the n-th, for every n), and the disk fills up.
//   SLUIS_SEED   of everything that is drawn
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <random>

#include "tests/faults/store_load.h"
#include "tests/temporary_folder.h"

namespace sluis::faults {

namespace {

constexpr std::uint64_t never = std::uint64_t{1} << 60U;
constexpr std::size_t small = 900, large = 90'000;

std::uint64_t seed_of_run() {
  static const std::uint64_t seed = [] {
    const char* text = std::getenv("SLUIS_SEED");
    const std::uint64_t drawn = text == nullptr ? std::random_device{}() : std::strtoull(text, nullptr, 10);
    std::printf("SLUIS_SEED=%llu\n", static_cast<unsigned long long>(drawn));
    return drawn;
  }();
  return seed;
}

// A store of its own on a disk of its own.
struct Place {
  explicit Place(std::uint64_t seed) : root(folder.make("data")), disk(root, seed), load(disk, root, seed + 1) {
    load.options().checkpoint_pages = 12;  // each cycle has some
  }
  tests::TemporaryFolder folder;
  std::string root;
  FaultyDisk disk;
  StoreLoad load;
};

// accept, begin, finish, of a body that goes to a segment and of one that goes to the spool; goes on with what still
// works.
void cycle(StoreLoad& load) {
  for (const std::size_t octets : {small, large}) {
    const CommandResult accepted = load.accept(octets);
    if (!accepted.ok()) continue;
    const DeliveryId id = std::get<AcceptDone>(accepted.value()).deliveries.at(0);
    const CommandResult begun = load.begin(id);
    if (begun.ok())
      static_cast<void>(load.finish(id, std::get<Begun>(begun.value()).attempt, DeliveryState::delivered));
  }
  static_cast<void>(load.seal());
}

void expect_kept(StoreLoad& load) {
  for (const std::string& finding : load.findings()) ADD_FAILURE() << finding;
}

void expect_opens(StoreLoad& load) {
  const std::string error = load.open();
  ASSERT_EQ(error, "");
}

struct Case {
  int error = EIO;
  bool power = false;
};

// What must hold right after the fault, before anything is opened again.
void expect_honest(Place& place) {
  if (place.disk.failed() == FaultyDisk::Operation::sync && !place.load.store().trouble().empty()) {
    const CommandResult again = place.load.accept(small);
    EXPECT_FALSE(again.ok());
  }
  EXPECT_EQ(place.disk.syncs_after_failure(), 0U) << "a sync that failed was tried again";
  if (place.disk.failed() == FaultyDisk::Operation::sync) return;
  // The disk works again, and so does the store: it was not a sync that failed.
  EXPECT_TRUE(place.load.accept(small).ok());
  EXPECT_EQ(place.load.store().trouble(), "");
}

void expect_survives(Place& place, bool power) {
  place.load.crash();
  if (power) place.disk.power_cut();
  expect_opens(place.load);
  if (!place.load.is_open()) return;
  expect_kept(place.load);
}

void every_operation(const Case& how) {
  std::uint64_t n = 1, syncs = 0, writes = 0, names = 0;
  for (bool more = true; more && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    Place place(seed_of_run() + n);
    expect_opens(place.load);
    cycle(place.load);
    place.disk.fail(n, how.error);
    cycle(place.load);
    more = place.disk.struck();
    if (!more) break;
    switch (*place.disk.failed()) {
      case FaultyDisk::Operation::sync: ++syncs; break;
      case FaultyDisk::Operation::write: ++writes; break;
      case FaultyDisk::Operation::name: ++names; break;
    }
    // A failed sync with EIO is the end of this process, whichever file it was.
    if (place.disk.failed() == FaultyDisk::Operation::sync && how.error == EIO) {
      EXPECT_NE(place.load.store().trouble(), "") << "a sync failed, and the store says that all is well";
      const CommandResult down = place.load.accept(small);
      ASSERT_FALSE(down.ok());
      EXPECT_EQ(down.error().code, "store.down");
    }
    expect_honest(place);
    expect_survives(place, how.power);
  }
  EXPECT_GT(syncs, 5U);
  EXPECT_GT(writes, 40U);
  EXPECT_GT(names, 1U);
  std::printf("%llu writes, %llu syncs and %llu changes of names failed, one at a time\n",
              static_cast<unsigned long long>(writes), static_cast<unsigned long long>(syncs),
              static_cast<unsigned long long>(names));
}

}  // namespace

TEST(IoFaults, AnErrorOfAnyWriteOrSyncLosesNothingThatWasAcknowledged) {
  every_operation({EIO, false});
}

TEST(IoFaults, AnErrorOfAnyWriteOrSyncAndThenAPowerCutLoseNothingThatWasAcknowledged) {
  every_operation({EIO, true});
}

TEST(IoFaults, ADiskThatIsFullForOneWriteOrSyncLosesNothingThatWasAcknowledged) {
  every_operation({ENOSPC, true});
}

TEST(IoFaults, AnErrorWhileOpeningIsSaidAndLeavesAStoreThatOpens) {
  for (std::uint64_t n = 1;; ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    Place place(seed_of_run() + n);
    expect_opens(place.load);
    cycle(place.load);
    place.load.crash();
    place.disk.fail(n, EIO);
    const std::string error = place.load.open();
    if (!place.disk.struck()) break;
    place.disk.fail(never, EIO);
    expect_survives(place, n % 2 == 0);
    if (HasFailure()) break;
  }
}

TEST(FullDisk, RefusesWhatIsNewAndFinishesWhatItHasFromTheReserve) {
  Place place(seed_of_run());
  place.load.options().low_water_bytes = 400'000;
  expect_opens(place.load);
  place.disk.set_capacity(1'500'000);
  std::vector<DeliveryId> taken;
  std::optional<Error> refused;
  for (int i = 0; i < 2000 && !refused; ++i) {
    CommandResult accepted = place.load.accept(small);
    if (accepted.ok())
      taken.push_back(std::get<AcceptDone>(accepted.value()).deliveries.at(0));
    else
      refused = accepted.error();
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, "store.full");
  EXPECT_NE(place.load.store().trouble(), "");
  EXPECT_FALSE(place.load.accept(large).ok());
  ASSERT_GT(taken.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    const CommandResult begun = place.load.begin(taken[i]);
    ASSERT_TRUE(begun.ok()) << begun.error().what;
    ASSERT_TRUE(place.load.finish(taken[i], 1, DeliveryState::delivered).ok());
  }
  place.disk.set_capacity(std::nullopt);
  EXPECT_TRUE(place.load.accept(small).ok()) << "there is room again, and no restart was needed";
  EXPECT_EQ(place.load.store().trouble(), "");
  expect_kept(place.load);
}

TEST(FullDisk, LosesNothingWhenEvenTheReserveIsUsedUpAndGoesOnWhenThereIsRoom) {
  Place place(seed_of_run() + 1);
  expect_opens(place.load);
  for (int round = 0; round < 12 && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    for (int i = 0; i < 6; ++i) place.load.batch(8);
    // No low-water mark here: the next writes meet ENOSPC wherever they are.
    place.disk.set_capacity(std::uint64_t{1} << 40U);
    const std::uint64_t used = (std::uint64_t{1} << 40U) - place.disk.free_octets();
    place.disk.set_capacity(used + 5'000 * static_cast<std::uint64_t>(round));
    for (int i = 0; i < 8; ++i) place.load.batch(8);
    place.disk.set_capacity(std::nullopt);
    const CommandResult again = place.load.accept(small);
    EXPECT_TRUE(again.ok()) << again.error().what;
    place.load.crash();
    if (round % 2 == 0) place.disk.power_cut();
    expect_opens(place.load);
    if (!place.load.is_open()) return;
    expect_kept(place.load);
  }
  EXPECT_GT(place.load.refused_full(), 0U);
}

}  // namespace sluis::faults
