// digipoort.md §1.3, "MIME form (default)", line by line.
#include "protocols/mime/builder.h"

#include <gtest/gtest.h>

#include <random>

#include "protocols/mime/message.h"

namespace sluis::mime {
namespace {

MailSpec spec() {
  MailSpec out;
  out.from = {"Acme Shipping B.V.", "acme", "mail.example"};
  out.to = {{"", "uitvoer", "douane.example"}};
  out.date = ManualClock().wall();
  out.message_id = "01J000@gw.example";
  out.subject = "IREF001";
  out.parts = {{"application/EDIFACT", "", "IREF001.edi", true}};
  return out;
}

MailSpec attached() {
  MailSpec out = spec();
  out.form = Form::attachment;
  out.boundary = "=_sluis_1";
  out.cover_text = "Zie bijlage.\n";
  return out;
}

TEST(MailBuilder, WritesTheSinglePartForm) {
  EXPECT_EQ(build_mail(spec(), {"UNA:+.? 'UNB+UNOC:3"}).value(),
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
            "From: \"Acme Shipping B.V.\" <acme@mail.example>\r\n"
            "To: uitvoer@douane.example\r\n"
            "Message-ID: <01J000@gw.example>\r\n"
            "Subject: IREF001\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: application/EDIFACT\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment;\r\n"
            " filename=\"IREF001.edi\"\r\n"
            "\r\n"
            "VU5BOisuPyAnVU5CK1VOT0M6Mw==\r\n");
}

TEST(MailBuilder, WritesATextPartFirstInTheAttachmentForm) {
  const auto built = build_mail(attached(), {"<a/>"});
  ASSERT_TRUE(built);
  const auto message = parse_message(*built, {}, Tolerances::none());
  ASSERT_TRUE(message) << message.error().what;
  EXPECT_FALSE(message->findings.ambiguous());
  ASSERT_EQ(message->root.children.size(), 2u);
  EXPECT_EQ(message->root.info.type.name(), "multipart/mixed");
  EXPECT_EQ(message->root.children[0].info.type.name(), "text/plain");
  EXPECT_EQ(message->root.children[0].body, "Zie bijlage.\r\n");
  EXPECT_EQ(message->root.children[1].body, "<a/>");
  EXPECT_EQ(message->root.children[1].info.disposition.kind, "attachment");
}

TEST(MailBuilder, SaysTheCharsetAsDeclared) {
  MailSpec s = spec();
  s.parts[0] = {"application/xml", "iso-8859-2", "a.xml", true};
  EXPECT_NE(build_mail(s, {"<a/>"})->find("Content-Type: application/xml; charset=iso-8859-2\r\n"), std::string::npos);
}

TEST(MailBuilder, HasNoAutoSubmittedField) {
  EXPECT_EQ(build_mail(attached(), {"x"})->find("Auto-Submitted"), std::string::npos);
}

TEST(MailBuilder, WritesTheSameOctetsFromTheSameInput) {
  EXPECT_EQ(*build_mail(attached(), {"<a/>"}), *build_mail(attached(), {"<a/>"}));
}

TEST(MailBuilder, KeepsEveryLineWithin998OctetsAndMostWithin78) {
  MailSpec s = attached();
  s.subject = std::string(3000, 'r');
  for (int i = 0; i < 50; ++i) s.to.push_back({"Name " + std::to_string(i), "r", "x.example"});
  s.parts[0].file_name = std::string(150, 'f') + "\xC3\xA9.xml";
  const std::string built = build_mail(s, {std::string(10'000, 'x')}).value();
  for (std::size_t at = 0; at < built.size();) {
    const auto end = built.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 90u);
    at = end + 2;
  }
}

TEST(MailBuilder, FoldsALongSubjectSoThatItReadsBackTheSame) {
  MailSpec s = spec();
  for (int i = 0; i < 60; ++i) s.subject += i % 7 == 0 ? "  word" : " word";
  const auto message = parse_message(build_mail(s, {"x"}).value());
  ASSERT_TRUE(message);
  EXPECT_EQ(*message->root.headers.find("Subject"), s.subject);
}

TEST(MailBuilder, EncodesNamesThatAreNotAscii) {
  MailSpec s = spec();
  s.subject = "Aangifte \xE2\x82\xAC";
  s.from.display_name = "Caf\xC3\xA9";
  s.parts[0].file_name = "\xE2\x82\xAC.edi";
  const auto message = parse_message(build_mail(s, {"x"}).value(), {}, Tolerances::none());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->root.headers.decoded("Subject"), s.subject);
  EXPECT_EQ(parse_mailboxes(*message->root.headers.find("From"))->at(0).display_name, "Caf\xC3\xA9");
  EXPECT_EQ(message->root.info.file_name, "\xE2\x82\xAC.edi");
}

// digipoort.md §1.3, "Byte rule: payload octets out == payload octets in"
TEST(MailBuilder, BuildsAMailThatDecodesToThePayloadsDigest) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::string octets(random() % 5000, '\0');
    for (char& c : octets) c = static_cast<char>(random());
    const MailSpec s = round % 2 == 0 ? spec() : attached();
    auto writer = MailWriter::create(s);
    ASSERT_TRUE(writer);
    PayloadProof proof;
    std::uint64_t size = 0;
    const auto send = [&](const std::string& wire) {
      size += wire.size();
      ASSERT_TRUE(proof.feed(wire));
    };
    send(writer->begin());
    send(writer->begin_part());
    for (std::size_t at = 0; at < octets.size(); at += 700)
      send(writer->encode(std::string_view{octets}.substr(at, 700)));
    send(writer->end_part());
    send(writer->end());
    EXPECT_EQ(size, writer->encoded_size({octets.size()}));
    EXPECT_EQ(proof.finish().value(), std::vector<Sha256>{sha256(octets)});
  }
}

TEST(MailBuilder, CarriesSeveralParts) {
  MailSpec s = attached();
  s.parts.push_back({"application/pdf", "", "b.pdf", true});
  const std::string built = build_mail(s, {"<a/>", "%PDF"}).value();
  EXPECT_EQ(built.size(), MailWriter::create(s)->encoded_size({4, 4}));
  PayloadProof proof;
  ASSERT_TRUE(proof.feed(built));
  EXPECT_EQ(proof.finish().value(), (std::vector<Sha256>{sha256("<a/>"), sha256("%PDF")}));
}

TEST(PayloadProof, SeesAChangedOctet) {
  std::string built = build_mail(spec(), {"<a/>"}).value();
  built[built.size() - 6] = 'Q';
  PayloadProof proof;
  ASSERT_TRUE(proof.feed(built));
  EXPECT_NE(proof.finish().value(), std::vector<Sha256>{sha256("<a/>")});
}

// digipoort.md §3.2.1 and the brief of every builder: no text from outside adds a field
TEST(MailBuilder, RefusesLineEndsAndNulInEveryText) {
  for (const std::string_view evil : {"x\r\nBcc: e@x.test", "x\nBcc: e@x.test", "x\ry"}) {
    std::vector<MailSpec> specs(7, attached());
    specs[0].subject = evil;
    specs[1].from.display_name = evil;
    specs[2].to[0].local_part = evil;
    specs[3].message_id = evil;
    specs[4].parts[0].file_name = evil;
    specs[5].extra = {{"X-Flow", std::string(evil)}};
    specs[6].extra = {{std::string(evil), "x"}};
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const auto built = build_mail(specs[i], {"x"});
      ASSERT_FALSE(built) << i;
      EXPECT_EQ(built.error().code, "mime.injection") << i;
    }
  }
  MailSpec s = spec();
  s.subject = std::string("a\0b", 3);
  EXPECT_EQ(build_mail(s, {"x"}).error().code, "mime.injection");
}

TEST(MailBuilder, RefusesWhatIsMalformed) {
  std::vector<MailSpec> specs(10, attached());
  specs[0].parts[0].media_type = "text/plain\r\nX: y";
  specs[1].parts[0].media_type = "multipart/mixed";
  specs[2].parts[0].charset = "utf-8; x=y";
  specs[3].boundary = std::string(71, 'b');
  specs[4].boundary = "b\r\n";
  specs[5].parts.clear();
  specs[6].to.clear();
  specs[7].extra = {{"subject", "again"}};
  specs[8].extra = {{"Content-Transfer-Encoding", "7bit"}};
  specs[9].form = Form::body;
  specs[9].parts.resize(2);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto writer = MailWriter::create(specs[i]);
    ASSERT_FALSE(writer) << i;
    EXPECT_EQ(writer.error().code, "mime.spec") << i;
  }
}

TEST(MailBuilder, RefusesTextThatIsNotUtf8) {
  MailSpec s = spec();
  s.subject = "\xE9";
  EXPECT_EQ(build_mail(s, {"x"}).error().code, "mime.charset");
}

}  // namespace
}  // namespace sluis::mime
