// Both halves against each other: whole mails, in every mode, however the octets are cut.
#include <gmock/gmock.h>

#include <random>

#include "tests/protocols/smtp/joined.h"

namespace sluis::smtp::test {
namespace {

using testing::IsEmpty;

class SmtpGolden : public testing::TestWithParam<Conversation> {};

TEST_P(SmtpGolden, CompletesEveryMail) {
  Joined joined = join(GetParam());
  joined.run();
  ASSERT_EQ(joined.client.results.size(), 2U);
  ASSERT_EQ(joined.server.mails.size(), 2U);
  EXPECT_THAT(joined.client.failures, IsEmpty());
  EXPECT_THAT(joined.server.aborts, IsEmpty());
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(joined.client.results[i].accepted);
    EXPECT_EQ(joined.client.results[i].peer_text, "Ok: queued as 01TEST");
    EXPECT_EQ(joined.server.mails[i].content, joined.client.content);
    EXPECT_EQ(joined.server.mails[i].identity, GetParam().mechanism ? "klant-1" : "");
  }
  EXPECT_EQ(joined.server.mails[0].envelope.recipients.size(), 2U);
  EXPECT_EQ(joined.server.mails[0].envelope.envid, "01HZX");
  EXPECT_EQ(joined.server.mails[0].envelope.declared_size, joined.client.content.size());
  EXPECT_EQ(joined.server.mails[1].envelope.reverse_path, "");
  EXPECT_EQ(joined.client.closes, 1);
  EXPECT_EQ(joined.server.closes, 1);
}

TEST_P(SmtpGolden, GoesTheSameWayOneOctetAtATime) {
  Joined whole = join(GetParam());
  whole.run();
  Joined octets = join(GetParam());
  octets.piece = [] { return std::size_t{1}; };
  octets.run();
  EXPECT_EQ(octets.client.trace.steps, whole.client.trace.steps);
  EXPECT_EQ(octets.server.trace.steps, whole.server.trace.steps);
}

TEST_P(SmtpGolden, GoesTheSameWayInPiecesOfAnySize) {
  Joined whole = join(GetParam());
  whole.run();
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Joined pieces = join(GetParam());
    pieces.piece = [&random] { return std::size_t{random() % 40 + 1}; };
    pieces.run();
    EXPECT_EQ(pieces.client.trace.steps, whole.client.trace.steps);
    EXPECT_EQ(pieces.server.trace.steps, whole.server.trace.steps);
  }
}

TEST_P(SmtpGolden, KeepsPasswordsOutOfWhatMayBeLogged) {
  Joined joined = join(GetParam());
  joined.run();
  EXPECT_EQ(joined.client.secret_text.empty(), !GetParam().mechanism.has_value());
  EXPECT_EQ(joined.client.open_text.find("AUTH"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Conversations, SmtpGolden, testing::ValuesIn(all_conversations()),
                         [](const auto& conversation) { return conversation.param.name; });

TEST(SmtpGoldenRefusal, FailsTheSessionOnAWrongPassword) {
  for (const auto mechanism : {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5}) {
    Joined joined = join({"", TlsMode::starttls_required, mechanism, true, false});
    joined.server.password = Secret{"een ander"};
    joined.run();
    EXPECT_EQ(joined.client.failures.at(0).scope, Scope::account);
    EXPECT_EQ(joined.client.failures.at(0).reply->code, 535);
    EXPECT_THAT(joined.server.mail_from, IsEmpty());
  }
}

TEST(SmtpGoldenRefusal, GoesOnWithTheNextMailAfterOneIsRefused) {
  for (const bool pipelining : {false, true}) {
    Joined joined = join({"", TlsMode::none, {}, pipelining, false});
    joined.server.rcpt_replies = {Reply{550, "5.1.1", "no"}, Reply{450, "4.2.1", "later"}};
    joined.run();
    ASSERT_EQ(joined.client.results.size(), 2U);
    EXPECT_FALSE(joined.client.results[0].accepted);
    EXPECT_TRUE(joined.client.results[1].accepted);
    EXPECT_EQ(joined.server.mails.size(), 1U);
  }
}

}  // namespace
}  // namespace sluis::smtp::test
