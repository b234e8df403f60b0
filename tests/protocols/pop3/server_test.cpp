#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/protocols/pop3/scripted_server.h"

namespace sluis::pop3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Requirements §1.3 and §3.3: CAPA in both states; IMPLEMENTATION after login only.
TEST(Pop3Server, TellsItsCapabilitiesInBothStates) {
  ServerConfig config = ScriptedServer::clear();
  config.expire_days = 30;
  config.login_delay = std::chrono::seconds{60};
  ScriptedServer session(config);
  const std::string before = session.hears("CAPA\r\n");
  for (const auto* line : {"TOP", "UIDL", "USER", "SASL PLAIN", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
                           "EXPIRE 30", "LOGIN-DELAY 60"})
    EXPECT_THAT(before, HasSubstr("\r\n" + std::string(line) + "\r\n"));
  EXPECT_THAT(before, Not(HasSubstr("IMPLEMENTATION")));
  session.log_in();
  const std::string after = session.hears("CAPA\r\n");
  EXPECT_THAT(after, HasSubstr("\r\nUIDL\r\n"));
  EXPECT_THAT(after, HasSubstr("\r\nIMPLEMENTATION Sluis\r\n"));
}

TEST(Pop3Server, KeepsMailForEverUnlessToldOtherwise) {
  ScriptedServer session;
  EXPECT_THAT(session.hears("CAPA\r\n"), HasSubstr("\r\nEXPIRE NEVER\r\n"));
}

// Requirements §3.3: LIST and STAT sizes are exactly the CRLF octets as sent, un-stuffed.
TEST(Pop3Server, ListsExactSizesAndUidls) {
  ScriptedServer session;
  session.log_in();
  EXPECT_EQ(session.hears("STAT\r\n"), "+OK 3 39\r\n");
  EXPECT_EQ(session.hears("LIST\r\n"), "+OK\r\n1 14\r\n2 17\r\n3 8\r\n.\r\n");
}

TEST(Pop3Server, ListsOneMessage) {
  ScriptedServer session;
  session.log_in();
  EXPECT_EQ(session.hears("LIST 3\r\n"), "+OK 3 8\r\n");
  EXPECT_EQ(session.hears("UIDL 3\r\n"), "+OK 3 uid-2\r\n");
  EXPECT_EQ(session.hears("UIDL\r\n"), "+OK\r\n1 uid-0\r\n2 uid-1\r\n3 uid-2\r\n.\r\n");
}

// Requirements §3.3: byte-stuffing on RETR and TOP.
TEST(Pop3Server, StuffsWhatItSends) {
  ScriptedServer session;
  session.log_in();
  EXPECT_EQ(session.hears("RETR 1\r\n"), "+OK 14 octets\r\nA: 1\r\n\r\n..one\r\n.\r\n");
  EXPECT_EQ(session.hears("TOP 1 1\r\n"), "+OK\r\nA: 1\r\n\r\n..one\r\n.\r\n");
}

TEST(Pop3Server, ShowsTheTopOfAMail) {
  ScriptedServer session;
  session.log_in();
  EXPECT_EQ(session.hears("TOP 2 0\r\n"), "+OK\r\nA: 2\r\n\r\n.\r\n");
  EXPECT_EQ(session.hears("TOP 2 2\r\n"), "+OK\r\nA: 2\r\n\r\n1\r\n2\r\n.\r\n");
  EXPECT_EQ(session.all<FetchMail>().back().top_lines, 2U);
}

TEST(Pop3Server, TellsTheOwnerWhenTopHasEnough) {
  ScriptedServer session;
  session.log_in();
  session.answers = false;
  session.hears("TOP 2 1\r\n");
  EXPECT_TRUE(session.server.mail_data("A: 2\r\n\r\n", false));
  EXPECT_FALSE(session.server.mail_data("1\r\n2\r\n", false));
  EXPECT_EQ(session.collect(), "+OK\r\nA: 2\r\n\r\n1\r\n.\r\n");
  EXPECT_TRUE(ok(session.hears("NOOP\r\n")));
}

// Requirements §3.3: message numbers are fixed for the session; DELE only marks.
TEST(Pop3Server, KeepsNumbersWhenMessagesAreMarked) {
  ScriptedServer session;
  session.log_in();
  EXPECT_TRUE(ok(session.hears("DELE 1\r\n")));
  EXPECT_EQ(session.hears("LIST\r\n"), "+OK\r\n2 17\r\n3 8\r\n.\r\n");
  EXPECT_EQ(session.hears("STAT\r\n"), "+OK 2 25\r\n");
  for (const auto* command : {"RETR 1\r\n", "DELE 1\r\n", "LIST 1\r\n", "UIDL 1\r\n", "TOP 1 0\r\n"})
    EXPECT_TRUE(err(session.hears(command))) << command;
  EXPECT_TRUE(ok(session.hears("RSET\r\n")));
  EXPECT_EQ(session.hears("STAT\r\n"), "+OK 3 39\r\n");
  EXPECT_THAT(session.all<Commit>(), IsEmpty());
}

TEST(Pop3Server, RefusesNumbersThatNameNoMessage) {
  for (const auto* number : {"0", "4", "-1", "99999999999999999999", "1x", "18446744073709551617", ""}) {
    ScriptedServer session;
    session.log_in();
    EXPECT_TRUE(err(session.hears("RETR " + std::string(number) + "\r\n"))) << number;
    EXPECT_TRUE(err(session.hears("DELE " + std::string(number) + "\r\n"))) << number;
  }
}

// Requirements §3.3: UPDATE only on QUIT, and +OK only after the commit.
TEST(Pop3Server, AnswersQuitWhenTheDeletionsAreCommitted) {
  ScriptedServer session;
  session.log_in();
  session.hears("DELE 1\r\nDELE 3\r\n");
  session.answers = false;
  EXPECT_EQ(session.hears("QUIT\r\n"), "");
  ASSERT_EQ(session.all<Commit>().size(), 1U);
  EXPECT_THAT(session.all<Commit>().front().deleted, ElementsAre(0U, 2U));
  session.server.commit_result(true);
  EXPECT_TRUE(ok(session.collect()));
  EXPECT_THAT(session.all<Released>(), IsEmpty());
  EXPECT_EQ(session.all<Close>().size(), 1U);
}

// Requirements §3.3: failure at QUIT is -ERR [SYS/TEMP] and no deletion.
TEST(Pop3Server, AnswersQuitWithSysTempWhenTheCommitFails) {
  ScriptedServer session;
  session.log_in();
  session.answers = false;
  session.hears("DELE 1\r\nQUIT\r\n");
  session.server.commit_result(false);
  EXPECT_THAT(session.collect(), StartsWith("-ERR [SYS/TEMP] "));
  EXPECT_EQ(session.all<Released>().size(), 1U);
}

// Requirements §3.3: a dropped connection or a timeout deletes nothing.
TEST(Pop3Server, DeletesNothingWhenTheConnectionEndsWithoutQuit) {
  for (const int how : {0, 1, 2}) {
    ScriptedServer session;
    session.log_in();
    session.hears("DELE 1\r\nQUI");
    if (how == 0) session.server.on_closed("reset");
    if (how == 1) session.server.on_timeout();
    if (how == 2) session.server.shutdown();
    session.collect();
    EXPECT_THAT(session.all<Commit>(), IsEmpty()) << how;
    EXPECT_EQ(session.all<Released>().size(), 1U) << how;
    EXPECT_EQ(session.hears("T\r\n"), "") << how;
    EXPECT_THAT(session.all<Commit>(), IsEmpty()) << how;
  }
}

TEST(Pop3Server, LetsACommitFinishWhenTheClientGoes) {
  for (const bool committed : {true, false}) {
    ScriptedServer session;
    session.log_in();
    session.answers = false;
    session.hears("DELE 1\r\nQUIT\r\n");
    session.server.on_closed("reset");
    session.collect();
    EXPECT_THAT(session.all<Released>(), IsEmpty());
    session.server.commit_result(committed);
    EXPECT_EQ(session.collect(), "");
    EXPECT_EQ(session.all<Released>().size(), committed ? 0U : 1U);
  }
}

// Requirements §3.3: autologout not before ten minutes.
TEST(Pop3Server, WaitsAtLeastTenMinutesForAnIdleClient) {
  ServerConfig config = ScriptedServer::clear();
  config.idle = 1min;
  ScriptedServer session(config);
  session.log_in();
  session.hears("NOOP\r\n");
  EXPECT_EQ(session.all<SetDeadline>().back().after, Duration{10min});
}

TEST(Pop3Server, GivesADrippingClientNoNewDeadlineForEachOctet) {
  ScriptedServer session;
  session.log_in();
  const auto before = session.all<SetDeadline>().size();
  for (const char c : std::string("NOOP")) session.hears(std::string(1, c));
  EXPECT_EQ(session.all<SetDeadline>().size(), before);
}

// Requirements §3.3: command at most 255 octets, response at most 512 (RFC 2449).
TEST(Pop3Server, EndsASessionWithACommandAbove255Octets) {
  ScriptedServer fits;
  EXPECT_TRUE(ok(fits.hears("USER " + std::string(248, 'u') + "\r\n")));
  ScriptedServer longer;
  EXPECT_TRUE(err(longer.hears("USER " + std::string(249, 'u') + "\r\n")));
  EXPECT_EQ(longer.all<Close>().size(), 1U);
}

TEST(Pop3Server, AnswersInAtMost512Octets) {
  ServerConfig config = ScriptedServer::clear();
  config.implementation = std::string(600, 'i') + "\r\n";
  ScriptedServer session(config);
  session.mails = std::vector<std::string>(2, "a\r\n");
  session.log_in();
  for (const auto* command : {"CAPA\r\n", "LIST\r\n", "UIDL\r\n", "RETR 1\r\n", "LIST 9\r\n", "XYZ\r\n"}) {
    const std::string answer = session.hears(command);
    for (std::size_t at = 0; at < answer.size();) {
      const auto end = answer.find("\r\n", at) + 2;
      EXPECT_LE(end - at, 512U) << command;
      at = end;
    }
  }
}

TEST(Pop3Server, RefusesLinesThatDoNotEndInCrLf) {
  for (const auto& line : {std::string("NOOP\n"), std::string("NOOP\rX"), std::string("NO\0OP\r\n", 7)}) {
    ScriptedServer session;
    EXPECT_TRUE(err(session.hears(line)));
    EXPECT_EQ(session.all<Close>().size(), 1U);
  }
}

TEST(Pop3Server, EndsASessionOfNonsense) {
  ScriptedServer session;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(err(session.hears("GET / HTTP/1.1\r\n")));
  EXPECT_EQ(session.all<Close>().size(), 1U);
}

TEST(Pop3Server, KnowsNoMailCommandBeforeLogin) {
  for (const auto* command : {"STAT", "LIST", "UIDL", "RETR 1", "DELE 1", "TOP 1 1", "RSET"}) {
    ScriptedServer session;
    EXPECT_TRUE(err(session.hears(command + std::string("\r\n")))) << command;
    EXPECT_THAT(session.all<FetchMail>(), IsEmpty());
  }
}

TEST(Pop3Server, AnswersPipelinedCommandsInOrder) {
  ScriptedServer session;
  session.log_in();
  EXPECT_EQ(session.hears("RETR 3\r\nLIST 1\r\nNOOP\r\n"), "+OK 8 octets\r\nA: 3\r\n\r\n.\r\n+OK 1 14\r\n+OK\r\n");
}

TEST(Pop3Server, BoundsWhatWaitsBehindARunningCommand) {
  ScriptedServer session;
  session.log_in();
  session.answers = false;
  session.hears("RETR 1\r\n");
  EXPECT_FALSE(session.server.wants_input());
  for (int i = 0; i < 70; ++i) session.hears(std::string(1'024, 'x'));
  EXPECT_EQ(session.all<Close>().size(), 1U);
  EXPECT_EQ(session.all<Released>().size(), 1U);
}

// A short read that looked like a whole mail would be deleted by the client that has half of it.
TEST(Pop3Server, SendsNoFinalDotForAMailThatIsNotWhole) {
  for (const int how : {0, 1, 2, 3}) {
    ScriptedServer session;
    session.log_in();
    session.answers = false;
    session.hears("RETR 2\r\n");
    session.server.mail_data("A: 2\r\n", false);
    if (how == 0) session.server.mail_failed();
    if (how == 1) session.server.mail_data("", true);
    if (how == 2) session.server.mail_data(std::string(100, 'x'), false);
    if (how == 3) session.server.mail_data("bare\n", false);
    EXPECT_THAT(session.collect(), Not(HasSubstr("\r\n.\r\n"))) << how;
    EXPECT_EQ(session.all<Close>().size(), 1U) << how;
    EXPECT_EQ(session.all<Released>().size(), 1U) << how;
  }
}

TEST(Pop3Server, GoesOnWhenAMailCannotBeReadAtAll) {
  ScriptedServer session;
  session.log_in();
  session.answers = false;
  session.hears("RETR 2\r\n");
  session.server.mail_failed();
  EXPECT_THAT(session.collect(), StartsWith("-ERR [SYS/TEMP] "));
  EXPECT_TRUE(ok(session.hears("NOOP\r\n")));
}

}  // namespace
}  // namespace sluis::pop3
