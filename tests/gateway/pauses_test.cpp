#include "gateway/pauses.h"

#include <gmock/gmock.h>

#include "tests/gateway/rig.h"

namespace sluis::gateway {

namespace {

class PausesTest : public testing::Test {
 protected:
  PausesTest() { make(); }
  // As a start does.
  void make() {
    pauses = std::make_unique<Pauses>(*rig.store, rig.executor, rig.clock, rig.log, [this] { ++changes; });
    ASSERT_TRUE(pauses->load());
  }
  void pause(const std::string& customer = {}, const std::string& flow = {}, std::optional<Duration> lasts = {}) {
    Pause made{"customs", customer, flow, "moving house", "operator root", rig.clock.wall(), {}};
    if (lasts) made.until = made.since + *lasts;
    const std::size_t before = pauses->all().size();
    bool done = false;
    pauses->pause(made, [&](const Status& status) { done = status.ok(); });
    EXPECT_EQ(pauses->all().size(), before) << "in force before its commit";
    rig.settle();
    EXPECT_TRUE(done);
  }
  std::string resume(const std::string& customer = {}, const std::string& flow = {}) {
    std::string code = "nothing said";
    pauses->resume("customs", customer, flow, "operator root", "back",
                   [&](const Status& status) { code = status.ok() ? "" : status.error().code; });
    rig.settle();
    return code;
  }
  void advance(Duration by) {
    rig.clock.advance(by);
    rig.settle();
  }

  Rig rig;
  int changes = 0;
  std::unique_ptr<Pauses> pauses;
};

TEST_F(PausesTest, OfAWholeChannelAreInForceUntilTheyAreLifted) {
  pause();
  ASSERT_TRUE(pauses->whole("customs"));
  EXPECT_EQ(pauses->whole("customs")->reason, "moving house");
  EXPECT_FALSE(pauses->whole("other"));
  EXPECT_TRUE(pauses->parts("customs").empty());
  EXPECT_EQ(resume(), "");
  EXPECT_FALSE(pauses->whole("customs"));
  EXPECT_EQ(changes, 2);
}

TEST_F(PausesTest, OfACustomerOrAFlowLeaveTheChannelOpen) {
  pause("acme");
  pause("", "douane/*");
  EXPECT_FALSE(pauses->whole("customs"));
  EXPECT_EQ(pauses->parts("customs").size(), 2U);
}

TEST_F(PausesTest, OutliveARestart) {
  pause("acme", "douane/uitvoer", 1h);
  make();
  ASSERT_EQ(pauses->all().size(), 1U);
  const Pause kept = pauses->all()[0];
  EXPECT_EQ(kept.customer, "acme");
  EXPECT_EQ(kept.flow, "douane/uitvoer");
  EXPECT_EQ(kept.by, "operator root");
  EXPECT_EQ(kept.until, rig.clock.wall() + Duration{1h});
}

TEST_F(PausesTest, EndByThemselvesAndSaySo) {
  pause("", "", 2h);
  advance(2h - 1s);
  EXPECT_TRUE(pauses->whole("customs"));
  const int before = changes;
  advance(1s);
  EXPECT_FALSE(pauses->whole("customs"));
  EXPECT_EQ(changes, before + 1) << "the engine must look again";
  make();
  EXPECT_TRUE(pauses->all().empty());
}

TEST_F(PausesTest, ThatEndedWhileTheGatewayWasDownAreForgotten) {
  pause("", "", 1h);
  rig.clock.advance(3h);
  make();
  rig.settle();
  EXPECT_TRUE(pauses->all().empty());
}

TEST_F(PausesTest, PausingAgainChangesTheOneThereIs) {
  pause("", "", 1h);
  pause();
  ASSERT_EQ(pauses->all().size(), 1U);
  EXPECT_FALSE(pauses->all()[0].until);
}

TEST_F(PausesTest, OnlyWhatIsPausedCanBeResumed) {
  pause("acme");
  EXPECT_EQ(resume(), "pause.none");
  EXPECT_EQ(resume("beta"), "pause.none");
  EXPECT_EQ(resume("acme"), "");
}

}  // namespace

}  // namespace sluis::gateway
