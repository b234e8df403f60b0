#include "core/runtime/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace sluis {
namespace {

TEST(Uuid, TextIsReadBack) {
  ManualClock clock;
  SeededRandom random(1);
  IdGenerator ids(clock, random);
  const Uuid id = ids.next();
  EXPECT_EQ(*Uuid::parse(id.text()), id);
  EXPECT_EQ(id.text()[14], '7');
  EXPECT_NE(std::string("89ab").find(id.text()[19]), std::string::npos);
}

TEST(Uuid, RefusesOtherText) {
  for (const char* text : {"", "x", "01234567-89ab-7def-8123-456789abcde", "01234567-89ab-7def-8123-456789abcdeg",
                           "0123456789-ab-7def-8123-456789abcdef0"})
    EXPECT_FALSE(Uuid::parse(text).ok()) << text;
}

TEST(IdGenerator, IdsIncreaseAlsoWhenTheClockStepsBack) {
  ManualClock clock;
  SeededRandom random(2);
  IdGenerator ids(clock, random);
  Uuid last = ids.next();
  for (int i = 0; i < 20'000; ++i) {
    if (i == 10'000) clock.jump(-1h);
    const Uuid next = ids.next();
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(IdGenerator, CarriesTheTime) {
  ManualClock clock;
  SeededRandom random(3);
  IdGenerator ids(clock, random);
  EXPECT_EQ(ids.next().text().substr(0, 13), "019b76da-a800");   // 1767225600000 ms
}

}  // namespace
}  // namespace sluis
