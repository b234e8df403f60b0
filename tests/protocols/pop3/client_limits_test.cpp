#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/protocols/pop3/scripted_client.h"

namespace sluis::pop3 {
namespace {

// Requirements §3.4: the same buffer and limit rules as the SMTP client.
TEST(Pop3ClientLimits, EndAStatusLineThatDoesNotEnd) {
  ScriptedClient session;
  session.hears("+OK " + std::string(2'000, 'x'));
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.line.length");
}

TEST(Pop3ClientLimits, EndACapabilityListThatDoesNotEnd) {
  ScriptedClient session;
  session.hears("+OK\r\n");
  std::string list = "+OK\r\n";
  for (int i = 0; i < 300; ++i) list += "X\r\n";
  session.hears(list);
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.limit.capabilities");
}

TEST(Pop3ClientLimits, CutAListingAndSaySo) {
  ClientConfig config = ScriptedClient::clear();
  config.limits.list_entries = 2;
  ScriptedClient session(config);
  session.log_in("1 a\r\n2 b\r\n3 c\r\n", "1 1\r\n2 2\r\n3 3\r\n");
  EXPECT_EQ(session.one<Listing>().entries.size(), 2U);
  EXPECT_TRUE(session.one<Listing>().truncated);
}

TEST(Pop3ClientLimits, DropAMailThatIsTooLongAndGoOn) {
  ClientConfig config = ScriptedClient::clear();
  config.limits.mail_octets = 10;
  ScriptedClient session(config);
  session.log_in();
  session.retrieve(1);
  session.hears("+OK\r\n12345678\r\n");
  EXPECT_EQ(session.mail(), "12345678\r\n");
  session.hears("x\r\n.\r\n");
  EXPECT_EQ(session.one<MailAborted>().error.code, "pop3.limit.mail");
  EXPECT_EQ(session.mail(), "12345678\r\n");
  session.retrieve(2);
}

TEST(Pop3ClientLimits, EndASessionThatDoesNotEnd) {
  ClientConfig config = ScriptedClient::clear();
  config.limits.session_octets = 1'000;
  ScriptedClient session(config);
  session.log_in();
  session.retrieve(1);
  session.hears("+OK\r\n" + std::string(2'000, 'x'));
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.limit.session");
  EXPECT_EQ(session.one<MailAborted>().number, 1);
}

// Requirements §3.4: numbers parsed with overflow checks.
TEST(Pop3ClientLimits, RefuseNumbersThatAreNone) {
  for (const auto* line : {"99999999999999999999 a", "2147483648 a", "0 a", "-1 a", "x a", " a"}) {
    ScriptedClient session;
    session.hears("+OK\r\n");
    session.hears("-ERR\r\n");
    session.hears("+OK\r\n");
    session.hears("+OK\r\n");
    session.hears("+OK\r\n" + std::string(line) + "\r\n");
    EXPECT_EQ(session.one<Failed>().error.code, "pop3.listing.number") << line;
  }
}

TEST(Pop3ClientLimits, RefuseSizesThatAreNone) {
  for (const auto* line : {"1 99999999999999999999", "1 -5", "1", "1  5"}) {
    ScriptedClient session;
    session.log_in("1 a\r\n", std::string(line) + "\r\n");
    EXPECT_EQ(session.one<Failed>().error.code, "pop3.listing.size") << line;
  }
}

TEST(Pop3ClientLimits, RefuseAListingThatNamesAMessageTwice) {
  ScriptedClient uidl;
  uidl.hears("+OK\r\n");
  uidl.hears("-ERR\r\n");
  uidl.hears("+OK\r\n");
  uidl.hears("+OK\r\n");
  uidl.hears("+OK\r\n1 a\r\n1 b\r\n");
  EXPECT_EQ(uidl.one<Failed>().error.code, "pop3.listing.twice");

  ScriptedClient list;
  list.log_in("1 a\r\n", "1 5\r\n1 6\r\n");
  EXPECT_EQ(list.one<Failed>().error.code, "pop3.listing.twice");
}

TEST(Pop3ClientLimits, GiveADrippingServerNoNewDeadlineForEachOctet) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(1);
  session.hears("+OK\r\n");
  const auto before = session.all<SetDeadline>().size();
  for (int i = 0; i < 1'000; ++i) session.hears("x");
  EXPECT_EQ(session.all<SetDeadline>().size(), before);
  session.hears(std::string(64 * 1024, 'x'));
  EXPECT_EQ(session.all<SetDeadline>().size(), before + 1);
}

}  // namespace
}  // namespace sluis::pop3
