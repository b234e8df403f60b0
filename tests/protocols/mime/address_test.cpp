#include "protocols/mime/address.h"

#include <gtest/gtest.h>

namespace sluis::mime {
namespace {

using Texts = std::vector<std::string>;

Texts addresses(std::string_view value) {
  const auto all = parse_mailboxes(value);
  if (!all) return {all.error().code};
  Texts out;
  for (const Mailbox& m : *all) out.push_back(m.display_name + "|" + m.addr_spec());
  return out;
}

// RFC 5322 §3.4, appendix A.1
TEST(Mailboxes, ReadsNamesAddressesAndGroups) {
  EXPECT_EQ(addresses("john.doe@Example.NL"), Texts{"|john.doe@example.nl"});
  EXPECT_EQ(addresses("\"Joe Q. Public\" <john.q@example.com>, Mary Smith <mary@x.test>"),
            (Texts{"Joe Q. Public|john.q@example.com", "Mary Smith|mary@x.test"}));
  EXPECT_EQ(addresses("A Group: Ed <ed@x.test>, joe@x.test; , last@x.test"),
            (Texts{"Ed|ed@x.test", "|joe@x.test", "|last@x.test"}));
  EXPECT_EQ(addresses("Undisclosed recipients:;"), Texts{});
  EXPECT_EQ(addresses("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"), Texts{"Pete|pete@silly.test"});
}

TEST(Mailboxes, DecodesTheName) {
  EXPECT_EQ(addresses("=?iso-8859-1?Q?Andr=E9?= <a@x.test>"), Texts{"Andr\xC3\xA9|a@x.test"});
}

TEST(Mailboxes, KeepsTheQuotesThatALocalPartNeeds) {
  EXPECT_EQ(addresses("\"a b\"@x.test"), Texts{"|\"a b\"@x.test"});
  EXPECT_EQ(addresses("\"ab\"@x.test"), Texts{"|ab@x.test"});
  EXPECT_EQ(addresses("a@[192.0.2.1]"), Texts{"|a@[192.0.2.1]"});
}

TEST(Mailboxes, RefusesWhatReadersReadDifferently) {
  for (const std::string_view text : {"a", "a@", "@x.test", "a b@x.test", "<a@x.test", "<@r.test:a@x.test>",
                                      "a@x.test b@y.test", "a@x..test", "a@x.test>", "\"a@x.test", "G: a@x.test",
                                      "a@x.test;", "G: H: a@x.test;;", "(a@x.test", "<a@b@c.test>", "a@[1.2"})
    EXPECT_EQ(addresses(text), Texts{"mime.address"}) << text;
}

// RFC 5321 §4.5.3.1
TEST(Mailboxes, BoundsLocalPartAndDomain) {
  EXPECT_EQ(addresses(std::string(64, 'a') + "@x.test").size(), 1u);
  EXPECT_EQ(addresses(std::string(65, 'a') + "@x.test"), Texts{"mime.address"});
  EXPECT_EQ(addresses("a@" + std::string(256, 'x')), Texts{"mime.address"});
}

TEST(Mailboxes, StandsAThousandOpenComments) {
  EXPECT_EQ(addresses(std::string(60'000, '(')), Texts{"mime.address"});
}

TEST(AddrSpec, IsOneAddressWithoutAName) {
  EXPECT_EQ(parse_addr_spec("a@x.test")->addr_spec(), "a@x.test");
  for (const std::string_view text : {"<a@x.test>", "A <a@x.test>", "a@x.test,b@x.test", ""})
    EXPECT_FALSE(parse_addr_spec(text)) << text;
}

// RFC 5322 §3.6.4
TEST(MessageIds, ReadsEveryIdentifierInOrder) {
  EXPECT_EQ(parse_message_ids("<1@x.test>"), Texts{"1@x.test"});
  EXPECT_EQ(parse_message_ids("<1@x.test>\t<2@x.test><3@x.test> "), (Texts{"1@x.test", "2@x.test", "3@x.test"}));
  EXPECT_EQ(parse_message_ids("Your mail of Monday <1@x.test> (thanks)"), Texts{"1@x.test"});
}

TEST(MessageIds, PassesOverWhatIsNoIdentifier) {
  EXPECT_EQ(parse_message_ids("<> <a b@x.test> <open <1@x.test> <"), Texts{"1@x.test"});
  EXPECT_EQ(parse_message_ids("<" + std::string(251, 'x') + ">"), Texts{});
}

TEST(WriteMailbox, WritesWhatReadsBackAsTheSame) {
  for (const Mailbox& m : {Mailbox{"", "a", "x.test"}, Mailbox{"Acme \"B.V.\", R\\D", "a", "x.test"},
                           Mailbox{"Andr\xC3\xA9", "a b", "x.test"}}) {
    const auto text = write_mailbox(m);
    ASSERT_TRUE(text);
    const auto back = parse_mailboxes(*text);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->at(0).display_name, m.display_name);
    EXPECT_EQ(back->at(0).addr_spec(), m.addr_spec());
  }
}

TEST(WriteMailbox, RefusesWhatCouldAddAField) {
  EXPECT_EQ(write_mailbox({"A\r\nBcc: b@x.test", "a", "x.test"}).error().code, "mime.injection");
  EXPECT_EQ(write_mailbox({"", "a\r\n", "x.test"}).error().code, "mime.injection");
  EXPECT_FALSE(write_mailbox({"", "a", "x.test>, <b@x.test"}));
}

}  // namespace
}  // namespace sluis::mime
