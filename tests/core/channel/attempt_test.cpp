#include "core/channel/attempt.h"

#include <gtest/gtest.h>

namespace sluis {
namespace {

struct Ends {
  int count = 0;
  bool dropped = false;
  std::optional<Outcome> outcome;
  Attempt make() {
    return Attempt(std::make_shared<Delivery>(), nullptr, [this](Outcome o, bool d) {
      ++count;
      dropped = d;
      outcome = std::move(o);
    });
  }
};

TEST(Attempt, DroppedUnfinishedItIsARetryInDoubt) {
  Ends ends;
  { const Attempt attempt = ends.make(); }
  ASSERT_EQ(ends.count, 1);
  EXPECT_TRUE(ends.dropped);
  EXPECT_TRUE(std::get<Retry>(ends.outcome->verdict).in_doubt);
}

TEST(Attempt, FinishesOnceAlsoThroughMoves) {
  Ends ends;
  {
    Attempt first = ends.make();
    Attempt second = std::move(first);
    second.finish(Outcome{Delivered{{"250 ok", {}}}, {}, {}});
  }
  EXPECT_EQ(ends.count, 1);
  EXPECT_FALSE(ends.dropped);
}

TEST(Attempt, AssigningOverOneFinishesIt) {
  Ends a, b;
  Attempt attempt = a.make();
  attempt = b.make();
  EXPECT_EQ(a.count, 1);
  EXPECT_TRUE(a.dropped);
  EXPECT_EQ(b.count, 0);
  attempt.finish(Outcome{Held{"stop"}, {}, {}});
  EXPECT_EQ(b.count, 1);
}

}  // namespace
}  // namespace sluis
