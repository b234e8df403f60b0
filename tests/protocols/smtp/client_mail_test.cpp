// Mail transactions. Numbers are those of the requirement list, section 3.2.
#include <gmock/gmock.h>

#include "tests/protocols/smtp/client_session.h"

namespace sluis::smtp::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(SmtpClientMail, SendsAMailStepByStep) {
  ClientSession s;
  s.ready();
  EXPECT_EQ(s.readies, 1);
  EXPECT_EQ(s.submit(one_mail()), "MAIL FROM:<a@example.test>\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n"), "RCPT TO:<b@example.test>\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n"), "DATA\r\n");
  EXPECT_EQ(s.hear("354 go\r\n"), "Subject: x\r\n\r\n..dot\r\n.\r\n");
  s.hear("250 2.0.0 Ok: queued as 4711\r\n");
  ASSERT_EQ(s.results.size(), 1U);
  EXPECT_TRUE(s.results[0].accepted);
  EXPECT_FALSE(s.results[0].in_doubt);
  EXPECT_FALSE(s.results[0].failure);
  EXPECT_EQ(s.readies, 2);
}

TEST(SmtpClientMail, PutsMailAndAllRecipientsInOneFlightWherePipeliningIsOffered) {
  ClientSession s;
  s.ready({"PIPELINING"});
  Transaction mail = one_mail();
  mail.recipients = {"b@example.test", "c@example.test"};
  EXPECT_EQ(s.submit(mail), "MAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nRCPT TO:<c@example.test>\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n250 ok\r\n"), "");
  EXPECT_EQ(s.hear("250 ok\r\n"), "DATA\r\n");
}

TEST(SmtpClientMail, UsesOnlyParametersThatAreOffered) {
  Transaction mail = one_mail();
  mail.size = 99;
  mail.dsn.envid = "id 1";
  ClientSession plain;
  EXPECT_EQ(plain.ready().submit(mail), "MAIL FROM:<a@example.test>\r\n");
  mail.eight_bit = true;
  ClientSession rich;
  EXPECT_EQ(rich.ready({"SIZE", "8BITMIME", "DSN"}).submit(mail),
            "MAIL FROM:<a@example.test> SIZE=99 BODY=8BITMIME RET=HDRS ENVID=id+201\r\n");
  EXPECT_EQ(rich.hear("250 ok\r\n"), "RCPT TO:<b@example.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b@example.test\r\n");
}

TEST(SmtpClientMail, SendsTheNullPath) {
  ClientSession s;
  Transaction mail = one_mail();
  mail.reverse_path = "";
  EXPECT_EQ(s.ready().submit(mail), "MAIL FROM:<>\r\n");
}

TEST(SmtpClientMail, RefusesAMailThatIsLargerThanTheServerTakes) {
  ClientSession s;
  Transaction mail = one_mail();
  mail.size = 1001;
  EXPECT_EQ(s.ready({"SIZE 1000"}).submit(mail), "");
  EXPECT_EQ(s.results.at(0).failure->error.code, "smtp.size");
  EXPECT_TRUE(s.results.at(0).failure->permanent);
  EXPECT_EQ(s.readies, 2);
}

TEST(SmtpClientMail, RefusesEightBitContentWhereItIsNotOffered) {
  ClientSession s;
  Transaction mail = one_mail();
  mail.eight_bit = true;
  EXPECT_EQ(s.ready().submit(mail), "");
  EXPECT_EQ(s.results.at(0).failure->error.code, "smtp.8bitmime");
}

TEST(SmtpClientMail, TakesNoSecondMailBeforeItIsReady) {
  ClientSession s;
  EXPECT_EQ(s.submit(one_mail()), "");
  EXPECT_EQ(s.submitted.error().code, "smtp.busy");
  s.ready().submit(one_mail());
  s.submit(one_mail());
  EXPECT_EQ(s.submitted.error().code, "smtp.busy");
  EXPECT_THAT(s.results, IsEmpty());
}

TEST(SmtpClientMail, D3_2_1_NeverPutsALineEndFromAnAddressOnTheWire) {
  ClientSession s;
  Transaction mail = one_mail();
  mail.recipients = {"b@example.test>\r\nDATA\r\nSubject: evil", "c@example.test"};
  s.ready({"PIPELINING"});
  EXPECT_EQ(s.submit(mail), "MAIL FROM:<a@example.test>\r\nRCPT TO:<c@example.test>\r\n");
  s.hear("250 ok\r\n250 ok\r\n");
  s.hear("354 go\r\n");
  s.hear("250 ok\r\n");
  EXPECT_TRUE(s.results.at(0).accepted);
  EXPECT_FALSE(s.results.at(0).recipients.at(0).accepted);
  EXPECT_EQ(s.results.at(0).recipients.at(0).reply.enhanced, "5.1.3");
  EXPECT_TRUE(s.results.at(0).recipients.at(1).accepted);
}

TEST(SmtpClientMail, D3_2_1_RefusesAReversePathWithALineEndOrOutsideAscii) {
  for (const auto path : {"a@b\r\nRSET", "\xc3\xa9@example.test"}) {
    ClientSession s;
    Transaction mail = one_mail();
    mail.reverse_path = path;
    EXPECT_EQ(s.ready().submit(mail), "");
    EXPECT_TRUE(s.results.at(0).failure->permanent);
    EXPECT_EQ(s.results.at(0).failure->scope, Scope::message);
  }
}

TEST(SmtpClientMail, D3_2_1_EncodesWhatDsnParametersHold) {
  ClientSession s;
  Transaction mail = one_mail();
  mail.dsn.envid = "x\r\nRSET";
  mail.dsn.orcpt = "rfc822;a\r\nb@c";
  EXPECT_EQ(s.ready({"DSN"}).submit(mail), "MAIL FROM:<a@example.test> RET=HDRS ENVID=x+0D+0ARSET\r\n");
  EXPECT_EQ(s.hear("250 ok\r\n"), "RCPT TO:<b@example.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+0D+0Ab@c\r\n");
}

TEST(SmtpClientMail, D3_2_2_DropsTheConnectionWithoutADotWhenTheContentHasABareLineFeed) {
  ClientSession s;
  s.content = "a\r\nb\n.\r\nMAIL FROM:<evil@example.test>\r\n";
  s.piece = 3;
  s.ready().dot_sent();
  EXPECT_THAT(s.open_text, Not(HasSubstr("\r\n.\r\n")));
  EXPECT_THAT(s.open_text, Not(HasSubstr("evil")));
  EXPECT_EQ(s.results.at(0).failure->error.code, "smtp.data.bare_lf");
  EXPECT_TRUE(s.results.at(0).failure->permanent);
  EXPECT_FALSE(s.results.at(0).in_doubt);
  EXPECT_FALSE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClientMail, D3_2_2_StuffsADotAtEveryPieceBoundary) {
  for (std::size_t piece = 1; piece < 20; ++piece) {
    ClientSession s;
    s.piece = piece;
    s.content = ".a\r\n.\r\n..\r\n";
    s.ready().dot_sent();
    EXPECT_THAT(s.open_text, testing::EndsWith("DATA\r\n..a\r\n..\r\n...\r\n.\r\n")) << piece;
  }
}

TEST(SmtpClientMail, D3_2_6_KeepsAnOutcomeForEachRecipientAndSendsToTheRest) {
  for (const bool pipelining : {false, true}) {
    ClientConfig config = clear_client();
    config.pipelining = pipelining;
    ClientSession s(config);
    s.ready({"PIPELINING"});
    Transaction mail = one_mail();
    mail.recipients = {"1@example.test", "2@example.test", "3@example.test"};
    s.submit(mail);
    s.hear("250 ok\r\n");
    s.hear("450 4.2.1 busy\r\n");
    s.hear("250 2.1.5 ok\r\n");
    EXPECT_EQ(s.hear("550 5.1.1 no such user\r\n"), "DATA\r\n");
    s.hear("354 go\r\n");
    s.hear("250 queued\r\n");
    const auto& r = s.results.at(0).recipients;
    EXPECT_TRUE(s.results.at(0).accepted);
    EXPECT_FALSE(r.at(0).accepted);
    EXPECT_TRUE(r.at(0).reply.transient());
    EXPECT_EQ(r.at(0).reply.enhanced, "4.2.1");
    EXPECT_TRUE(r.at(1).accepted);
    EXPECT_FALSE(r.at(2).accepted);
    EXPECT_EQ(r.at(2).reply, (Reply{550, "5.1.1", "no such user"}));
  }
}

TEST(SmtpClientMail, D3_2_6_NeverSendsDataWhenEveryRecipientIsRefused) {
  for (const bool pipelining : {false, true}) {
    ClientConfig config = clear_client();
    config.pipelining = pipelining;
    ClientSession s(config);
    s.ready({"PIPELINING"});
    s.submit(one_mail());
    s.hear("250 ok\r\n");
    EXPECT_EQ(s.hear("550 5.1.1 no\r\n"), "RSET\r\n");
    EXPECT_TRUE(s.results.at(0).failure->permanent);
    EXPECT_FALSE(s.results.at(0).safe_to_retry);
    s.hear("250 ok\r\n");
    EXPECT_EQ(s.readies, 2);
  }
}

TEST(SmtpClientMail, D3_2_6_CallsRefusalPermanentOnlyWhenAllRecipientsAreRefusedForGood) {
  ClientSession s;
  s.ready({"PIPELINING"});
  Transaction mail = one_mail();
  mail.recipients = {"1@example.test", "2@example.test"};
  s.submit(mail);
  s.hear("250 ok\r\n550 no\r\n450 later\r\n");
  EXPECT_FALSE(s.results.at(0).failure->permanent);
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.results.at(0).final_reply->code, 450);
}

TEST(SmtpClientMail, D3_2_6_ReadsTheRepliesOfAPipelinedGroupWhoseMailWasRefused) {
  ClientSession s;
  s.ready({"PIPELINING"}).submit(one_mail());
  EXPECT_EQ(s.hear("451 4.3.0 later\r\n"), "");
  EXPECT_THAT(s.results, IsEmpty());
  EXPECT_EQ(s.hear("503 MAIL first\r\n"), "");
  EXPECT_EQ(s.results.at(0).failure->error.code, "smtp.mail.refused");
  EXPECT_EQ(s.results.at(0).recipients.at(0).reply.code, 451);
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.readies, 2);
}

TEST(SmtpClientMail, TellsARefusalOfTheContentFromOneOfTheAccount) {
  ClientSession content;
  content.ready().dot_sent().hear("554 5.6.0 not this\r\n");
  EXPECT_EQ(content.results.at(0).failure->scope, Scope::message);
  EXPECT_TRUE(content.results.at(0).failure->permanent);
  EXPECT_EQ(content.readies, 2);
  ClientSession account;
  account.ready().submit(one_mail());
  account.hear("530 5.7.0 authentication required\r\n");
  EXPECT_EQ(account.results.at(0).failure->scope, Scope::account);
}

TEST(SmtpClientMail, D3_2_7_IsInDoubtWhenNothingAnswersTheFinalDot) {
  for (const bool timeout : {false, true}) {
    ClientSession s;
    s.ready().dot_sent();
    if (timeout)
      s.client.on_timeout();
    else
      s.client.on_closed("reset by peer");
    s.run();
    EXPECT_TRUE(s.results.at(0).in_doubt);
    EXPECT_FALSE(s.results.at(0).accepted);
    EXPECT_FALSE(s.results.at(0).safe_to_retry);
    EXPECT_EQ(s.results.at(0).stage, Stage::final_dot);
    EXPECT_EQ(s.closes, 1);
  }
}

TEST(SmtpClientMail, D3_2_7_IsInDoubtWhenTheAnswerCannotBeRead) {
  for (const auto answer : {"garbage\r\n", "250 half", "250 x\n", "354 again\r\n"}) {
    ClientSession s;
    s.ready().dot_sent().hear(answer);
    s.client.on_closed("end");
    s.run();
    EXPECT_TRUE(s.results.at(0).in_doubt) << answer;
  }
}

TEST(SmtpClientMail, D3_2_7_IsNotInDoubtBeforeTheFinalDot) {
  ClientSession s;
  s.hold_content = true;
  s.ready().dot_sent();
  s.client.more_data("half a mail\r\n", false);
  s.client.on_closed("reset by peer");
  s.run();
  EXPECT_FALSE(s.results.at(0).in_doubt);
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.results.at(0).stage, Stage::content);
}

TEST(SmtpClientMail, D3_2_7_IsNotInDoubtAfterARefusalThatCloses) {
  ClientSession s;
  s.ready().dot_sent().hear("421 4.3.2 shutting down\r\n");
  EXPECT_FALSE(s.results.at(0).in_doubt);
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.results.at(0).final_reply->code, 421);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClientMail, D3_2_7_KeepsTheQueueTextAsReceipt) {
  ClientSession s;
  s.ready().dot_sent().hear("250-2.0.0 Ok:\r\n250 2.0.0 queued as 4711\r\n");
  EXPECT_EQ(s.results.at(0).peer_text, "Ok: queued as 4711");
}

TEST(SmtpClientMail, TakesARefusalThatComesBeforeTheDotForTheAnswer) {
  ClientSession s;
  s.hold_content = true;
  s.ready().dot_sent();
  s.client.more_data("much\r\n", false);
  s.hear("552 5.3.4 too much\r\n");
  EXPECT_TRUE(s.results.at(0).failure->permanent);
  EXPECT_FALSE(s.results.at(0).in_doubt);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClientMail, BelievesNoSuccessBeforeTheDot) {
  ClientSession s;
  s.hold_content = true;
  s.ready().dot_sent();
  s.hear("250 2.0.0 queued\r\n");
  EXPECT_FALSE(s.results.at(0).accepted);
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClientMail, EndsWithoutADotWhenTheOwnerAbandonsTheContent) {
  ClientSession s;
  s.hold_content = true;
  s.ready().dot_sent();
  s.client.more_data("half\r\n", false);
  s.client.abandon("the store failed");
  s.run();
  EXPECT_THAT(s.open_text, Not(HasSubstr("\r\n.\r\n")));
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClientMail, IgnoresContentNobodyAskedFor) {
  ClientSession s;
  s.ready();
  s.client.more_data("x", true);
  s.run();
  EXPECT_EQ(s.take(), "");
}

TEST(SmtpClientMail, D3_2_8_TellsTheOwnerWhatARetryScheduleNeeds) {
  ClientSession s;
  s.ready().submit(one_mail());
  s.hear("451 4.3.0 later\r\n");
  const TransactionResult& result = s.results.at(0);
  EXPECT_TRUE(result.safe_to_retry);
  EXPECT_FALSE(result.failure->permanent);
  EXPECT_EQ(result.final_reply->summary(), "451 4.3.0 later");
  EXPECT_EQ(result.stage, Stage::mail);
}

}  // namespace
}  // namespace sluis::smtp::test
