// The store as the gateway opens it: no option of its own but the folder.
#pragma once

#include <memory>
#include <string>

#include "bench/harness/arguments.h"
#include "store/sqlite/store.h"

namespace sluis::bench {

inline std::unique_ptr<sqlite::SqliteStore> open_store(const std::string& folder, sqlite::Options::Threading threading,
                                                       Metrics* metrics = nullptr,
                                                       std::size_t batch_most = sqlite::Options{}.batch_most) {
  static const SystemClock clock;
  sqlite::Options options;
  options.folder = folder;
  options.seal_key = Secret{"the key of the benchmark"};
  options.threading = threading;
  options.batch_most = batch_most;
  auto store = sqlite::SqliteStore::make(options, clock, Log{}, metrics);
  if (!store.ok()) give_up(store.error().code + ": " + store.error().what);
  return std::move(store).value();
}

}  // namespace sluis::bench
