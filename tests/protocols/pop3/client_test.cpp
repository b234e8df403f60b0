#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/protocols/pop3/scripted_client.h"

namespace sluis::pop3 {
namespace {

TEST(Pop3Client, ListsWithUidlAsTheKeyAndSizeAsAHint) {
  ScriptedClient session;
  session.log_in("1 key-1\r\n3 key-3\r\n", "1 100\r\n3 300 extra words\r\n");
  const auto listing = session.one<Listing>();
  ASSERT_EQ(listing.entries.size(), 2U);
  EXPECT_TRUE(listing.uidl);
  EXPECT_EQ(listing.entries[1].number, 3);
  EXPECT_EQ(listing.entries[1].uidl, "key-3");
  EXPECT_EQ(listing.entries[1].size_hint, 300U);
  EXPECT_TRUE(session.client.ready());
}

// Requirements §3.4: refuse clear text.
TEST(Pop3Client, SendsNoCredentialsWithoutTls) {
  ClientConfig config = ScriptedClient::clear();
  config.allow_clear = false;
  ScriptedClient session(config);
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n"), "");
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.login.clear");
  EXPECT_EQ(session.one<Failed>().failure, FailureClass::permanent);
}

TEST(Pop3Client, NeverFallsBackToClearWhenStlsIsNotOffered) {
  ScriptedClient session(ScriptedClient::stls());
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("+OK\r\nUSER\r\nUIDL\r\n.\r\n"), "");
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.stls.not_offered");
  EXPECT_EQ(session.one<Failed>().stage, ClientStage::tls);
}

TEST(Pop3Client, NeverFallsBackToClearWhenStlsIsRefused) {
  ScriptedClient session(ScriptedClient::stls());
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("+OK\r\nSTLS\r\nUSER\r\n.\r\n"), "STLS\r\n");
  EXPECT_EQ(session.hears("-ERR [SYS/TEMP] no\r\n"), "");
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.stls.refused");
}

// Requirements §3.4 (the SMTP client's rule 3): octets buffered behind the +OK to STLS are an injection.
TEST(Pop3Client, AbortsOnOctetsBehindTheAnswerToStls) {
  for (const bool together : {true, false}) {
    ScriptedClient session(ScriptedClient::stls());
    session.hears("+OK\r\n");
    session.hears("+OK\r\nSTLS\r\n.\r\n");
    if (together) {
      session.hears("+OK\r\n+OK injected\r\n");
    } else {
      session.hears("+OK\r\n");
      session.hears("+");
    }
    EXPECT_EQ(session.one<Failed>().error.code, "pop3.stls.injected");
    EXPECT_EQ(session.all<Close>().size(), 1U);
  }
}

// Requirements §1.3: CAPA before and after TLS and login; what was said before TLS is never used.
TEST(Pop3Client, ForgetsCapabilitiesSaidInClear) {
  ScriptedClient session(ScriptedClient::stls());
  session.hears("+OK\r\n");
  session.hears("+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n");
  session.hears("+OK\r\n");
  session.client.on_tls_established();
  EXPECT_EQ(session.collect(), "CAPA\r\n");
  EXPECT_EQ(session.hears("+OK\r\nUSER\r\n.\r\n"), "USER acme\r\n");
  EXPECT_EQ(session.hears("+OK\r\n"), "PASS s3cret\r\n");
  EXPECT_EQ(session.hears("+OK\r\n"), "CAPA\r\n");
}

TEST(Pop3Client, StartsTlsFirstWhenItIsImplicit) {
  ClientConfig config = ScriptedClient::stls();
  config.tls = TlsMode::implicit;
  ScriptedClient session(config);
  EXPECT_EQ(session.all<StartTls>().size(), 1U);
  session.client.on_tls_established();
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("+OK\r\nSASL LOGIN PLAIN\r\n.\r\n"), "AUTH PLAIN AGFjbWUAczNjcmV0\r\n");
}

TEST(Pop3Client, MarksCredentialsAsSecret) {
  ScriptedClient session;
  session.log_in();
  for (const auto& send : session.all<Send>()) EXPECT_EQ(send.secret, send.bytes.find("s3cret") != std::string::npos);
  ScriptedClient sasl;
  sasl.hears("+OK\r\n");
  sasl.hears("+OK\r\nSASL PLAIN\r\n.\r\n");
  EXPECT_TRUE(sasl.all<Send>().back().secret);
}

TEST(Pop3Client, HoldsBackAnInitialResponseThatDoesNotFitIntoACommand) {
  ClientConfig config = ScriptedClient::clear();
  config.credentials.password = Secret{std::string(300, 'p')};
  ScriptedClient session(config);
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("+OK\r\nSASL PLAIN\r\n.\r\n"), "AUTH PLAIN\r\n");
  const std::string response = session.hears("+ \r\n");
  EXPECT_GT(response.size(), 400U);
  EXPECT_EQ(session.hears("+OK\r\n"), "CAPA\r\n");
}

TEST(Pop3Client, SpeaksCramMd5WhenItIsPreferred) {
  ClientConfig config = ScriptedClient::clear();
  config.credentials = {"tim", Secret{"tanstaaftanstaaf"}};
  config.mechanisms = {sasl::Mechanism::cram_md5, sasl::Mechanism::plain};
  ScriptedClient session(config);
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("+OK\r\nSASL PLAIN CRAM-MD5\r\n.\r\n"), "AUTH CRAM-MD5\r\n");
  EXPECT_EQ(session.hears("+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"),  // RFC 2195 §2
            "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n");
}

// Requirements §3.4 (the SMTP client's rule 1): nothing from a setting becomes another command.
TEST(Pop3Client, NeverWritesCredentialsThatWouldBeAnotherCommand) {
  for (const auto& [username, password] : {std::pair<std::string, std::string>{"acme\r\nDELE 1", "x"},
                                           {"acme", "x\nQUIT"},
                                           {"a b", "x"},
                                           {"acme", std::string(300, 'p')},
                                           {"", "x"}}) {
    ClientConfig config = ScriptedClient::clear();
    config.credentials = {username, Secret{password}};
    ScriptedClient session(config);
    session.hears("+OK\r\n");
    EXPECT_EQ(session.hears("-ERR\r\n"), "");
    EXPECT_EQ(session.one<Failed>().error.code, "pop3.login.credentials");
  }
}

TEST(Pop3Client, DoesNotTryAPasswordAgainWithAnotherMechanism) {
  ScriptedClient session;
  session.hears("+OK\r\n");
  session.hears("+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n");
  EXPECT_EQ(session.hears("-ERR [AUTH] wrong\r\n"), "");
  EXPECT_EQ(session.one<Failed>().failure, FailureClass::authentication);
}

TEST(Pop3Client, TellsWhatALoginFailureMeans) {
  struct Case {
    const char* capa;
    const char* answer;
    FailureClass failure;
  };
  for (const auto& [capa, answer, failure] :
       {Case{"USER\r\n", "-ERR [IN-USE] locked\r\n", FailureClass::in_use},
        Case{"USER\r\n", "-ERR [SYS/TEMP] later\r\n", FailureClass::temporary},
        Case{"USER\r\n", "-ERR [SYS/PERM] closed\r\n", FailureClass::permanent},
        Case{"USER\r\n", "-ERR wrong\r\n", FailureClass::authentication},
        Case{"USER\r\nAUTH-RESP-CODE\r\n", "-ERR database\r\n", FailureClass::temporary}}) {
    ScriptedClient session;
    session.hears("+OK\r\n");
    session.hears("+OK\r\n" + std::string(capa) + ".\r\n");
    session.hears("+OK\r\n");
    session.hears(answer);
    EXPECT_EQ(session.one<Failed>().failure, failure) << answer;
    EXPECT_EQ(session.one<Failed>().stage, ClientStage::login);
  }
}

TEST(Pop3Client, PassesOnTheLoginDelay) {
  ScriptedClient told;
  told.hears("+OK\r\n");
  told.hears("+OK\r\nUSER\r\n.\r\n");
  told.hears("+OK\r\n");
  told.hears("+OK\r\n");
  told.hears("+OK\r\nLOGIN-DELAY 300\r\n.\r\n");
  EXPECT_EQ(told.one<LoginDelay>().least, std::chrono::seconds{300});
  EXPECT_FALSE(told.one<LoginDelay>().refused);

  ScriptedClient refused;
  refused.hears("+OK\r\n");
  refused.hears("+OK\r\nUSER\r\nLOGIN-DELAY 60\r\n.\r\n");
  refused.hears("+OK\r\n");
  refused.hears("-ERR [LOGIN-DELAY] too soon\r\n");
  EXPECT_EQ(refused.one<LoginDelay>().least, std::chrono::seconds{60});
  EXPECT_TRUE(refused.one<LoginDelay>().refused);
  EXPECT_EQ(refused.one<Failed>().failure, FailureClass::temporary);
}

TEST(Pop3Client, WorksWithoutUidl) {
  ScriptedClient session;
  session.hears("+OK\r\n");
  session.hears("-ERR\r\n");
  session.hears("+OK\r\n");
  session.hears("+OK\r\n");
  EXPECT_EQ(session.hears("-ERR unknown\r\n"), "LIST\r\n");
  session.hears("+OK\r\n1 5\r\n.\r\n");
  EXPECT_FALSE(session.one<Listing>().uidl);
  EXPECT_EQ(session.one<Listing>().entries.at(0).uidl, "");
}

TEST(Pop3Client, DoesNotTakeATemporaryRefusalOfUidlForAServerWithoutIt) {
  ScriptedClient session;
  session.hears("+OK\r\n");
  session.hears("-ERR\r\n");
  session.hears("+OK\r\n");
  session.hears("+OK\r\n");
  session.hears("-ERR [SYS/TEMP] index locked\r\n");
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.uidl.refused");
  EXPECT_EQ(session.one<Failed>().stage, ClientStage::listing);
}

TEST(Pop3Client, FlagsUidlsThatAreNoKey) {
  ScriptedClient session;
  session.log_in("1 same\r\n2 same\r\n3 " + std::string(71, 'x') + "\r\n4 ok\r\n", "1 1\r\n2 1\r\n3 1\r\n4 1\r\n");
  const auto entries = session.one<Listing>().entries;
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_TRUE(entries[0].duplicate_uidl);
  EXPECT_TRUE(entries[1].duplicate_uidl);
  EXPECT_EQ(entries[2].uidl, "");
  EXPECT_FALSE(entries[3].duplicate_uidl);
}

TEST(Pop3Client, GivesAMailUnStuffed) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(1);
  session.hears("+OK 9 octets\r\n..a\r\n...\r\nb\r\n.\r\n");
  EXPECT_EQ(session.mail(), ".a\r\n..\r\nb\r\n");
  EXPECT_EQ(session.one<MailEnd>().number, 1);
  EXPECT_FALSE(session.one<MailEnd>().irregular);
  EXPECT_TRUE(session.client.ready());
}

// Requirements §3.4: the LIST size is a hint, never a read length.
TEST(Pop3Client, ReadsToTheDotWhateverTheSizeSaid) {
  ScriptedClient session;
  session.log_in("1 a\r\n", "1 3\r\n");
  session.retrieve(1);
  session.hears("+OK 3 octets\r\nmuch longer than that\r\n.\r\n");
  EXPECT_EQ(session.mail(), "much longer than that\r\n");
}

// Requirements §3.4: a missing final CRLF before the dot is tolerated only if the octets are unambiguous.
TEST(Pop3Client, TakesAnEmptyMailButNoDotBehindTextForTheEnd) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(1);
  session.hears("+OK\r\n.\r\n");
  EXPECT_EQ(session.one<MailEnd>().octets, 0U);
  session.retrieve(2);
  session.hears("+OK\r\nno line end.\r\n");
  EXPECT_FALSE(session.client.ready());
  session.hears(".\r\n");
  EXPECT_EQ(session.mail(), "no line end.\r\n");
}

// Requirements §1.3, poison: a bad mail is had raw and never blocks the rest.
TEST(Pop3Client, HandsOverAnIrregularMailRawAndGoesOn) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(1);
  session.hears("+OK\r\nbad\n.\n\r\n.\r\n");
  EXPECT_EQ(session.mail(), "bad\n.\n\r\n");
  EXPECT_TRUE(session.one<MailEnd>().irregular);
  session.retrieve(2);
}

// Requirements §3.4: EOF inside RETR or a listing is a failure, and the partial mail is discarded.
TEST(Pop3Client, DiscardsAMailThatEndsWithTheConnection) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(2);
  session.hears("+OK\r\nhalf of it\r\n.\r");
  session.client.on_closed("end of file");
  session.collect();
  EXPECT_EQ(session.one<MailAborted>().number, 2);
  EXPECT_EQ(session.all<MailEnd>().size(), 0U);
  EXPECT_EQ(session.one<Failed>().stage, ClientStage::retrieve);
}

TEST(Pop3Client, TakesAListingThatEndsWithTheConnectionForNone) {
  ScriptedClient session;
  session.hears("+OK\r\n");
  session.hears("-ERR\r\n");
  session.hears("+OK\r\n");
  session.hears("+OK\r\n");
  session.hears("+OK\r\n1 a\r\n");
  session.client.on_closed("end of file");
  session.collect();
  EXPECT_EQ(session.all<Listing>().size(), 0U);
  EXPECT_EQ(session.one<Failed>().stage, ClientStage::listing);
}

TEST(Pop3Client, GoesOnAfterARefusedRetr) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(1);
  session.hears("-ERR [SYS/TEMP] disk\r\n");
  EXPECT_EQ(session.one<MailAborted>().error.code, "pop3.retr.refused");
  session.retrieve(2);
}

TEST(Pop3Client, GoesOnAfterARefusedDele) {
  ScriptedClient session;
  session.log_in();
  ASSERT_TRUE(session.client.remove(1).ok());
  EXPECT_EQ(session.collect(), "DELE 1\r\n");
  session.hears("-ERR no\r\n");
  EXPECT_EQ(session.one<DeleteRefused>().number, 1);
  EXPECT_TRUE(session.client.ready());
}

// Requirements §3.4: wait for QUIT's +OK before recording deletion.
TEST(Pop3Client, CountsDeletionsOnlyWhenQuitIsAnsweredOk) {
  ScriptedClient session;
  session.log_in();
  ASSERT_TRUE(session.client.remove(1).ok());
  session.hears("+OK\r\n");
  EXPECT_EQ(session.one<Deleted>().number, 1);
  ASSERT_TRUE(session.client.quit().ok());
  session.hears("+OK bye\r\n");
  EXPECT_TRUE(session.one<Finished>().committed);
  EXPECT_EQ(session.all<Close>().size(), 1U);
}

TEST(Pop3Client, KeepsMailWhenQuitIsRefused) {
  ScriptedClient session;
  session.log_in();
  ASSERT_TRUE(session.client.remove(1).ok());
  session.hears("+OK\r\n");
  ASSERT_TRUE(session.client.quit().ok());
  session.hears("-ERR [SYS/TEMP] some messages not removed\r\n");
  EXPECT_FALSE(session.one<Finished>().committed);
  EXPECT_EQ(session.one<Finished>().error.code, "pop3.quit.refused");
}

TEST(Pop3Client, KeepsMailWhenTheAnswerToQuitIsLost) {
  for (const bool timeout : {true, false}) {
    ScriptedClient session;
    session.log_in();
    ASSERT_TRUE(session.client.quit().ok());
    session.hears("+O");
    if (timeout)
      session.client.on_timeout();
    else
      session.client.on_closed("end of file");
    session.collect();
    EXPECT_FALSE(session.one<Finished>().committed);
    EXPECT_EQ(session.all<Failed>().size(), 0U);
  }
}

TEST(Pop3Client, AbortSendsNoQuit) {
  ScriptedClient session;
  session.log_in();
  session.retrieve(1);
  session.client.abort();
  EXPECT_EQ(session.collect(), "");
  EXPECT_EQ(session.one<MailAborted>().number, 1);
  EXPECT_FALSE(session.one<Finished>().committed);
  EXPECT_EQ(session.all<Close>().size(), 1U);
}

TEST(Pop3Client, TakesOneCommandAtATime) {
  ScriptedClient session;
  EXPECT_EQ(session.client.retrieve(1).error().code, "pop3.not_ready");
  session.log_in();
  EXPECT_EQ(session.client.retrieve(0).error().code, "pop3.number");
  session.retrieve(1);
  EXPECT_EQ(session.client.remove(1).error().code, "pop3.not_ready");
  EXPECT_EQ(session.client.quit().error().code, "pop3.not_ready");
}

// Requirements §3.4 (the SMTP client's rule 5): never keep a desynchronised connection.
TEST(Pop3Client, ClosesWhenTheServerSaysMoreThanTheAnswer) {
  ScriptedClient early;
  early.hears("+OK\r\n+OK\r\n");
  EXPECT_EQ(early.one<Failed>().error.code, "pop3.unsolicited");

  ScriptedClient idle;
  idle.log_in();
  idle.hears("+OK\r\n");
  EXPECT_EQ(idle.one<Failed>().error.code, "pop3.unsolicited");
}

TEST(Pop3Client, SaysInWhichStageNoAnswerCame) {
  ScriptedClient session;
  session.client.on_timeout();
  session.collect();
  EXPECT_EQ(session.one<Failed>().error.code, "pop3.timeout");
  EXPECT_EQ(session.one<Failed>().stage, ClientStage::greeting);
}

}  // namespace
}  // namespace sluis::pop3
