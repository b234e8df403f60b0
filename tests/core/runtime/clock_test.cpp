#include "core/runtime/clock.h"

#include <gtest/gtest.h>

namespace sluis {
namespace {

TEST(Clock, WritesAndReadsRfc3339) {
  const auto t = parse_rfc3339("2026-11-26T10:47:58.123Z");
  ASSERT_TRUE(t.ok()) << t.error().what;
  EXPECT_EQ(to_rfc3339(*t), "2026-11-26T10:47:58.123Z");
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-11-26T12:47:58+02:00")), "2026-11-26T10:47:58.000Z");
}

TEST(Clock, RefusesWhatIsNotRfc3339) {
  for (const char* text : {"", "2026-11-26", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
                           "2026-01-01T00:00:00", "2026-01-01T00:00:00ZZ", "x026-01-01T00:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
}

TEST(Clock, WritesTheDateOfRfc5322) {
  EXPECT_EQ(to_rfc5322_date(*parse_rfc3339("2026-11-26T10:47:58Z")), "Thu, 26 Nov 2026 10:47:58 +0000");
}

TEST(Duration, ReadsUnitsAndRefusesBareNumbers) {
  EXPECT_EQ(*parse_duration("90s"), 90s);
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("5d"), 120h);
  for (const char* text : {"", "90", "s", "1x", "1h30", "-1s", "99999999999999s"}) EXPECT_FALSE(parse_duration(text).ok()) << text;
}

TEST(Duration, IsWrittenAsItIsRead) {
  for (const char* text : {"1h30m", "5d", "250ms", "2m", "1s"}) EXPECT_EQ(format_duration(*parse_duration(text)), text);
}

TEST(ManualClock, JumpMovesTheWallClockOnly) {
  ManualClock clock;
  const auto wall = clock.wall();
  const auto mono = clock.mono();
  clock.jump(1h);
  EXPECT_EQ(clock.wall() - wall, 1h);
  EXPECT_EQ(clock.mono(), mono);
}

}  // namespace
}  // namespace sluis
