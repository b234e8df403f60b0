// The connection ends after every single octet, in both directions: no false success, no half mail, no false certainty.
#include <gmock/gmock.h>

#include "tests/protocols/smtp/joined.h"

namespace sluis::smtp::test {
namespace {

class SmtpCut : public testing::TestWithParam<Conversation> {
 protected:
  // One mail is enough: what is asked is where it stands when the connection goes.
  static Joined one(const Conversation& conversation) {
    Joined joined = join(conversation);
    joined.mails.pop_back();
    return joined;
  }

  static void check(const Joined& joined, std::size_t whole_mail_at) {
    ASSERT_LE(joined.client.results.size(), 1U);
    ASSERT_LE(joined.server.mails.size(), 1U);
    const bool committed = !joined.server.mails.empty();
    EXPECT_TRUE(joined.server.ends.empty() || joined.to_server >= whole_mail_at) << "EndData without CR LF . CR LF";
    if (committed) {
      EXPECT_EQ(joined.server.mails[0].content, joined.client.content);
    }
    const bool begun = !joined.server.mail_from.empty();
    EXPECT_EQ(joined.server.aborts.size(), begun && joined.server.ends.empty() ? 1U : 0U)
        << "a half mail that nobody voided";
    EXPECT_EQ(joined.client.closes, 1);
    EXPECT_EQ(joined.server.closes, 1);
    if (joined.client.results.empty()) {
      EXPECT_FALSE(committed);
      return;
    }
    const TransactionResult& result = joined.client.results[0];
    EXPECT_EQ(int{result.accepted} + int{result.in_doubt} + int{result.safe_to_retry}, 1);
    EXPECT_TRUE(!result.accepted || committed) << "success that is none";
    EXPECT_TRUE(!result.safe_to_retry || !committed) << "a retry that makes an unexplained duplicate";
    EXPECT_TRUE(!result.in_doubt || result.stage == Stage::final_dot);
  }
};

TEST_P(SmtpCut, LeavesNoFalseSuccessWhenCutOnTheWayToTheServer) {
  Joined whole = one(GetParam());
  whole.run();
  ASSERT_EQ(whole.server.mails.size(), 1U);
  for (std::size_t at = 0; at < whole.to_server; ++at) {
    SCOPED_TRACE("cut after " + std::to_string(at) + " octets to the server");
    Joined joined = one(GetParam());
    joined.cut_to_server = at;
    joined.run();
    check(joined, whole.dot_arrived_at);
  }
}

// Counted along the way, for the sessions are the same: doubt lasts from the final dot to the last octet of its reply.
TEST_P(SmtpCut, LeavesDoubtOnlyBetweenTheFinalDotAndItsReplyWhenCutOnTheWayToTheClient) {
  Joined whole = one(GetParam());
  whole.run();
  std::size_t doubts = 0;
  for (std::size_t at = 0; at < whole.to_client; ++at) {
    SCOPED_TRACE("cut after " + std::to_string(at) + " octets to the client");
    Joined joined = one(GetParam());
    joined.cut_to_client = at;
    joined.run();
    check(joined, whole.dot_arrived_at);
    if (!joined.client.results.empty() && joined.client.results[0].in_doubt) ++doubts;
  }
  EXPECT_EQ(doubts, std::string_view{"250 2.0.0 Ok: queued as 01TEST\r\n"}.size());
}

// Late verdicts matter to the mail, not to how the client made itself known: they are tried in clear only.
std::vector<Conversation> conversations() {
  std::vector<Conversation> chosen = all_conversations();
  std::erase_if(chosen,
                [](const Conversation& conversation) { return conversation.late_verdicts && conversation.mechanism; });
  return chosen;
}

INSTANTIATE_TEST_SUITE_P(Conversations, SmtpCut, testing::ValuesIn(conversations()),
                         [](const auto& conversation) { return conversation.param.name; });

}  // namespace
}  // namespace sluis::smtp::test
