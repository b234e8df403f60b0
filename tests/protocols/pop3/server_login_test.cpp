#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/runtime/base64.h"
#include "tests/protocols/pop3/scripted_server.h"

namespace sluis::pop3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ServerConfig with_stls() {
  ServerConfig config;
  config.tls = ServerTls::required;
  return config;
}

// Requirements §3.3: USER/PASS refused in clear, and so is AUTH; nothing is told that would be of use there.
TEST(Pop3ServerLogin, IsRefusedInClear) {
  ScriptedServer session(with_stls());
  EXPECT_EQ(session.hears("USER acme\r\n"), "-ERR [AUTH] TLS required\r\n");
  EXPECT_EQ(session.hears("PASS s3 cret \r\n"), "-ERR [AUTH] TLS required\r\n");
  EXPECT_EQ(session.hears("AUTH PLAIN AGFjbWUAeA==\r\n"), "-ERR [AUTH] TLS required\r\n");
  EXPECT_EQ(session.all<Authenticate>().size(), 0U);
  const std::string capa = session.hears("CAPA\r\n");
  EXPECT_THAT(capa, HasSubstr("\r\nSTLS\r\n"));
  EXPECT_THAT(capa, Not(HasSubstr("USER")));
  EXPECT_THAT(capa, Not(HasSubstr("SASL")));
}

// Requirements §3.3: USER answers +OK for unknown users, too.
TEST(Pop3ServerLogin, DoesNotTellWhoHasAMaildrop) {
  ScriptedServer session;
  const std::string known = session.hears("USER acme\r\n");
  const std::string wrong = session.hears("PASS x\r\n");
  EXPECT_EQ(session.hears("USER nobody\r\n"), known);
  EXPECT_EQ(session.hears("PASS x\r\n"), wrong);
  EXPECT_THAT(wrong, StartsWith("-ERR [AUTH] "));
}

// Requirements §3.3: PASS may hold spaces.
TEST(Pop3ServerLogin, TakesSpacesAsPartOfThePassword) {
  ScriptedServer session;
  session.hears("USER acme\r\n");
  EXPECT_TRUE(ok(session.hears("pass s3 cret \r\n")));
  EXPECT_EQ(session.all<Authenticate>().front().presented.password.reveal(), "s3 cret ");
}

TEST(Pop3ServerLogin, WantsPassRightBehindUser) {
  ScriptedServer session;
  session.hears("USER acme\r\n");
  session.hears("NOOP\r\n");
  EXPECT_TRUE(err(session.hears("PASS s3 cret \r\n")));
  EXPECT_EQ(session.all<Authenticate>().size(), 0U);
}

// Requirements §3.3: AUTH PLAIN with initial response (RFC 5034), and without.
TEST(Pop3ServerLogin, TakesAuthPlain) {
  const std::string response = base64_encode(std::string("\0acme\0s3 cret ", 14));
  ScriptedServer initial;
  EXPECT_TRUE(ok(initial.hears("AUTH plain " + response + "\r\n")));
  ScriptedServer asked;
  EXPECT_EQ(asked.hears("AUTH PLAIN\r\n"), "+ \r\n");
  EXPECT_TRUE(ok(asked.hears(response + "\r\n")));
}

TEST(Pop3ServerLogin, AuthCanBeCancelled) {
  ScriptedServer session;
  session.hears("AUTH PLAIN\r\n");
  EXPECT_TRUE(err(session.hears("*\r\n")));
  session.log_in();
}

TEST(Pop3ServerLogin, RefusesAnswersToAuthThatAreNone) {
  ScriptedServer session;
  EXPECT_TRUE(err(session.hears("AUTH PLAIN !!!\r\n")));
  EXPECT_THAT(session.hears("AUTH PLAIN " + base64_encode("no zeros") + "\r\n"), StartsWith("-ERR [AUTH]"));
  EXPECT_TRUE(err(session.hears("AUTH GSSAPI\r\n")));
  EXPECT_TRUE(err(session.hears("AUTH\r\n")));
  EXPECT_EQ(session.all<Authenticate>().size(), 0U);
}

TEST(Pop3ServerLogin, SpeaksCramMd5WithAGivenChallenge) {
  ServerConfig config = ScriptedServer::clear();
  config.mechanisms = {sasl::Mechanism::cram_md5};
  config.cram_challenge = [] { return std::string("<1@sluis>"); };
  ScriptedServer session(config);
  EXPECT_EQ(session.hears("AUTH CRAM-MD5\r\n"), "+ " + base64_encode("<1@sluis>") + "\r\n");
  const std::string digest = sasl::cram_md5_digest(Secret{"s3 cret "}, "<1@sluis>");
  EXPECT_TRUE(ok(session.hears(base64_encode("acme " + digest) + "\r\n")));
}

// Requirements §3.3: exclusive maildrop lock; the second login gets -ERR [IN-USE].
TEST(Pop3ServerLogin, TellsThatTheMaildropIsInUse) {
  for (const auto& [result, code] :
       {std::pair{AuthResult::in_use, "-ERR [IN-USE] "}, std::pair{AuthResult::temporary, "-ERR [SYS/TEMP] "},
        std::pair{AuthResult::too_soon, "-ERR [LOGIN-DELAY] "}, std::pair{AuthResult::refused, "-ERR [AUTH] "}}) {
    ScriptedServer session;
    session.answers = false;
    session.hears("USER acme\r\nPASS x\r\n");
    session.server.auth_result(result);
    EXPECT_THAT(session.collect(), StartsWith(code));
    EXPECT_EQ(session.all<Released>().size(), 0U);
    session.answers = true;
    session.log_in();
  }
}

TEST(Pop3ServerLogin, EndsTheSessionAfterSeveralFailures) {
  ScriptedServer session;
  for (int i = 0; i < 3; ++i) session.hears("USER acme\r\nPASS wrong\r\n");
  EXPECT_EQ(session.all<Close>().size(), 1U);
  EXPECT_EQ(session.hears("USER acme\r\n"), "");
}

TEST(Pop3ServerLogin, ReleasesAMaildropThatCameAfterTheClientWent) {
  ScriptedServer session;
  session.answers = false;
  session.hears("USER acme\r\nPASS x\r\n");
  session.server.on_closed("reset");
  session.collect();
  EXPECT_EQ(session.all<Released>().size(), 0U);
  session.server.auth_result(AuthResult::granted, session.drop());
  EXPECT_EQ(session.collect(), "");
  EXPECT_EQ(session.all<Released>().size(), 1U);
}

// Requirements §3.3: UIDL 1-70 characters 0x21-0x7E, unique.
TEST(Pop3ServerLogin, OpensNoMaildropWithUidlsThatAreNone) {
  for (const Maildrop& drop :
       {Maildrop{{"a", 1}, {"a", 2}}, Maildrop{{"", 1}}, Maildrop{{std::string(71, 'u'), 1}}, Maildrop{{"a b", 1}}}) {
    ScriptedServer session;
    session.answers = false;
    session.hears("USER acme\r\nPASS x\r\n");
    session.server.auth_result(AuthResult::granted, drop);
    EXPECT_THAT(session.collect(), StartsWith("-ERR [SYS/TEMP] "));
    EXPECT_EQ(session.all<Released>().size(), 1U);
  }
}

// Requirements §3.3: STLS only in AUTHORIZATION, buffered octets are never taken into TLS, CAPA again after it.
TEST(Pop3ServerLogin, UpgradesWithStls) {
  ScriptedServer session(with_stls());
  EXPECT_TRUE(ok(session.hears("STLS\r\n")));
  EXPECT_EQ(session.all<StartTls>().size(), 1U);
  session.server.on_tls_established();
  const std::string capa = session.hears("CAPA\r\n");
  EXPECT_THAT(capa, Not(HasSubstr("STLS")));
  EXPECT_THAT(capa, HasSubstr("\r\nUSER\r\nSASL PLAIN\r\n"));
  EXPECT_TRUE(err(session.hears("STLS\r\n")));
  session.log_in();
  EXPECT_TRUE(err(session.hears("STLS\r\n")));
}

TEST(Pop3ServerLogin, ClosesOnOctetsBehindStls) {
  ScriptedServer together(with_stls());
  EXPECT_TRUE(err(together.hears("STLS\r\nUSER acme\r\n")));
  EXPECT_EQ(together.all<StartTls>().size(), 0U);
  EXPECT_EQ(together.all<Close>().size(), 1U);

  ScriptedServer after(with_stls());
  after.hears("STLS\r\n");
  EXPECT_EQ(after.hears("U"), "");
  EXPECT_EQ(after.all<Close>().size(), 1U);
}

TEST(Pop3ServerLogin, ForgetsAUserNamedBeforeStls) {
  ServerConfig config = ScriptedServer::clear();
  config.tls = ServerTls::offered;
  ScriptedServer session(config);
  session.hears("USER acme\r\n");
  session.hears("STLS\r\n");
  session.server.on_tls_established();
  EXPECT_TRUE(err(session.hears("PASS s3 cret \r\n")));
  EXPECT_EQ(session.all<Authenticate>().size(), 0U);
}

TEST(Pop3ServerLogin, RefusesStlsWithAnArgument) {
  ScriptedServer session(with_stls());
  EXPECT_TRUE(err(session.hears("STLS now\r\n")));
  EXPECT_EQ(session.all<StartTls>().size(), 0U);
}

TEST(Pop3ServerLogin, GreetsAfterTlsWhenItIsImplicit) {
  ServerConfig config;
  config.tls = ServerTls::implicit;
  ScriptedServer session(config);
  EXPECT_EQ(session.greeting, "");
  session.server.on_tls_established();
  EXPECT_TRUE(ok(session.collect()));
  session.log_in();
}

// Requirements §3.3: no APOP.
TEST(Pop3ServerLogin, OffersNoApop) {
  ScriptedServer session;
  EXPECT_THAT(session.greeting, Not(HasSubstr("<")));
  EXPECT_TRUE(err(session.hears("APOP acme c4c9334bac560ecc979e58001b3e22fb\r\n")));
}

}  // namespace
}  // namespace sluis::pop3
