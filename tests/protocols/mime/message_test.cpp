#include "protocols/mime/message.h"

#include <gtest/gtest.h>

#include "tests/protocols/mime/mail_reading.h"

namespace sluis::mime {
namespace {

using test::mail;
using test::mixed;

std::vector<std::string> payload(std::string_view text) {
  const auto message = parse_message(text);
  if (!message) return {message.error().code};
  std::vector<std::string> out;
  for (const Entity* e : payload_parts(message->root)) out.push_back(e->info.path + " " + e->body);
  return out;
}

TEST(MimeMessage, IsATreeOfDecodedParts) {
  const auto message =
      parse_message(mixed("--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/xml\r\nContent-Transfer-Encoding: "
                          "base64\r\nContent-Disposition: attachment; filename=a.xml\r\n\r\nPGEvPg==\r\n--b--\r\n"));
  ASSERT_TRUE(message);
  ASSERT_EQ(message->root.children.size(), 2u);
  EXPECT_EQ(message->root.headers.only("From").value(), "a@example.nl");
  EXPECT_EQ(message->root.children[1].body, "<a/>");
  EXPECT_EQ(message->root.children[1].info.file_name, "a.xml");
}

TEST(MimeMessage, RefusesAMailLargerThanItsLimit) {
  MessageLimits limits;
  limits.octets = 100;
  EXPECT_EQ(parse_message(mail("\r\n" + std::string(100, 'x')), limits).error().code, "mime.size");
}

// digipoort.md §1.3: "top-level = single part carrying the payload"
TEST(PayloadParts, IsTheOnlyPartWhateverItIs) {
  EXPECT_EQ(payload(mail("\r\nUNB+")), std::vector<std::string>{"1 UNB+"});
  EXPECT_EQ(payload(mixed("--b\r\n\r\nUNB+\r\n--b--\r\n")), std::vector<std::string>{"1.1 UNB+"});
}

// digipoort.md §1.3: "attachment in multipart/mixed with one text/plain part first"
TEST(PayloadParts, LeavesOutTheCoverText) {
  EXPECT_EQ(payload(mixed("--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/EDIFACT\r\n\r\nUNB+\r\n--b--\r\n")),
            std::vector<std::string>{"1.2 UNB+"});
  EXPECT_EQ(payload(mixed(
                "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\nContent-Type: "
                "text/html\r\n\r\n<p>\r\n--c--\r\n--b\r\nContent-Type: application/xml\r\n\r\n<a/>\r\n--b--\r\n")),
            std::vector<std::string>{"1.2 <a/>"});
}

TEST(PayloadParts, KeepsATextThatIsAttachedOrNamed) {
  EXPECT_EQ(payload(mixed("--b\r\n\r\nhello\r\n--b\r\nContent-Type: text/plain; name=a.edi\r\n\r\nUNB+\r\n--b\r\n"
                          "Content-Disposition: ATTACHMENT\r\n\r\nUNZ+\r\n--b--\r\n")),
            (std::vector<std::string>{"1.2 UNB+", "1.3 UNZ+"}));
}

TEST(PayloadParts, ChoosesNoneOfTwoCoverTexts) {
  EXPECT_EQ(payload(mixed("--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n")), std::vector<std::string>{});
}

}  // namespace
}  // namespace sluis::mime
