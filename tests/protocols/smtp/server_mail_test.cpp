// The mail transaction. Numbers are those of the requirement list, section 3.1.
#include <gmock/gmock.h>

#include "tests/protocols/smtp/server_session.h"

namespace sluis::smtp::test {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

TEST(SmtpServerMail, TakesAMail) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("mail from:<a@example.test>\r\n"), StartsWith("250 2.1.0 "));
  EXPECT_THAT(s.say("rcpt to:<b@example.test>\r\n"), StartsWith("250 2.1.5 "));
  EXPECT_THAT(s.say("data\r\n"), StartsWith("354 "));
  EXPECT_EQ(s.say("Subject: x\r\n\r\n..dot\r\n.\r\n"), "250 2.0.0 Ok: queued as 01TEST\r\n");
  ASSERT_EQ(s.mails.size(), 1U);
  EXPECT_EQ(s.mails[0].content, "Subject: x\r\n\r\n.dot\r\n");
  EXPECT_EQ(s.mails[0].envelope.reverse_path, "a@example.test");
  EXPECT_EQ(s.ends.at(0).size, 20U);
}

TEST(SmtpServerMail, D3_1_1_RefusesBareLineFeedInData) {
  for (const auto content : {"a\n.\nMAIL FROM:<evil@example.test>\r\n"sv, "a\n.\r\n"sv, "a\r\n.\n"sv, "a\r.\r\n"sv,
                             "a\r\n.\r\r\n"sv, "a\r\r\n.\r\n"sv, "a\r\n\0.\r\n"sv, "a\r\n.\rMAIL"sv}) {
    ServerSession s;
    EXPECT_THAT(s.greeted().hello().in_data().say(content), MatchesRegex("550 5\\.5\\.2 [^\r]*\r\n"));
    EXPECT_EQ(s.closes, 1);
    EXPECT_THAT(s.mails, IsEmpty());
    EXPECT_THAT(s.ends, IsEmpty());
    EXPECT_EQ(s.aborts.size(), 1U);
    EXPECT_EQ(s.mail_from.size(), 1U);
  }
}

TEST(SmtpServerMail, D3_1_6_ChecksTheSequence) {
  ServerSession s;
  s.greeted();
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test>\r\n"), StartsWith("503 5.5.1 "));
  s.hello();
  EXPECT_THAT(s.say("RCPT TO:<b@example.test>\r\n"), StartsWith("503 5.5.1 "));
  EXPECT_THAT(s.say("DATA\r\n"), StartsWith("503 5.5.1 "));
  s.say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_THAT(s.say("MAIL FROM:<c@example.test>\r\n"), StartsWith("503 5.5.1 "));
  EXPECT_THAT(s.say("DATA\r\n"), StartsWith("554 5.5.1 "));
}

TEST(SmtpServerMail, D3_1_6_RefusesUnknownParameters) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> SMTPUTF8\r\n"), StartsWith("555 5.5.4 "));
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> BODY=BINARYMIME\r\n"), StartsWith("501 5.5.4 "));
  s.say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_THAT(s.say("RCPT TO:<b@example.test> X=Y\r\n"), StartsWith("555 5.5.4 "));
}

TEST(SmtpServerMail, RefusesParametersOfAHeloSession) {
  ServerSession s;
  s.greeted().say("HELO c.test\r\n");
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> SIZE=1\r\n"), StartsWith("555 5.5.4 "));
}

TEST(SmtpServerMail, D3_1_6_LimitsRecipients) {
  ServerSession s;
  s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  for (int i = 0; i < 100; ++i) EXPECT_THAT(s.say("RCPT TO:<b@example.test>\r\n"), StartsWith("250 "));
  EXPECT_THAT(s.say("RCPT TO:<b@example.test>\r\n"), StartsWith("452 4.5.3 "));
  s.say("DATA\r\n");
  s.say(".\r\n");
  EXPECT_EQ(s.mails.at(0).envelope.recipients.size(), 100U);
}

TEST(SmtpServerMail, D3_1_6_LimitsTheCommandLine) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("NOOP " + std::string(505, 'x') + "\r\n"), StartsWith("250 "));
  EXPECT_THAT(s.say("NOOP " + std::string(506, 'x') + "\r\n"), StartsWith("500 5.5.2 "));
  EXPECT_THAT(
      s.say("MAIL FROM:<a@example.test> ENVID=" + std::string(100, 'x') + " AUTH=" + std::string(490, 'y') + "\r\n"),
      StartsWith("555 "));  // long enough, and read: AUTH= is not offered here
  EXPECT_THAT(s.say(std::string(20000, 'x')), StartsWith("500 5.5.2 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServerMail, D3_1_6_RefusesATextLineAboveTheLimitAndStaysInStep) {
  ServerSession s;
  s.greeted().hello().in_data();
  EXPECT_EQ(s.say(std::string(999, 'x') + "\r\n"), "");
  EXPECT_THAT(s.aborts, ElementsAre("smtp.data.line"));
  EXPECT_THAT(s.say("more\r\n.\r\n"), MatchesRegex("554 5\\.6\\.0 [^\r]*\r\n"));
  EXPECT_EQ(s.closes, 0);
  EXPECT_THAT(s.mails, IsEmpty());
  s.in_data();
  EXPECT_THAT(s.say(std::string(998, 'x') + "\r\n.\r\n"), StartsWith("250 "));
}

TEST(SmtpServerMail, D3_1_6_RefusesBadAddresses) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("MAIL FROM:a@example.test\r\n"), StartsWith("501 5.1.7 "));
  EXPECT_THAT(s.say("MAIL FROM: <a@example.test>\r\n"), StartsWith("501 5.5.2 "));
  EXPECT_THAT(s.say("MAIL FROM:<j\xc3\xb6rg@example.test>\r\n"), StartsWith("553 5.6.7 "));
  s.say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_THAT(s.say("RCPT TO:<nobody>\r\n"), StartsWith("501 5.1.3 "));
}

TEST(SmtpServerMail, TakesASpaceBeforeThePathBySettingAndCountsIt) {
  ServerConfig config = open_server();
  config.features.space_before_path = true;
  ServerSession s(config);
  s.greeted().hello();
  EXPECT_THAT(s.say("MAIL FROM: <a@example.test>\r\n"), StartsWith("250 "));
  EXPECT_EQ(s.server.leniencies(), 1U);
}

TEST(SmtpServerMail, D3_1_7_ChecksTheDeclaredSize) {
  ServerConfig config = open_server();
  config.limits.message_size = 1000;
  ServerSession s(config);
  s.greeted().hello();
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> SIZE=1001\r\n"), StartsWith("552 5.3.4 "));
  EXPECT_THAT(s.mail_from, IsEmpty());
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> SIZE=1000\r\n"), StartsWith("250 "));
}

TEST(SmtpServerMail, D3_1_7_ChecksTheSizeAgainWhileTheMailStreams) {
  ServerConfig config = open_server();
  config.limits.message_size = 1000;
  ServerSession s(config);
  s.greeted().hello().in_data();
  for (int i = 0; i < 11; ++i) s.say(std::string(98, 'x') + "\r\n");
  EXPECT_THAT(s.aborts, ElementsAre("smtp.size"));
  EXPECT_EQ(s.current.content.size(), 1000U);
  EXPECT_THAT(s.say(".\r\n"), StartsWith("552 5.3.4 "));
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test>\r\n"), StartsWith("250 "));
}

TEST(SmtpServerMail, D3_1_7_StopsReadingARefusedMailThatDoesNotEnd) {
  ServerConfig config = open_server();
  config.limits.message_size = 1000;
  config.limits.discarded_bytes = 5000;
  ServerSession s(config);
  s.greeted().hello().in_data();
  std::string replies;
  for (int i = 0; i < 100 && s.closes == 0; ++i) replies += s.say(std::string(98, 'x') + "\r\n");
  EXPECT_THAT(replies, StartsWith("552 5.3.4 "));
  EXPECT_EQ(s.closes, 1);
  EXPECT_EQ(s.aborts.size(), 1U);
}

TEST(SmtpServerMail, D3_1_7_LetsTheOwnerRefuseForWantOfStorage) {
  ServerSession s;
  s.mail_reply = Reply{452, "4.3.1", "storage is short"};
  EXPECT_EQ(s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n"), "452 4.3.1 storage is short\r\n");
  EXPECT_THAT(s.say("RCPT TO:<b@example.test>\r\n"), StartsWith("503 "));
}

TEST(SmtpServerMail, D3_1_7_LetsTheOwnerRefuseInTheMiddleOfTheContent) {
  ServerSession s;
  s.greeted().hello().in_data().say("a\r\n");
  s.server.data_verdict(Reply{452, "4.3.1", "disk full"});
  s.run();
  EXPECT_EQ(s.take(), "");
  EXPECT_THAT(s.aborts, ElementsAre("smtp.owner"));
  EXPECT_EQ(s.say("b\r\n.\r\n"), "452 4.3.1 disk full\r\n");
  EXPECT_EQ(s.current.content, "a\r\n");
}

TEST(SmtpServerMail, D3_1_8_KeepsEightBitOctets) {
  ServerSession s;
  s.greeted().hello().say("MAIL FROM:<a@example.test> BODY=8BITMIME\r\n");
  s.say("RCPT TO:<b@example.test>\r\n");
  s.say("DATA\r\n");
  s.say("caf\xc3\xa9 \xff\r\n.\r\n");
  EXPECT_EQ(s.mails.at(0).content, "caf\xc3\xa9 \xff\r\n");
  EXPECT_TRUE(s.mails.at(0).envelope.eight_bit);
}

TEST(SmtpServerMail, D3_1_9_PutsAnEnhancedCodeOnEveryReplyButGreetingEhloAndIntermediate) {
  ServerSession s;
  s.mail_reply = Reply{250, "", "no code"};
  s.rcpt_reply = Reply{250, "5.1.1", "a code of the wrong class"};
  s.greeted().hello();
  for (const auto command : {"MAIL FROM:<a@example.test>\r\n", "RCPT TO:<b@example.test>\r\n", "NOOP\r\n", "VRFY x\r\n",
                             "HELP\r\n", "BAD\r\n", "EXPN x\r\n", "RCPT\r\n", "RSET\r\n", "QUIT\r\n"})
    EXPECT_THAT(s.say(command), MatchesRegex("([245])[0-9][0-9] [245]\\.[0-9]+\\.[0-9]+ [^\r]+\r\n")) << command;
}

TEST(SmtpServerMail, D3_1_10_HandsDsnToTheOwner) {
  ServerSession s;
  s.greeted().hello().say("MAIL FROM:<a@example.test> RET=FULL ENVID=x+2B1\r\n");
  s.say("RCPT TO:<b@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d.test\r\n");
  s.say("DATA\r\n");
  s.say(".\r\n");
  const Envelope& envelope = s.mails.at(0).envelope;
  EXPECT_EQ(envelope.ret, Ret::full);
  EXPECT_EQ(envelope.envid, "x+1");
  EXPECT_THAT(envelope.recipients,
              ElementsAre(Recipient{"b@example.test", Notify{false, true, true, false}, "rfc822;c@d.test"}));
}

TEST(SmtpServerMail, D3_1_10_RefusesRepeatedAndTooLongDsn) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> RET=FULL RET=HDRS\r\n"), StartsWith("501 5.5.4 "));
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test> ENVID=" + std::string(101, 'x') + "\r\n"), StartsWith("501 5.5.4 "));
  s.say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_THAT(s.say("RCPT TO:<b@example.test> NOTIFY=NEVER,FAILURE\r\n"), StartsWith("501 5.5.4 "));
  EXPECT_THAT(s.say("RCPT TO:<b@example.test> ORCPT=rfc822;" + std::string(500, 'x') + "\r\n"),
              StartsWith("501 5.5.4 "));
}

TEST(SmtpServerMail, D3_1_11_AnswersTheFinalDotOnlyByTheOwnersVerdict) {
  ServerSession s;
  s.hold_data = true;
  s.greeted().hello().in_data();
  EXPECT_EQ(s.say("a\r\n.\r\n"), "");
  s.server.on_timeout();  // while the owner commits there is no timer; one that fires all the same says nothing
  s.run();
  EXPECT_EQ(s.take(), "");
  ServerSession other;
  other.hold_data = true;
  other.greeted().hello().in_data().say("a\r\n.\r\n");
  other.commit();
  other.run();
  EXPECT_EQ(other.take(), "250 2.0.0 Ok: queued as 01TEST\r\n");
}

TEST(SmtpServerMail, D3_1_11_DoesNotAnswerAPipelinedCommandBeforeTheVerdict) {
  ServerSession s;
  s.hold_data = true;
  s.greeted().hello().in_data();
  EXPECT_EQ(s.say("a\r\n.\r\nNOOP\r\n"), "");
  s.commit();
  s.run();
  EXPECT_EQ(s.take(), "250 2.0.0 Ok: queued as 01TEST\r\n250 2.0.0 ok\r\n");
}

TEST(SmtpServerMail, D3_1_11_SaysNoSuccessBeforeTheFinalDot) {
  ServerSession s;
  s.greeted().hello().in_data().say("a\r\n");
  s.server.data_verdict(Reply{250, "2.0.0", "too early"});
  s.run();
  EXPECT_EQ(s.take(), "");
  EXPECT_THAT(s.say(".\r\n"), StartsWith("451 4.3.0 "));
}

TEST(SmtpServerMail, D3_1_11_VoidsAMailWhoseConnectionEndsBeforeTheFinalDot) {
  ServerSession s;
  s.greeted().hello().in_data().say("a\r\n.\r");
  s.server.on_closed("reset by peer");
  s.run();
  EXPECT_THAT(s.aborts, ElementsAre("smtp.closed"));
  EXPECT_THAT(s.ends, IsEmpty());
}

TEST(SmtpServerMail, D3_1_11_LetsTheOwnerKeepAWholeMailWhoseConnectionEnds) {
  ServerSession s;
  s.hold_data = true;
  s.greeted().hello().in_data().say("a\r\n.\r\n");
  s.server.on_closed("reset by peer");
  s.commit();
  s.run();
  EXPECT_THAT(s.aborts, IsEmpty());
  EXPECT_EQ(s.mails.size(), 1U);
  EXPECT_EQ(s.take(), "");
}

TEST(SmtpServerMail, D3_1_11_PassesTheOwnersRefusalOn) {
  ServerSession s;
  s.data_reply = Reply{451, "4.3.0", "the store failed"};
  EXPECT_EQ(s.greeted().hello().in_data().say("a\r\n.\r\n"), "451 4.3.0 the store failed\r\n");
  EXPECT_THAT(s.mails, IsEmpty());
}

TEST(SmtpServerMail, D3_1_12_ArmsNoTimerWhileTheOwnerDecides) {
  ServerSession s;
  s.hold_data = true;
  s.greeted().hello().in_data();
  s.deadlines.clear();
  s.say("a\r\n.\r\n");
  EXPECT_THAT(s.deadlines, ElementsAre(Duration::zero()));
}

TEST(SmtpServerMail, D3_1_13_TakesPostmasterWithoutADomain) {
  ServerSession s;
  s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_THAT(s.say("RCPT TO:<Postmaster>\r\n"), StartsWith("250 "));
  EXPECT_EQ(s.rcpt_to.at(0).address, "Postmaster");
}

TEST(SmtpServerMail, D3_1_14_RefusesAMailThatRunsInALoop) {
  ServerConfig config = open_server();
  config.limits.received_hops = 3;
  ServerSession s(config);
  s.greeted().hello().in_data();
  std::string header;
  for (int i = 0; i < 4; ++i) header += "Received: by mx\r\n";
  EXPECT_THAT(s.say(header + "\r\nbody\r\n.\r\n"), StartsWith("554 5.4.6 "));
  EXPECT_THAT(s.aborts, ElementsAre("smtp.hops"));
  s.in_data();
  EXPECT_THAT(s.say("Received: by mx\r\n\r\nbody\r\n.\r\n"), StartsWith("250 "));
  EXPECT_EQ(s.ends.at(0).received_hops, 1U);
}

TEST(SmtpServerMail, D3_1_16_LetsTheOwnerRefuseASenderThatIsNotTheAccounts) {
  ServerSession s;
  s.mail_reply = Reply{553, "5.7.1", "not your address"};
  EXPECT_EQ(s.greeted().hello().say("MAIL FROM:<x@example.test>\r\n"), "553 5.7.1 not your address\r\n");
}

TEST(SmtpServerMail, D3_1_16_LetsTheOwnerRefuseARecipientOutsideTheTable) {
  ServerSession s;
  s.rcpt_replies = {Reply{550, "5.7.1", "no relay"}, Reply{250, "2.1.5", "ok"}};
  s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_EQ(s.say("RCPT TO:<x@elsewhere.test>\r\n"), "550 5.7.1 no relay\r\n");
  s.say("RCPT TO:<b@example.test>\r\n");
  s.say("DATA\r\n");
  s.say(".\r\n");
  EXPECT_EQ(s.mails.at(0).envelope.recipients.size(), 1U);
}

TEST(SmtpServerMail, D3_1_17_AcceptsTheNullPath) {
  ServerSession s;
  EXPECT_THAT(s.greeted().hello().say("MAIL FROM:<>\r\n"), StartsWith("250 "));
  EXPECT_THAT(s.mail_from, ElementsAre(""));
}

TEST(SmtpServerMail, ResetsTheTransactionAtRsetAndAtANewEhlo) {
  for (const auto command : {"RSET\r\n", "EHLO again.test\r\n", "QUIT\r\n"}) {
    ServerSession s;
    s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
    s.say(command);
    EXPECT_EQ(s.aborts.size(), 1U) << command;
  }
}

TEST(SmtpServerMail, AnswersAPipelinedGroupInOrder) {
  ServerSession s;
  s.rcpt_replies = {Reply{250, "2.1.5", "one"}, Reply{550, "5.1.1", "two"}, Reply{250, "2.1.5", "three"}};
  s.greeted().hello();
  EXPECT_EQ(s.say("MAIL FROM:<a@example.test>\r\nRCPT TO:<1@example.test>\r\nRCPT TO:<2@example.test>\r\nRCPT "
                  "TO:<3@example.test>\r\nDATA\r\n"),
            "250 2.1.0 sender ok\r\n250 2.1.5 one\r\n550 5.1.1 two\r\n250 2.1.5 three\r\n354 end with a lone dot\r\n");
}

TEST(SmtpServerMail, KeepsAPipelinedGroupInOrderWhenVerdictsComeLate) {
  ServerSession s;
  s.hold_mail = true;
  s.hold_rcpt = true;
  s.greeted().hello();
  EXPECT_EQ(s.say("MAIL FROM:<a@example.test>\r\nRCPT TO:<1@example.test>\r\nNOOP\r\n"), "");
  s.server.mail_verdict(Reply{250, "2.1.0", "m"});
  s.run();
  EXPECT_EQ(s.take(), "250 2.1.0 m\r\n");
  s.server.rcpt_verdict(Reply{250, "2.1.5", "r"});
  s.run();
  EXPECT_EQ(s.take(), "250 2.1.5 r\r\n250 2.0.0 ok\r\n");
}

TEST(SmtpServerMail, TurnsAVerdictThatIsNoneIntoALocalError) {
  ServerSession s;
  s.data_reply = Reply{354, "", "?"};
  EXPECT_THAT(s.greeted().hello().in_data().say(".\r\n"), StartsWith("451 4.3.0 "));
}

TEST(SmtpServerMail, ClosesWhenTheOwnerSays421) {
  ServerSession s;
  s.rcpt_reply = Reply{421, "4.3.2", "going down"};
  s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_EQ(s.say("RCPT TO:<b@example.test>\r\n"), "421 4.3.2 going down\r\n");
  EXPECT_EQ(s.closes, 1);
  EXPECT_EQ(s.aborts.size(), 1U);
}

TEST(SmtpServerMail, LimitsTheMailsOfOneSession) {
  ServerConfig config = open_server();
  config.limits.transactions = 1;
  ServerSession s(config);
  s.greeted().hello().in_data().say(".\r\n");
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test>\r\n"), StartsWith("421 4.7.0 "));
  EXPECT_EQ(s.mails.size(), 1U);
}

}  // namespace
}  // namespace sluis::smtp::test
