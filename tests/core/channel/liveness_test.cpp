#include "core/channel/liveness.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace sluis {
namespace {

TEST(Liveness, RunsAGuardedFunctionWithItsArgumentsUntilTheEnd) {
  Liveness liveness;
  int sum = 0;
  auto add = liveness.guarded([&](int a, int b) { sum += a + b; });
  add(1, 2);
  liveness.end();
  add(3, 4);
  EXPECT_EQ(sum, 3);
}

TEST(Liveness, AGuardedFunctionMayOutliveIt) {
  std::function<void()> late;
  int runs = 0;
  {
    Liveness liveness;
    late = liveness.guarded([&] { ++runs; });
  }
  late();
  EXPECT_EQ(runs, 0);
}

TEST(Liveness, OneGuardedFunctionMayCallAnother) {
  Liveness liveness;
  int runs = 0;
  auto inner = liveness.guarded([&] { ++runs; });
  liveness.guarded([&] { inner(); })();
  EXPECT_EQ(runs, 1);
}

TEST(Liveness, TheEndWaitsForWhatRuns) {
  Liveness liveness;
  std::promise<void> inside, go;
  bool done = false;
  std::thread other([&] {
    liveness.guarded([&] {
      inside.set_value();
      go.get_future().wait();
      done = true;
    })();
  });
  inside.get_future().wait();
  auto ended = std::async(std::launch::async, [&] { liveness.end(); });
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout) << "it still runs";
  go.set_value();
  ended.wait();
  EXPECT_TRUE(done);
  other.join();
}

}  // namespace
}  // namespace sluis
