// One byte of a data directory is changed, and everything that was stored is right, or the store says that something is
// not.
//   SLUIS_CORRUPTIONS   how many (ci 1,000)
//   SLUIS_SEED          of everything that is drawn
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/faults/store_load.h"
#include "tests/temporary_folder.h"

namespace sluis::faults {

namespace {

namespace fs = std::filesystem;

constexpr Duration patience = std::chrono::minutes{10};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What a reader of the store sees of one message, bodies and all.
struct Seen {
  std::string message;                       // customer, source, attributes, parts with their bytes
  std::map<std::int64_t, std::string> legs;  // destination, identity, state
};
using Sight = std::map<MessageId, Seen>;

std::string words(const Message& message) {
  std::string all = message.customer + '|' + message.from + '|' + to_rfc3339(message.received_at);
  for (const auto& [name, value] : message.attributes) all += '|' + name + '=' + value;
  return all;
}

std::string address(const DeliveryRecord& record) {
  const Delivery& delivery = record.delivery;
  return fmt::format("{}|{}|{}|{}|{}", delivery.destination.channel, delivery.destination.account,
                     delivery.destination.address, delivery.identity.value, delivery.customer);
}

struct Look {
  Sight sight;
  std::map<std::int64_t, std::string> claimed;  // what would be sent: destination, identity, bytes
  std::vector<std::string> told;                // errors, findings, incidents
};

sqlite::Options options_of(const std::string& folder, const std::string& key) {
  sqlite::Options options;
  options.folder = folder;
  options.seal_key = Secret{key};
  options.threading = sqlite::Options::Threading::manual;
  options.free_space = [] { return std::uint64_t{1} << 40U; };
  return options;
}

std::string bodies(sqlite::SqliteStore& store, const Message& message, std::vector<std::string>& told) {
  std::string all;
  for (const Part& part : message.parts) {
    const auto read = store.read_all(part.content, 1 << 20);
    if (!read.ok()) {
      told.push_back(read.error().what);
      return "unreadable";
    }
    all += '|' + read.value();
  }
  return all;
}

Look look(const sqlite::Options& options, const Clock& clock, const std::vector<std::string>& seals,
          const std::vector<MessageId>& ids) {
  Look seen;
  auto opened = sqlite::SqliteStore::make(options, clock, Log{}, nullptr);
  if (!opened.ok()) {
    seen.told.push_back(opened.error().what);
    return seen;
  }
  sqlite::SqliteStore& store = *opened.value();
  const auto tell = [&](const Error& error) { seen.told.push_back(error.what); };
  {
    auto reader = store.read(patience);
    if (!reader.ok()) {
      tell(reader.error());
      return seen;
    }
    for (const MessageId& id : ids) {
      auto record = reader.value()->message(id);
      if (!record.ok()) {
        tell(record.error());
        continue;
      }
      if (!record.value()) continue;
      if (record.value()->corrupt) {
        seen.told.push_back("corrupt: " + id.text());
        continue;
      }
      Seen& of = seen.sight[id];
      of.message = words(record.value()->message);
      if (record.value()->purged_bodies)
        of.message += "|purged";
      else
        of.message += bodies(store, record.value()->message, seen.told);
      for (const DeliveryRecord& leg : record.value()->deliveries)
        of.legs[number(leg.delivery.id)] = fmt::format("{}|{}", address(leg), to_string(leg.state));
    }
    auto report = reader.value()->verify(seals);
    if (!report.ok()) tell(report.error());
    if (report.ok())
      for (const VerifyFinding& finding : report.value().findings)
        seen.told.push_back(finding.where + ": " + finding.what);
  }
  Holds holds;
  holds.channels.push_back({"out", 1000, 0, {}});
  auto claims = store.claim(holds, clock.wall());
  if (!claims.ok()) tell(claims.error());
  if (claims.ok())
    for (const Claim& claim : claims.value())
      seen.claimed[number(claim.record.delivery.id)] = address(claim.record) + words(*claim.record.delivery.message) +
                                                       bodies(store, *claim.record.delivery.message, seen.told);
  while (store.pump() > 0) {}
  auto reader = store.read(patience);
  auto incidents =
      reader.ok() ? reader.value()->incidents(true, 100) : Result<std::vector<IncidentRecord>>{reader.error()};
  if (!incidents.ok()) tell(incidents.error());
  if (incidents.ok())
    for (const IncidentRecord& incident : incidents.value())
      if (incident.last.key.starts_with("store/")) seen.told.push_back("incident: " + incident.last.text);
  store.crash();
  return seen;
}

// A data directory with some of everything, as a clean end (the WAL is moved) or a crash (it is full) leaves it.
class Original {
 public:
  Original(std::uint64_t seed, bool clean) {
    const std::string root = folder_.make("data");
    FaultyDisk disk(root, seed);
    StoreLoad load(disk, root, seed);
    if (const std::string error = load.open(); !error.empty()) throw std::runtime_error(error);
    for (std::size_t octets : {0, 1, 700, 3000, 20'000, 70'000, 90'000})
      if (!load.accept(octets).ok()) throw std::runtime_error("the original was not made");
    for (int i = 0; i < 10; ++i) {
      for (int k = 0; k < 4; ++k) load.batch(6);
      if (!load.seal().ok()) throw std::runtime_error("the original was not sealed");
    }
    load.batch(6);  // what no seal knows yet
    load.batch(6);
    if (clean)
      load.store().close();
    else
      load.crash();
    clock_.jump(load.clock().wall() - clock_.wall() + std::chrono::hours{1});
    seals = load.seal_lines();
    ids = load.known();
  }
  [[nodiscard]] std::string root() const { return folder_.path("data"); }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  std::vector<std::string> seals;
  std::vector<MessageId> ids;

 private:
  tests::TemporaryFolder folder_;
  ManualClock clock_;
};

void copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

struct Damage {
  std::string file;
  std::uint64_t offset = 0;
  unsigned char before = 0, after = 0;
};

// Each file that is not empty is as likely as another half of the time; else each byte is.
Damage change_one_byte(const std::string& root, Random& random) {
  std::vector<std::pair<fs::path, std::uint64_t>> files;
  std::uint64_t all = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    if (entry.path().filename() == "lock" || entry.path().extension() == ".db-shm") continue;
    files.emplace_back(entry.path(), entry.file_size());
  }
  std::sort(files.begin(), files.end());
  for (const auto& [path, size] : files) all += size;
  std::size_t chosen = static_cast<std::size_t>(random.below(files.size()));
  std::uint64_t offset = 0;
  if (random.below(2) == 0) {
    offset = random.below(files[chosen].second);
  } else {
    offset = random.below(all);
    for (chosen = 0; offset >= files[chosen].second; ++chosen) offset -= files[chosen].second;
  }
  std::fstream stream(files[chosen].first, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  Damage damage{fs::relative(files[chosen].first, root).string(), offset, static_cast<unsigned char>(stream.get()), 0};
  damage.after = static_cast<unsigned char>(random.below(2) == 0 ? damage.before ^ (1U << random.below(8))
                                                                 : damage.before + 1 + random.below(255));
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(static_cast<char>(damage.after));
  return damage;
}

class Corruption {
 public:
  explicit Corruption(std::uint64_t seed) : random_(seed) {}

  // False: something is wrong, and it was said.
  bool one(const Original& original, const Look& whole) {
    copy(original.root(), work_.path("data"));
    const Damage damage = change_one_byte(work_.path("data"), random_);
    const Look seen =
        look(options_of(work_.path("data"), "the key of the tests"), original.clock(), original.seals, original.ids);
    const std::string where =
        fmt::format("{} at {}: {:#x} became {:#x}", damage.file, damage.offset, damage.before, damage.after);
    bool good = true;
    for (const auto& [id, sent] : seen.claimed) {
      const auto was = whole.claimed.find(id);
      if (was != whole.claimed.end() && was->second == sent) continue;
      if (sent.ends_with("unreadable")) continue;  // the channel meets the error and sends nothing
      if (was == whole.claimed.end() && !seen.told.empty()) continue;
      ADD_FAILURE() << where << ": delivery " << id << " would be sent and is not what was accepted";
      good = false;
    }
    const bool same = same_sight(seen, whole);
    if (same && seen.told.empty()) ++harmless;
    if (!seen.told.empty()) ++told;
    if (!same && seen.told.empty()) {
      ADD_FAILURE() << where << ": " << difference(seen, whole) << ", and nothing tells of it";
      good = false;
    }
    return good;
  }

  std::uint64_t harmless = 0, told = 0;

 private:
  static bool same_sight(const Look& seen, const Look& whole) { return difference(seen, whole).empty(); }
  static std::string difference(const Look& seen, const Look& whole) {
    for (const auto& [id, was] : whole.sight) {
      const auto now = seen.sight.find(id);
      if (now == seen.sight.end()) return "message " + id.text() + " is gone";
      if (now->second.message != was.message) return "message " + id.text() + " is another";
      if (now->second.legs == was.legs) continue;
      for (const auto& [leg, text] : was.legs)
        if (const auto at = now->second.legs.find(leg); at == now->second.legs.end() || at->second != text)
          return fmt::format("delivery {} is {} and was {}", leg, at == now->second.legs.end() ? "gone" : at->second,
                             text);
      return "message " + id.text() + " has more deliveries";
    }
    return seen.claimed.size() == whole.claimed.size() ? std::string{} : "fewer deliveries are due";
  }

  SeededRandom random_;
  tests::TemporaryFolder work_;
};

void corrupt(bool clean, std::uint64_t share) {
  const std::uint64_t seed = from_environment("SLUIS_SEED", std::random_device{}());
  SCOPED_TRACE("SLUIS_SEED=" + std::to_string(seed));
  const std::uint64_t wanted = from_environment("SLUIS_CORRUPTIONS", 1000) * share / 10;
  Corruption corruption(seed);
  const Original original(seed, clean);
  const tests::TemporaryFolder place;
  copy(original.root(), place.path("data"));
  const Look whole =
      look(options_of(place.path("data"), "the key of the tests"), original.clock(), original.seals, original.ids);
  ASSERT_TRUE(whole.told.empty()) << whole.told.front();
  ASSERT_GT(whole.sight.size(), 20U);
  std::uint64_t done = 0;
  for (int wrong = 0; done < wanted && wrong < 5; ++done)
    if (!corruption.one(original, whole)) ++wrong;
  std::printf("seed %llu: %llu bytes changed; %llu times the store said so, %llu times nothing depended on it\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(corruption.told), static_cast<unsigned long long>(corruption.harmless));
}

}  // namespace

TEST(Corruption, OfAClosedStoreIsToldOrHarmless) {
  corrupt(true, 6);
}

TEST(Corruption, OfAStoreThatCrashedIsToldOrHarmless) {
  corrupt(false, 4);
}

TEST(Corruption, OfTheSealKeyIsTold) {
  const std::uint64_t seed = from_environment("SLUIS_SEED", std::random_device{}());
  SCOPED_TRACE("SLUIS_SEED=" + std::to_string(seed));
  const Original original(seed, true);
  std::string key = "the key of the tests";
  SeededRandom random(seed);
  key[static_cast<std::size_t>(random.below(key.size()))] ^= static_cast<char>(1U << random.below(8));
  const tests::TemporaryFolder place;
  copy(original.root(), place.path("data"));
  const Look seen = look(options_of(place.path("data"), key), original.clock(), original.seals, original.ids);
  EXPECT_GE(seen.told.size(), 10U) << "each seal is another key's";
}

}  // namespace sluis::faults
