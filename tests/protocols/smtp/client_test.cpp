// The session: TLS, EHLO, AUTH, replies, ends. Numbers are those of the requirement list, section 3.2.
#include <gmock/gmock.h>

#include "core/runtime/base64.h"
#include "tests/protocols/smtp/client_session.h"

namespace sluis::smtp::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ClientConfig tls_client(TlsMode mode = TlsMode::starttls_required) {
  ClientConfig config = clear_client();
  config.tls = mode;
  return config;
}

ClientConfig auth_client(std::vector<sasl::Mechanism> mechanisms) {
  ClientConfig config = tls_client(TlsMode::implicit);
  config.mechanisms = std::move(mechanisms);
  config.credentials = {"user", Secret{"geheim"}};
  return config;
}

ClientSession& up_to_auth(ClientSession& s, const std::string& offer, bool client_cert = false) {
  s.client.start();
  s.client.on_tls_established(client_cert);
  s.hear("220 mx.test\r\n");
  s.take();
  s.client.on_bytes(ClientSession::ehlo_reply({offer}));
  s.run();
  return s;
}

TEST(SmtpClient, D3_2_1_RefusesAnEhloNameWithALineEnd) {
  ClientConfig config = clear_client();
  config.ehlo = "x\r\nMAIL";
  ClientSession s(config);
  s.client.start();
  s.run();
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.config");
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClient, D3_2_3_DefersWhenStarttlsIsNotOffered) {
  ClientSession s(tls_client());
  s.ready({"SIZE", "X-STARTTLS"});
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.starttls.missing");
  EXPECT_FALSE(s.failures.at(0).permanent);
  EXPECT_EQ(s.failures.at(0).scope, Scope::channel);
  EXPECT_EQ(s.readies, 0);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClient, D3_2_3_DefersWhenStarttlsIsRefused) {
  for (const auto reply : {"454 4.7.0 not now\r\n", "502 no\r\n", "250 what\r\n"}) {
    ClientSession s(tls_client());
    s.ready({"STARTTLS"});
    EXPECT_EQ(s.hear(reply), "");
    EXPECT_EQ(s.failures.at(0).error.code, "smtp.starttls.refused");
    EXPECT_FALSE(s.failures.at(0).permanent);
    EXPECT_EQ(s.closes, 1);
  }
}

TEST(SmtpClient, D3_2_3_DefersWhenTheHandshakeFails) {
  ClientSession s(tls_client());
  s.ready({"STARTTLS"});
  s.hear("220 go\r\n");
  EXPECT_EQ(s.starttls, 1);
  s.client.on_closed("certificate has expired");
  s.run();
  EXPECT_EQ(s.failures.at(0).stage, Stage::tls);
  EXPECT_FALSE(s.failures.at(0).permanent);
  EXPECT_EQ(s.take(), "");
}

TEST(SmtpClient, D3_2_3_AbortsWhenOctetsFollowTheReplyToStarttls) {
  ClientSession s(tls_client());
  s.ready({"STARTTLS"});
  s.hear("220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n");
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.starttls.injection");
  EXPECT_EQ(s.starttls, 0);
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClient, D3_2_3_AbortsWhenClearOctetsArriveBeforeTheHandshakeIsDone) {
  ClientSession s(tls_client());
  s.ready({"STARTTLS"});
  s.hear("220 go\r\n");
  s.hear("2");
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.tls.injection");
}

TEST(SmtpClient, D3_2_3_UsesOnlyWhatIsOfferedUnderTls) {
  ClientSession s(tls_client());
  s.ready({"STARTTLS", "PIPELINING", "DSN"});
  s.hear("220 go\r\n");
  s.client.on_tls_established(false);
  s.run();
  EXPECT_EQ(s.take(), "EHLO gateway.example.test\r\n");
  s.hear("250-mx.test\r\n250 SIZE\r\n");
  EXPECT_EQ(s.readies, 1);
  EXPECT_FALSE(s.capabilities.pipelining);
  EXPECT_EQ(s.submit(one_mail()), "MAIL FROM:<a@example.test>\r\n");
}

TEST(SmtpClient, WaitsForTheGreetingUnderImplicitTls) {
  ClientSession s(tls_client(TlsMode::implicit));
  s.client.start();
  s.run();
  EXPECT_EQ(s.starttls, 1);
  s.client.on_tls_established(false);
  EXPECT_EQ(s.hear("220 mx\r\n"), "EHLO gateway.example.test\r\n");
}

TEST(SmtpClient, D3_2_4_HandlesARefusingGreeting) {
  for (const auto& [reply, permanent] :
       {std::pair{"554 no\r\n", true}, {"450 later\r\n", false}, {"421 busy\r\n", false}}) {
    ClientSession s;
    s.client.start();
    EXPECT_EQ(s.hear(reply), "");
    EXPECT_EQ(s.failures.at(0).permanent, permanent);
    EXPECT_EQ(s.failures.at(0).scope, Scope::channel);
    EXPECT_EQ(s.closes, 1);
  }
}

TEST(SmtpClient, D3_2_4_FallsBackToHeloOnlyWhereNoExtensionIsNeeded) {
  ClientSession s;
  s.client.start();
  s.hear("220 old\r\n");
  EXPECT_EQ(s.hear("500 what\r\n"), "HELO gateway.example.test\r\n");
  s.hear("250 old\r\n");
  EXPECT_EQ(s.readies, 1);
  ClientSession secure(tls_client());
  secure.client.start();
  secure.hear("220 old\r\n");
  EXPECT_EQ(secure.hear("500 what\r\n"), "");
  EXPECT_EQ(secure.closes, 1);
}

TEST(SmtpClient, D3_2_5_ClosesOnAnEndlessReply) {
  ClientSession s;
  s.client.start();
  s.hear("220 mx\r\n");
  for (int i = 0; i < 200 && s.closes == 0; ++i) s.hear("250-" + std::string(900, 'x') + "\r\n");
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.reply.size");
}

TEST(SmtpClient, D3_2_5_ClosesWhenThePeerEndsInsideAMultiLineReply) {
  ClientSession s;
  s.client.start();
  s.hear("220 mx\r\n");
  s.hear("250-mx\r\n");
  s.client.on_closed("end of stream");
  s.run();
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.closed");
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClient, D3_2_5_NeverGoesOnAfterATimeout) {
  ClientSession s;
  s.ready().submit(one_mail());
  s.client.on_timeout();
  s.run();
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.timeout");
  EXPECT_TRUE(s.results.at(0).safe_to_retry);
  EXPECT_EQ(s.hear("250 ok\r\n"), "");
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClient, D3_2_5_ClosesOnAReplyNobodyAskedFor) {
  ClientSession s;
  s.ready();
  s.hear("250 ok\r\n");
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.reply.unexpected");
}

TEST(SmtpClient, ArmsTheTimersOfRfc5321) {
  ClientSession s;
  s.ready().dot_sent();
  s.hear("250 ok\r\n");
  EXPECT_THAT(s.deadlines, ElementsAre(5min, 5min, 1min, 5min, 5min, 2min, 3min, 3min, 3min, 10min, 1min));
}

TEST(SmtpClient, AuthenticatesWithTheFirstMechanismOfItsOrderThatIsOffered) {
  ClientSession s(auth_client({sasl::Mechanism::external, sasl::Mechanism::plain, sasl::Mechanism::login}));
  up_to_auth(s, "AUTH LOGIN PLAIN EXTERNAL");
  EXPECT_EQ(s.take(), "AUTH PLAIN " + base64_encode(std::string_view("\0user\0geheim", 12)) + "\r\n");
  s.hear("235 2.7.0 ok\r\n");
  EXPECT_EQ(s.readies, 1);
}

TEST(SmtpClient, UsesExternalWhenACertificateWasShown) {
  ClientConfig config = auth_client({sasl::Mechanism::external, sasl::Mechanism::plain});
  config.credentials.username = "";
  ClientSession s(config);
  EXPECT_EQ(up_to_auth(s, "AUTH PLAIN EXTERNAL", true).take(), "AUTH EXTERNAL =\r\n");
}

TEST(SmtpClient, MarksEveryAuthLineSecret) {
  ClientSession s(auth_client({sasl::Mechanism::login}));
  up_to_auth(s, "AUTH LOGIN");
  s.hear("334 VXNlciBOYW1l\r\n");
  s.hear("334 UGFzc3dvcmQ6\r\n");
  EXPECT_EQ(s.secret_text, "AUTH LOGIN\r\n" + base64_encode("user") + "\r\n" + base64_encode("geheim") + "\r\n");
  EXPECT_THAT(s.open_text, Not(HasSubstr("AUTH")));
}

TEST(SmtpClient, NeverAuthenticatesInClearUnlessToldTo) {
  ClientConfig config = auth_client({sasl::Mechanism::plain});
  config.tls = TlsMode::none;
  ClientSession s(config);
  s.ready({"AUTH PLAIN"});
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.auth.clear");
  EXPECT_EQ(s.secret_text, "");
  config.allow_clear_auth = true;
  ClientSession lax(config);
  lax.ready({"AUTH PLAIN"});
  EXPECT_EQ(lax.client.clear_auth(), 1U);
  EXPECT_THAT(lax.secret_text, HasSubstr("AUTH PLAIN"));
}

TEST(SmtpClient, NeverSkipsAuthWhenNoMechanismFits) {
  ClientSession s(auth_client({sasl::Mechanism::cram_md5}));
  up_to_auth(s, "AUTH PLAIN");
  EXPECT_EQ(s.failures.at(0).error.code, "smtp.auth.mechanism");
  EXPECT_EQ(s.failures.at(0).scope, Scope::account);
  EXPECT_EQ(s.readies, 0);
}

TEST(SmtpClient, TellsAWrongPasswordFromAServerThatCannotSay) {
  for (const auto& [reply, permanent] : {std::pair{"535 5.7.8 wrong\r\n", true}, {"454 4.7.0 later\r\n", false}}) {
    ClientSession s(auth_client({sasl::Mechanism::plain}));
    up_to_auth(s, "AUTH PLAIN").hear(reply);
    EXPECT_EQ(s.failures.at(0).permanent, permanent);
    EXPECT_EQ(s.failures.at(0).scope, Scope::account);
  }
}

TEST(SmtpClient, TriesTheNextMechanismWhenOneIsNotKnown) {
  ClientSession s(auth_client({sasl::Mechanism::plain, sasl::Mechanism::login}));
  up_to_auth(s, "AUTH PLAIN LOGIN").take();
  EXPECT_EQ(s.hear("504 5.5.4 no\r\n"), "AUTH LOGIN\r\n");
}

TEST(SmtpClient, CancelsAnExchangeItDoesNotUnderstand) {
  for (const auto challenge : {"334 !!!\r\n", "334 bW9yZQ==\r\n"}) {
    ClientSession s(auth_client({sasl::Mechanism::plain}));
    up_to_auth(s, "AUTH PLAIN").take();
    EXPECT_EQ(s.hear(challenge), "*\r\n");
    s.hear("501 cancelled\r\n");
    EXPECT_EQ(s.failures.at(0).error.code, "smtp.auth.challenge");
  }
}

TEST(SmtpClient, QuitsWhenIdleTooLong) {
  ClientSession s;
  s.ready();
  s.client.on_timeout();
  s.run();
  EXPECT_EQ(s.take(), "QUIT\r\n");
  s.hear("221 bye\r\n");
  EXPECT_EQ(s.closes, 1);
  EXPECT_THAT(s.failures, IsEmpty());
}

TEST(SmtpClient, QuitsAfterTheRunningMail) {
  ClientSession s;
  s.ready().dot_sent();
  s.client.quit();
  s.run();
  EXPECT_EQ(s.take(), "");
  EXPECT_EQ(s.hear("250 ok\r\n"), "QUIT\r\n");
  EXPECT_TRUE(s.results.at(0).accepted);
  s.client.on_closed("end");
  s.run();
  EXPECT_THAT(s.failures, IsEmpty());
  EXPECT_EQ(s.closes, 1);
}

TEST(SmtpClient, QuitsAfterItsNumberOfMails) {
  ClientConfig config = clear_client();
  config.max_transactions = 1;
  ClientSession s(config);
  s.ready().dot_sent();
  EXPECT_EQ(s.hear("250 ok\r\n"), "QUIT\r\n");
  EXPECT_EQ(s.readies, 1);
}

TEST(SmtpClient, TellsThatTheServerClosedAnIdleSession) {
  ClientSession s;
  s.ready().hear("421 4.4.2 idle too long\r\n");
  EXPECT_EQ(s.failures.at(0).scope, Scope::channel);
  EXPECT_FALSE(s.failures.at(0).permanent);
  EXPECT_THAT(s.results, IsEmpty());
}

}  // namespace
}  // namespace sluis::smtp::test
