// A real store and an executor that the test drives by hand: settle() runs both until nothing is left to do.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "core/runtime/executor.h"
#include "core/runtime/log.h"
#include "store/sqlite/store.h"
#include "tests/temporary_folder.h"

namespace sluis::gateway {

struct Rig {
  tests::TemporaryFolder folder;
  ManualClock clock;
  ManualExecutor executor{clock};
  Log log;
  std::unique_ptr<sqlite::SqliteStore> store;

  Rig() {
    sqlite::Options options;
    options.folder = folder.path("data");
    options.seal_key = Secret{"0123456789abcdef0123456789abcdef"};
    options.low_water_bytes = 0;
    options.threading = sqlite::Options::Threading::manual;
    auto opened = sqlite::SqliteStore::make(options, clock, log, nullptr);
    if (opened) store = std::move(*opened);
    else ADD_FAILURE() << opened.error().what;
  }
  ~Rig() {
    settle();
    store->close();
  }
  void settle() {
    while (store->pump() > 0 || executor.run() > 0) {
    }
  }
};

}  // namespace sluis::gateway
