#include <gtest/gtest.h>

#include "protocols/smtp/address.h"
#include "protocols/smtp/capabilities.h"
#include "protocols/smtp/hop_counter.h"
#include "protocols/smtp/line_reader.h"
#include "protocols/smtp/parameters.h"
#include "protocols/smtp/reply.h"

namespace sluis::smtp {
namespace {

using namespace std::string_view_literals;

Result<std::optional<Reply>> read_reply(std::string_view bytes, ReplyLimits limits = {}) {
  ReplyReader reader(limits);
  return reader.next(bytes);
}

TEST(SmtpLineReader, GivesALineThatCameOctetByOctet) {
  LineReader reader(100);
  std::string_view all = "NOOP\r\nx";
  for (std::size_t i = 0; i < 5; ++i) {
    std::string_view one = all.substr(i, 1);
    ASSERT_FALSE(reader.next(one)->has_value());
  }
  std::string_view rest = all.substr(5);
  EXPECT_EQ(**reader.next(rest), "NOOP");
  EXPECT_EQ(rest, "x");
}

TEST(SmtpLineReader, RefusesEveryLineEndButCrLf) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"a\n"sv, "smtp.line.bare_lf"},
                                                                 {"a\rb"sv, "smtp.line.bare_cr"},
                                                                 {"a\r\r\n"sv, "smtp.line.bare_cr"},
                                                                 {"a\0\r\n"sv, "smtp.line.nul"}};
  for (const auto& [bytes, code] : cases) {
    LineReader reader(100);
    std::string_view input = bytes;
    const auto line = reader.next(input);
    ASSERT_FALSE(line.ok()) << bytes;
    EXPECT_EQ(line.error().code, code);
  }
}

TEST(SmtpLineReader, CountsTheLineEndInItsLimit) {
  LineReader fits(6);
  std::string_view exact = "NOOP\r\n";
  EXPECT_TRUE(fits.next(exact)->has_value());
  LineReader tight(5);
  std::string_view longer = "NOOP\r\n";
  EXPECT_EQ(tight.next(longer).error().code, "smtp.line.length");
}

TEST(SmtpReply, ReadsCodeEnhancedCodeAndLines) {
  const auto reply = read_reply("550-5.7.1 not\r\n550 5.7.1 you\r\n");
  EXPECT_EQ(**reply, ([] {
    Reply r{550, "5.7.1", "not"};
    r.lines.emplace_back("you");
    return r;
  }()));
  EXPECT_EQ((*reply)->text(), "not you");
}

TEST(SmtpReply, LeavesTextAloneWhenItsNumberIsNotOfTheReplysClass) {
  EXPECT_EQ((*read_reply("250 4.1.0 odd\r\n"))->enhanced, "");
  EXPECT_EQ((*read_reply("250 2.1.0odd\r\n"))->lines.front(), "2.1.0odd");
}

TEST(SmtpReply, ReadsACodeWithoutText) {
  EXPECT_EQ((*read_reply("354\r\n"))->code, 354);
}

TEST(SmtpReply, RefusesWhatIsNoReply) {
  for (const auto bytes : {"HTTP/1.1 200 OK\r\n", "25 x\r\n", "250x\r\n", "150 x\r\n", "650 x\r\n", "\r\n"})
    EXPECT_EQ(read_reply(bytes).error().code, "smtp.reply.syntax") << bytes;
}

TEST(SmtpReply, RefusesACodeThatChangesInsideOneReply) {
  EXPECT_EQ(read_reply("250-a\r\n550 b\r\n").error().code, "smtp.reply.syntax");
}

TEST(SmtpReply, D3_2_5_BoundsTheLineAndTheWholeReply) {
  EXPECT_EQ(read_reply("250 " + std::string(1000, 'x') + "\r\n").error().code, "smtp.line.length");
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "250-" + std::string(900, 'x') + "\r\n";
  EXPECT_EQ(read_reply(endless).error().code, "smtp.reply.size");
}

TEST(SmtpReply, CountsTheBoundForEachReplyAnew) {
  ReplyReader reader(ReplyLimits{100, 20});
  for (int i = 0; i < 10; ++i) {
    std::string_view bytes = "250 12345678\r\n";
    EXPECT_TRUE(reader.next(bytes)->has_value());
  }
}

TEST(SmtpReply, WritesTheEnhancedCodeOnEveryLine) {
  Reply reply{550, "5.7.1", "one"};
  reply.lines.emplace_back("two");
  EXPECT_EQ(write_reply(reply), "550-5.7.1 one\r\n550 5.7.1 two\r\n");
}

TEST(SmtpReply, NeverWritesALineEndThatWasInTheText) {
  EXPECT_EQ(write_reply(Reply{250, "", "a\r\n250 b\0c\xff"sv}), "250 a??250 b?c?\r\n");
}

TEST(SmtpReply, BreaksTextThatPasses512Octets) {
  const std::string wire = write_reply(Reply{250, "2.0.0", std::string(1200, 'x')});
  EXPECT_EQ((*read_reply(wire))->lines.size(), 3U);
  EXPECT_LE(wire.find("\r\n"), 510U);
}

TEST(SmtpReply, DropsAnEnhancedCodeThatIsNone) {
  EXPECT_EQ(write_reply(Reply{250, std::string(506, '2'), "x"}), "250 x\r\n");
}

TEST(SmtpCapabilities, D3_2_4_ReadsKeywordsWholeAndInAnyCase) {
  const auto reply = read_reply(
      "250-no-starttls.pipelining.example says AUTH PLAIN\r\n250-starttlsx\r\n250-Size 1000\r\n250-x-8BITMIME\r\n250 "
      "pipelining\r\n");
  const Capabilities found = parse_capabilities(**reply);
  EXPECT_EQ(found.host, "no-starttls.pipelining.example");
  EXPECT_FALSE(found.starttls);
  EXPECT_FALSE(found.eight_bit_mime);
  EXPECT_TRUE(found.auth.empty());
  EXPECT_TRUE(found.pipelining);
  EXPECT_TRUE(found.size);
  EXPECT_EQ(found.size_limit, 1000U);
}

TEST(SmtpCapabilities, D3_2_4_AcceptsTheOldAuthSpelling) {
  const Capabilities found =
      parse_capabilities(**read_reply("250-h\r\n250-AUTH=LOGIN plain\r\n250 auth CRAM-MD5 PLAIN\r\n"));
  EXPECT_EQ(found.auth, (std::vector<std::string>{"LOGIN", "PLAIN", "CRAM-MD5"}));
  EXPECT_TRUE(found.offers(sasl::Mechanism::plain));
  EXPECT_FALSE(found.offers(sasl::Mechanism::external));
}

TEST(SmtpCapabilities, TakesASizeThatIsNoNumberForNoLimit) {
  const Capabilities found = parse_capabilities(**read_reply("250-h\r\n250 SIZE 99999999999999999999999\r\n"));
  EXPECT_TRUE(found.size);
  EXPECT_EQ(found.size_limit, 0U);
}

TEST(SmtpAddress, ReadsMailboxes) {
  for (const auto text : {"a@example.test", "a.b+c=d@sub.example.test", "\"a b\\\"c@d>\"@example.test", "x@[192.0.2.1]",
                          "x@[IPv6:2001:db8::1]", "x@localhost"}) {
    const auto address = parse_mailbox(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(SmtpAddress, RefusesMalformedMailboxes) {
  for (const auto text : {"",     "a",      "a@",   "@b",    "a@b@c", ".a@b", "a.@b",  "a..b@c",     "a b@c",   "a@-b",
                          "a@b-", "a@b..c", "a@b.", "a@b_c", "<a@b>", "a@b>", "\"a@b", "a@[1.2.3.4", "a@[x y]", "\"\\"})
    EXPECT_FALSE(parse_mailbox(text).ok()) << text;
}

TEST(SmtpAddress, D3_2_1_RefusesControlAndNonAsciiOctets) {
  for (const auto text : {"a@b\r\nRCPT TO:<c@d>"sv, "\"a\r\nDATA\"@b"sv, "a\0@b"sv, "a@b\n"sv, "\"\\\r\"@b"sv})
    EXPECT_EQ(parse_mailbox(text).error().code, "smtp.address.syntax");
  EXPECT_EQ(parse_mailbox("j\xc3\xb6rg@example.test").error().code, "smtp.address.non_ascii");
}

TEST(SmtpAddress, D3_1_6_KeepsTheLimitsOfLocalPartDomainAndPath) {
  const std::string label(63, 'd');
  EXPECT_TRUE(parse_mailbox(std::string(64, 'l') + "@example.test").ok());
  EXPECT_EQ(parse_mailbox(std::string(65, 'l') + "@example.test").error().code, "smtp.address.length");
  const std::string domain = label + "." + label + "." + label;
  EXPECT_TRUE(parse_mailbox(std::string(62, 'l') + "@" + domain).ok());  // 254, and the brackets
  EXPECT_EQ(parse_mailbox(std::string(63, 'l') + "@" + domain).error().code, "smtp.address.length");
  EXPECT_EQ(parse_mailbox("a@" + domain + "." + label + ".d").error().code, "smtp.address.length");
}

TEST(SmtpAddress, TakesPathsFromTheFrontOfAnArgument) {
  std::string_view argument = "<@relay.test,@other.test:a@b.test> SIZE=1";
  EXPECT_EQ(take_path(argument, PathKind::forward)->text(), "a@b.test");
  EXPECT_EQ(argument, " SIZE=1");
}

TEST(SmtpAddress, TakesTheNullPathAsReversePathOnly) {
  std::string_view reverse = "<>";
  EXPECT_TRUE(take_path(reverse, PathKind::reverse)->null());
  std::string_view forward = "<>";
  EXPECT_FALSE(take_path(forward, PathKind::forward).ok());
}

TEST(SmtpAddress, TakesPostmasterWithoutADomainAsForwardPathOnly) {
  std::string_view forward = "<postMASTER>";
  EXPECT_EQ(take_path(forward, PathKind::forward)->text(), "postMASTER");
  std::string_view reverse = "<postmaster>";
  EXPECT_FALSE(take_path(reverse, PathKind::reverse).ok());
}

TEST(SmtpXtext, IsReadAsItIsWritten) {
  EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
  EXPECT_EQ(*xtext_decode("a+2Bb+3Dc+20d"), "a+b=c d");
}

TEST(SmtpXtext, RefusesWhatIsNone) {
  for (const auto text : {"+", "+2", "+2b", "+GG", "a=b", "a b", "+0D+0A", "+00", "+FF"})
    EXPECT_FALSE(xtext_decode(text).ok()) << text;
}

TEST(SmtpParameters, D3_1_10_ReadsDsn) {
  const auto mail = parse_mail_parameters(" RET=hdrs ENVID=id+2B1 SIZE=12 BODY=8bitmime AUTH=<>", {});
  ASSERT_TRUE(mail.ok());
  EXPECT_EQ(mail->ret, Ret::headers);
  EXPECT_EQ(mail->envid, "id+1");
  EXPECT_EQ(mail->size, 12U);
  EXPECT_TRUE(mail->eight_bit);
  const auto rcpt = parse_rcpt_parameters(" NOTIFY=Failure,DELAY ORCPT=rfc822;a+2Bb@c.test", {});
  ASSERT_TRUE(rcpt.ok());
  EXPECT_EQ(rcpt->notify, (Notify{false, false, true, true}));
  EXPECT_EQ(rcpt->orcpt, "rfc822;a+b@c.test");
}

TEST(SmtpParameters, D3_1_10_RefusesBrokenRepeatedAndTooLongDsn) {
  for (const auto& text :
       {std::string(" NOTIFY=NEVER,DELAY"), std::string(" NOTIFY="), std::string(" NOTIFY=DELAY,DELAY"),
        std::string(" NOTIFY=SOMETIMES"), std::string(" ORCPT=a@b"), std::string(" ORCPT=;a@b"),
        std::string(" ORCPT=rfc822;"), std::string(" ORCPT=rfc822;a+0D+0Ab"), std::string(" NOTIFY=DELAY NOTIFY=DELAY"),
        " ORCPT=rfc822;" + std::string(494, 'x')})
    EXPECT_EQ(parse_rcpt_parameters(text, {}).error().code, "smtp.parameter.syntax") << text;
  for (const auto& text : {std::string(" RET=ALL"), std::string(" ENVID="), " ENVID=" + std::string(101, 'x'),
                           std::string(" RET=FULL RET=FULL"), std::string(" ENVID=a=b"), std::string(" SIZE=1x"),
                           std::string(" SIZE=-1"), std::string(" SIZE=99999999999999999999"), std::string("SIZE=1")})
    EXPECT_EQ(parse_mail_parameters(text, {}).error().code, "smtp.parameter.syntax") << text;
}

TEST(SmtpParameters, TakesTheLongestDsnThatIsAllowed) {
  EXPECT_TRUE(parse_mail_parameters(" ENVID=" + std::string(100, 'x'), {}).ok());
  EXPECT_TRUE(parse_rcpt_parameters(" ORCPT=rfc822;" + std::string(493, 'x'), {}).ok());
}

TEST(SmtpParameters, D3_1_6_CallsWhatIsNotOfferedUnknown) {
  const ParametersOffered none{false, false, false, false};
  for (const auto text : {" SIZE=1", " BODY=7BIT", " RET=FULL", " ENVID=x", " AUTH=<>", " SMTPUTF8", " X=Y"})
    EXPECT_EQ(parse_mail_parameters(text, none).error().code, "smtp.parameter.unknown") << text;
}

TEST(SmtpParameters, WritesWhatItReads) {
  const MailParameters mail{77, true, Ret::full, "a b"};
  const auto mail_read = parse_mail_parameters(write_mail_parameters(mail), {});
  ASSERT_TRUE(mail_read.ok());
  EXPECT_EQ(mail_read->envid, "a b");
  EXPECT_EQ(mail_read->size, 77U);
  const RcptParameters rcpt{Notify{false, true, true, true}, "rfc822;x=y@z.test"};
  const auto rcpt_read = parse_rcpt_parameters(write_rcpt_parameters(rcpt), {});
  ASSERT_TRUE(rcpt_read.ok());
  EXPECT_EQ(rcpt_read->orcpt, rcpt.orcpt);
  EXPECT_EQ(rcpt_read->notify, rcpt.notify);
}

TEST(SmtpParameters, LeavesOutAnEnvidThatIsTooLong) {
  EXPECT_EQ(write_mail_parameters({{}, false, Ret::unspecified, std::string(101, 'x')}), "");
}

TEST(SmtpHopCounter, CountsReceivedFieldsOfTheHeaderOnly) {
  HopCounter hops(10);
  std::size_t used = 0;
  EXPECT_TRUE(hops.feed("Received: a\r\n  Received: folded\r\nRECEI", &used));
  EXPECT_TRUE(hops.feed("VED: b\r\nX-Received: c\r\n\r\nReceived: body\r\n", &used));
  EXPECT_EQ(hops.count(), 2U);
}

TEST(SmtpHopCounter, SaysWhereTheLimitWasPassed) {
  HopCounter hops(1);
  std::size_t used = 0;
  EXPECT_FALSE(hops.feed("Received: a\r\nReceived: b\r\n", &used));
  EXPECT_EQ(used, 22U);
}

}  // namespace
}  // namespace sluis::smtp
