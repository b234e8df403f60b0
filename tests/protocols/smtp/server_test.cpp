// The session: greeting, TLS, AUTH, limits, ends. Numbers are those of the requirement list, section 3.1.
#include <gmock/gmock.h>

#include "core/runtime/base64.h"
#include "tests/protocols/smtp/server_session.h"

namespace sluis::smtp::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

ServerConfig submission() {
  ServerConfig config = open_server();
  config.tls = TlsState::offered;
  config.require_tls = true;
  config.require_auth = true;
  config.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5,
                       sasl::Mechanism::external};
  config.cram_challenge = [] { return std::string("<1.2@mx.example.test>"); };
  return config;
}

ServerSession under_tls(ServerConfig config = submission()) {
  config.tls = TlsState::active;
  return ServerSession(std::move(config));
}

std::string plain(std::string_view name, std::string_view password, std::string_view authzid = "") {
  std::string message(authzid);
  message += '\0';
  message += name;
  message += '\0';
  message += password;
  return base64_encode(message);
}

TEST(SmtpServer, GreetsAndOffersItsExtensions) {
  ServerSession s;
  s.server.start();
  s.run();
  EXPECT_EQ(s.take(), "220 mx.example.test ESMTP ready\r\n");
  EXPECT_EQ(s.say("EHLO c.test\r\n"),
            "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE "
            "10485760\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN\r\n");
}

TEST(SmtpServer, AnswersHeloWithoutExtensions) {
  ServerSession s;
  EXPECT_EQ(s.greeted().say("HELO c.test\r\n"), "250 mx.example.test\r\n");
  EXPECT_EQ(s.server.peer().protocol(), "SMTP");
}

TEST(SmtpServer, D3_1_1_RefusesBareCrBareLfAndNulInCommands) {
  using namespace std::string_view_literals;
  for (const auto line : {"NOOP\n"sv, "NOOP\rX"sv, "NOOP\r\r\n"sv, "NO\0OP\r\n"sv}) {
    ServerSession s;
    EXPECT_THAT(s.greeted().hello().say(line), StartsWith("521 5.5.2 "));
    EXPECT_EQ(s.closes, 1);
  }
}

TEST(SmtpServer, D3_1_3_RefusesInputBeforeTheGreeting) {
  ServerSession s;
  s.server.on_bytes("EHLO c.test\r\n");
  s.server.start();
  s.run();
  EXPECT_THAT(s.take(), StartsWith("554 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_3_RefusesInputBeforeTheEhloReply) {
  ServerSession s;
  EXPECT_THAT(s.greeted().say("EHLO c.test\r\nMAIL FROM:<a@example.test>\r\n"), StartsWith("554 5.5.0 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_3_RefusesInputBeforeTheAuthReply) {
  ServerSession s = under_tls();
  s.greeted().hello();
  EXPECT_THAT(s.say("AUTH PLAIN " + plain("u", "wachtwoord") + "\r\nMAIL FROM:<a@example.test>\r\n"),
              StartsWith("554 5.5.0 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_3_RefusesInputWhileTheAccountIsLookedUp) {
  ServerSession s = under_tls();
  s.hold_auth = true;
  s.greeted().hello().say("AUTH PLAIN " + plain("u", "wachtwoord") + "\r\n");
  s.say("MAIL FROM:<a@example.test>\r\n");
  s.server.auth_result(AuthVerdict::accepted);
  s.run();
  EXPECT_THAT(s.take(), StartsWith("554 5.5.0 "));
  EXPECT_THAT(s.mail_from, IsEmpty());
}

TEST(SmtpServer, D3_1_3_RefusesInputBeforeTheReplyToData) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nDATA\r\nSubject: x\r\n"),
              HasSubstr("\r\n554 5.5.0 "));
  EXPECT_THAT(s.aborts, ElementsAre("smtp.early_input"));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_4_RefusesOctetsBehindStarttls) {
  ServerSession s(submission());
  s.greeted().hello();
  EXPECT_THAT(s.say("STARTTLS\r\nEHLO injected.test\r\n"), StartsWith("554 5.5.0 "));
  EXPECT_EQ(s.starttls, 0);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_4_ClosesWhenClearOctetsComeBeforeTheHandshake) {
  ServerSession s(submission());
  s.greeted().hello().say("STARTTLS\r\n");
  EXPECT_EQ(s.say("EHLO injected.test\r\n"), "");
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_4_ForgetsEverythingWhenTlsStands) {
  ServerSession s(submission());
  s.greeted().hello();
  EXPECT_EQ(s.say("STARTTLS\r\n"), "220 2.0.0 start TLS\r\n");
  s.server.on_tls_established(false);
  s.run();
  EXPECT_EQ(s.server.peer().helo, "");
  EXPECT_THAT(s.say("MAIL FROM:<a@example.test>\r\n"), StartsWith("503 5.5.1 "));
  EXPECT_THAT(s.say("EHLO c.test\r\n"), Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(s.say("STARTTLS\r\n"), StartsWith("503 5.5.1 "));
}

TEST(SmtpServer, D3_1_4_RefusesParametersToStarttls) {
  ServerSession s(submission());
  EXPECT_THAT(s.greeted().hello().say("STARTTLS now\r\n"), StartsWith("501 5.5.4 "));
  EXPECT_EQ(s.starttls, 0);
}

TEST(SmtpServer, D3_1_4_VoidsAnOpenTransactionAtStarttls) {
  ServerConfig config = open_server();
  config.tls = TlsState::offered;
  ServerSession s(config);
  s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  s.say("STARTTLS\r\n");
  EXPECT_THAT(s.aborts, ElementsAre("smtp.reset"));
}

TEST(SmtpServer, D3_1_4_ClosesWhenTheHandshakeFails) {
  ServerSession s(submission());
  s.greeted().hello().say("STARTTLS\r\n");
  s.server.on_closed("handshake failed");
  s.run();
  EXPECT_EQ(s.closes, 1);
  EXPECT_EQ(s.take(), "");
}

TEST(SmtpServer, AllowsOnlyHarmlessCommandsInClearWhereTlsIsRequired) {
  ServerSession s(submission());
  s.greeted().hello();
  for (const auto command :
       {"MAIL FROM:<a@example.test>\r\n", "RCPT TO:<b@example.test>\r\n", "DATA\r\n", "VRFY a\r\n"})
    EXPECT_THAT(s.say(command), StartsWith("530 5.7.0 ")) << command;
  for (const auto command : {"NOOP\r\n", "RSET\r\n"}) EXPECT_THAT(s.say(command), StartsWith("250 2.0.0 ")) << command;
}

TEST(SmtpServer, D3_1_5_OffersAuthUnderTlsOnly) {
  ServerSession s(submission());
  s.greeted();
  EXPECT_THAT(s.say("EHLO c.test\r\n"), Not(HasSubstr("AUTH")));
  EXPECT_THAT(s.say("AUTH PLAIN " + plain("u", "wachtwoord") + "\r\n"), StartsWith("538 5.7.11 "));
  EXPECT_FALSE(s.presented);
  ServerSession tls = under_tls();
  tls.greeted();
  EXPECT_THAT(tls.say("EHLO c.test\r\n"), HasSubstr("AUTH PLAIN LOGIN CRAM-MD5\r\n"));
}

TEST(SmtpServer, OffersExternalToThoseWithACertificate) {
  ServerConfig config = submission();
  config.client_cert = true;
  ServerSession s = under_tls(config);
  EXPECT_THAT(s.greeted().say("EHLO c.test\r\n"), HasSubstr("AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL\r\n"));
}

TEST(SmtpServer, D3_1_5_RefusesASecondAuthAndOneInsideATransaction) {
  ServerSession s = under_tls();
  s.greeted().hello();
  EXPECT_EQ(s.say("AUTH PLAIN " + plain("u", "wachtwoord") + "\r\n"), "235 2.7.0 authenticated\r\n");
  EXPECT_EQ(s.server.peer().identity, "u");
  EXPECT_EQ(s.server.peer().protocol(), "ESMTPSA");
  EXPECT_THAT(s.say("AUTH PLAIN " + plain("u", "wachtwoord") + "\r\n"), StartsWith("503 5.5.1 "));
  ServerConfig config = submission();
  config.require_auth = false;
  ServerSession open = under_tls(config);
  open.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_THAT(open.say("AUTH PLAIN " + plain("u", "wachtwoord") + "\r\n"), StartsWith("503 5.5.1 "));
}

TEST(SmtpServer, D3_1_5_LetsTheClientCancel) {
  ServerSession s = under_tls();
  s.greeted().hello();
  EXPECT_EQ(s.say("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\r\n");
  EXPECT_THAT(s.say("*\r\n"), StartsWith("501 5.7.0 "));
  EXPECT_THAT(s.say("NOOP\r\n"), StartsWith("250 "));
}

TEST(SmtpServer, D3_1_5_ReadsAnEqualsSignAsAnEmptyResponse) {
  ServerConfig config = submission();
  config.client_cert = true;
  ServerSession s = under_tls(config);
  s.hold_auth = true;
  s.greeted().hello().say("AUTH EXTERNAL =\r\n");
  ASSERT_TRUE(s.presented);
  EXPECT_EQ(s.presented->username, "");
  s.server.auth_result(AuthVerdict::accepted, "customer-7");
  s.run();
  EXPECT_EQ(s.server.peer().identity, "customer-7");
}

TEST(SmtpServer, D3_1_5_LimitsTheLengthOfAResponse) {
  ServerSession s = under_tls();
  s.greeted().hello().say("AUTH LOGIN\r\n");
  EXPECT_THAT(s.say(std::string(12287, 'A') + "\r\n"), StartsWith("500 5.5.2 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_5_TellsWrongPasswordAndForeignIdentityAlike) {
  ServerSession s = under_tls();
  s.greeted().hello();
  const std::string wrong = s.say("AUTH PLAIN " + plain("u", "fout") + "\r\n");
  EXPECT_THAT(wrong, StartsWith("535 5.7.8 "));
  EXPECT_EQ(s.say("AUTH PLAIN " + plain("u", "wachtwoord", "somebody-else") + "\r\n"), wrong);
}

TEST(SmtpServer, D3_1_5_ClosesAfterTooManyFailures) {
  ServerSession s = under_tls();
  s.greeted().hello();
  s.say("AUTH PLAIN " + plain("u", "1") + "\r\n");
  s.say("AUTH PLAIN " + plain("u", "2") + "\r\n");
  EXPECT_THAT(s.say("AUTH PLAIN " + plain("u", "3") + "\r\n"), StartsWith("421 4.7.0 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, AnswersTransientlyWhenAccountsCannotBeAsked) {
  ServerSession s = under_tls();
  s.auth_otherwise = AuthVerdict::unavailable;
  EXPECT_THAT(s.greeted().hello().say("AUTH PLAIN " + plain("u", "?") + "\r\n"), StartsWith("454 4.7.0 "));
}

TEST(SmtpServer, RefusesAMechanismItDoesNotOffer) {
  ServerSession s = under_tls();
  s.greeted().hello();
  EXPECT_THAT(s.say("AUTH GSSAPI\r\n"), StartsWith("504 5.5.4 "));
  EXPECT_THAT(s.say("AUTH EXTERNAL =\r\n"), StartsWith("504 5.5.4 "));
  EXPECT_THAT(s.say("AUTH PLAIN !!\r\n"), StartsWith("501 5.5.2 "));
}

TEST(SmtpServer, RequiresAuthBeforeMail) {
  ServerSession s = under_tls();
  EXPECT_THAT(s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n"), StartsWith("530 5.7.0 "));
}

TEST(SmtpServer, D3_1_13_KnowsTheMinimumCommands) {
  ServerSession s;
  s.greeted().hello();
  EXPECT_THAT(s.say("VRFY postmaster\r\n"), StartsWith("252 2.0.0 "));
  EXPECT_THAT(s.say("noop anything\r\n"), StartsWith("250 2.0.0 "));
  EXPECT_THAT(s.say("RSET\r\n"), StartsWith("250 2.0.0 "));
  EXPECT_THAT(s.say("EXPN list\r\n"), StartsWith("502 5.5.1 "));
  EXPECT_THAT(s.say("QUIT\r\n"), StartsWith("221 2.0.0 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_15_ClosesAfterTenBadCommands) {
  ServerSession s;
  s.greeted().hello();
  for (int i = 0; i < 9; ++i) EXPECT_THAT(s.say("XYZZY\r\n"), StartsWith("500 5.5.1 "));
  EXPECT_THAT(s.say("XYZZY\r\n"), StartsWith("421 4.7.0 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_15_DoesNotLetATricklingCommandProlongItsTime) {
  ServerSession s;
  s.greeted();
  s.deadlines.clear();
  for (const char c : std::string("EHLO c.tes")) s.say(std::string(1, c));
  EXPECT_THAT(s.deadlines, IsEmpty());
  s.server.on_timeout();
  s.run();
  EXPECT_THAT(s.take(), StartsWith("421 4.4.2 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_15_DemandsAMinimumRateOfContent) {
  ServerSession s;
  s.greeted().hello().in_data();
  s.deadlines.clear();
  const std::string line = std::string(62, 'x') + "\r\n";
  for (int i = 0; i < 255; ++i) s.say(line);
  EXPECT_THAT(s.deadlines, IsEmpty());
  s.say(line);
  EXPECT_THAT(s.deadlines, ElementsAre(Duration{3min}));
  s.server.on_timeout();
  s.run();
  EXPECT_THAT(s.aborts, ElementsAre("smtp.timeout"));
}

TEST(SmtpServer, D3_1_15_LimitsTheOctetsOfASession) {
  ServerConfig config = open_server();
  config.limits.session_bytes = 30;
  ServerSession s(config);
  s.greeted().hello();
  EXPECT_THAT(s.say("NOOP\r\nNOOP\r\n"), StartsWith("421 4.7.0 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_15_BoundsWhatWaitsForAVerdict) {
  ServerConfig config = open_server();
  config.limits.waiting_input = 100;
  ServerSession s(config);
  s.hold_mail = true;
  s.greeted().hello().say("MAIL FROM:<a@example.test>\r\n");
  EXPECT_FALSE(s.server.wants_input());
  s.say(std::string(60, 'x'));
  EXPECT_THAT(s.say(std::string(60, 'x')), StartsWith("421 4.7.0 "));
  EXPECT_THAT(s.aborts, ElementsAre("smtp.waiting_input"));
}

TEST(SmtpServer, D3_1_15_ShutsDownAtOnceWhenIdle) {
  ServerSession s;
  s.greeted().hello();
  s.server.shutdown();
  s.run();
  EXPECT_THAT(s.take(), StartsWith("421 4.3.2 "));
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, D3_1_15_FinishesARunningMailBeforeItShutsDown) {
  ServerSession s;
  s.greeted().hello().in_data();
  s.server.shutdown();
  s.run();
  EXPECT_EQ(s.closes, 0);
  EXPECT_EQ(s.say("Subject: x\r\n\r\n.\r\n"), "250 2.0.0 Ok: queued as 01TEST\r\n421 4.3.2 shutting down\r\n");
  EXPECT_EQ(s.mails.size(), 1U);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, ClosesOnContentOfAForeignProtocol) {
  for (const auto line : {"GET / HTTP/1.1\r\n", "POST / HTTP/1.0\r\n", "BDAT 20 LAST\r\n"}) {
    ServerSession s;
    EXPECT_THAT(s.greeted().hello().say(line), StartsWith("521 5.5.1 "));
    EXPECT_EQ(s.closes, 1);
  }
}

TEST(SmtpServer, IgnoresEverythingAfterItsClose) {
  ServerSession s;
  s.greeted().hello().say("QUIT\r\n");
  EXPECT_EQ(s.say("NOOP\r\n"), "");
  s.server.on_timeout();
  s.server.on_closed("x");
  s.server.shutdown();
  s.run();
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpServer, IgnoresAnswersToQuestionsItDidNotAsk) {
  ServerSession s;
  s.greeted().hello();
  s.server.mail_verdict(Reply{250, "", "x"});
  s.server.rcpt_verdict(Reply{250, "", "x"});
  s.server.data_verdict(Reply{250, "", "x"});
  s.server.auth_result(AuthVerdict::accepted, "x");
  s.run();
  EXPECT_EQ(s.take(), "");
  EXPECT_EQ(s.server.peer().identity, "");
}

}  // namespace
}  // namespace sluis::smtp::test
