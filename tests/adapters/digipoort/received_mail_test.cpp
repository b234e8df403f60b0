// What becomes of a mail that came in.
#include "adapters/digipoort/received_mail.h"

#include <gtest/gtest.h>

#include "core/channel/conformance/test_context.h"

namespace sluis::digipoort {
namespace {

Arrival read(std::string_view mail, bool irregular = false) {
  sluis::tests::MemoryContent store;
  ReceivedMail received(store);
  for (; !mail.empty(); mail.remove_prefix(std::min<std::size_t>(7, mail.size())))
    EXPECT_TRUE(received.feed(mail.substr(0, 7)).ok());
  auto arrival = received.finish(irregular);
  EXPECT_TRUE(arrival.ok());
  return std::move(*arrival);
}

const std::string head =
    "From: a@douane.example.test\r\nTo: acme@mail.example.test\r\nDate: Wed, 04 Mar 2026 00:00:00 +0000\r\n"
    "Message-ID: <m1@douane.example.test>\r\nIn-Reply-To: <ours@gateway.example.test>\r\nMIME-Version: 1.0\r\n";

TEST(DigipoortReceivedMail, TakesThePayloadAndKeepsTheOriginal) {
  const std::string mail =
      head + "Content-Type: application/EDIFACT\r\nContent-Transfer-Encoding: base64\r\n\r\nVU5CKw==\r\n";
  const Arrival arrival = read(mail);
  ASSERT_EQ(arrival.parts.size(), 2U);
  EXPECT_EQ(*arrival.parts[0].content.bytes, "UNB+");
  EXPECT_EQ(arrival.parts[0].role, PartRole::payload);
  EXPECT_EQ(*arrival.parts[1].content.bytes, mail);
  EXPECT_EQ(arrival.parts[1].role, PartRole::original);
}

TEST(DigipoortReceivedMail, TellsTheHeadersAsAttributes) {
  const Arrival arrival = read(head + "Subject: CUSRES\r\nContent-Type: text/plain\r\n\r\nx\r\n");
  EXPECT_EQ(arrival.attributes.get("mail.from"), "a@douane.example.test");
  EXPECT_EQ(arrival.attributes.get("mail.subject"), "CUSRES");
  EXPECT_EQ(arrival.attributes.get("mail.message-id"), "m1@douane.example.test");
  EXPECT_EQ(arrival.attributes.get("mail.in-reply-to"), "ours@gateway.example.test");
  EXPECT_EQ(arrival.references, (std::vector<Reference>{{"message-id", "", "m1@douane.example.test"}}));
}

TEST(DigipoortReceivedMail, LeavesTheCoverTextOfAnAttachmentOut) {
  const Arrival arrival =
      read(head +
           "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nZie bijlage\r\n"
           "--b\r\nContent-Type: application/xml\r\nContent-Disposition: attachment; "
           "filename=a.xml\r\n\r\n<a/>\r\n--b--\r\n");
  ASSERT_EQ(arrival.parts.size(), 2U) << arrival.quarantine;
  EXPECT_EQ(arrival.parts[0].file_name, "a.xml");
}

TEST(DigipoortReceivedMail, KeepsTheTextOfAMailThatIsTextAlone) {
  const Arrival arrival =
      read(head +
           "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nmelding\r\n"
           "--b\r\nContent-Type: text/html\r\n\r\n<p>melding</p>\r\n--b--\r\n");
  ASSERT_EQ(arrival.parts.size(), 3U) << arrival.quarantine;
  EXPECT_EQ(arrival.parts[0].role, PartRole::payload);
}

TEST(DigipoortReceivedMail, QuarantinesWhatCannotBeReadAndKeepsItRaw) {
  const std::string poison =
      head + "Content-Type: application/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%\r\n";
  const Arrival arrival = read(poison);
  EXPECT_NE(arrival.quarantine, "");
  ASSERT_EQ(arrival.parts.size(), 1U);
  EXPECT_EQ(*arrival.parts[0].content.bytes, poison);
}

TEST(DigipoortReceivedMail, QuarantinesBareLineEnds) {
  EXPECT_NE(read(head + "Content-Type: text/plain\r\n\r\nx\r\n", true).quarantine, "");
}

}  // namespace
}  // namespace sluis::digipoort
