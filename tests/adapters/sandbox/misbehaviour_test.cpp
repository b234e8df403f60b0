#include "adapters/sandbox/misbehaviour.h"

#include <gtest/gtest.h>

#include "adapters/sandbox/msa_server.h"
#include "adapters/sandbox/pop_server.h"

namespace sluis::sandbox {
namespace {

class MisbehaviourTest : public ::testing::Test {
 protected:
  MisbehaviourTest() {
    misbehaviour.know(msa_points());
    misbehaviour.know(pop_points());
  }
  static constexpr std::uint64_t seed = 7;
  Misbehaviour misbehaviour{seed};
};

TEST_F(MisbehaviourTest, DoesNothingWithoutARule) {
  EXPECT_EQ(misbehaviour.at("msa:rcpt"), std::nullopt);
}

TEST_F(MisbehaviourTest, HoldsUntilToldToBehave) {
  ASSERT_TRUE(misbehaviour.add("msa:rcpt:550"));
  EXPECT_EQ(misbehaviour.at("msa:rcpt"), "550");
  EXPECT_EQ(misbehaviour.at("msa:rcpt"), "550");
  misbehaviour.behave();
  EXPECT_EQ(misbehaviour.at("msa:rcpt"), std::nullopt);
}

TEST_F(MisbehaviourTest, CountRunsOutAndTheNextRuleFollows) {
  ASSERT_TRUE(misbehaviour.add("msa:dot:451*2"));
  ASSERT_TRUE(misbehaviour.add("msa:dot:lost250*1"));
  EXPECT_EQ(misbehaviour.at("msa:dot"), "451");
  EXPECT_EQ(misbehaviour.at("msa:dot"), "451");
  EXPECT_EQ(misbehaviour.at("msa:dot"), "lost250");
  EXPECT_EQ(misbehaviour.at("msa:dot"), std::nullopt);
}

TEST_F(MisbehaviourTest, NumberIsGivenAsOne) {
  ASSERT_TRUE(misbehaviour.add("pop3:close-at-byte:321"));
  EXPECT_EQ(misbehaviour.number_at("pop3:close-at-byte"), 321U);
}

TEST_F(MisbehaviourTest, SameSeedDrawsTheSame) {
  Misbehaviour other(seed);
  other.know(pop_points());
  ASSERT_TRUE(other.add("pop3:quit:err@0.5"));
  ASSERT_TRUE(misbehaviour.add("pop3:quit:err@0.5"));
  int hits = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = misbehaviour.at("pop3:quit");
    EXPECT_EQ(drawn, other.at("pop3:quit")) << "seed " << seed;
    hits += drawn.has_value() ? 1 : 0;
  }
  EXPECT_GT(hits, 400) << "seed " << seed;
  EXPECT_LT(hits, 600) << "seed " << seed;
}

TEST_F(MisbehaviourTest, RefusesWhatItDoesNotKnow) {
  for (const char* spec : {"", "msa", "msa:nowhere:550", "msa:rcpt", "msa:rcpt:250", "msa:rcpt:55", "msa:rcpt:lost250",
                           "msa:slow:0", "msa:slow:x", "msa:rcpt:550*0", "msa:rcpt:550@0", "msa:rcpt:550@2",
                           "msa:no-starttls:1", "msa:no-starttlsx", "pop3:quit:451"})
    EXPECT_FALSE(misbehaviour.add(spec)) << spec;
}

}  // namespace
}  // namespace sluis::sandbox
