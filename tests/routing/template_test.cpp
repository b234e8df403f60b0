#include "routing/template.h"

#include "tests/routing/builders.h"

namespace sluis::routing::tests {

namespace {

Template::Filled filled(std::string_view text, const Message& m) {
  const auto compiled = Template::compile(text);
  EXPECT_TRUE(compiled.ok());
  return compiled.ok() ? compiled->fill(m, "test") : Template::Filled{};
}

}  // namespace

TEST(Template, FillsAttributesAndFactsOfTheMessage) {
  const Message m = message("drop", "acme", {{"edifact.unb.recipient", "871"}});
  EXPECT_EQ(filled("{customer}/{edifact.unb.recipient}@{environment}", m).text, "acme/871@test");
}

TEST(Template, TakesTheFirstAlternativeThatHasText) {
  const Message m = message("drop", "acme", {{"a", ""}, {"b", "2"}});
  EXPECT_EQ(filled("{a|b|customer}", m).text, "2");
}

TEST(Template, SaysWhatIsMissing) {
  EXPECT_EQ(filled("x{mail.to|reference}y", message("drop", "")).missing, "mail.to|reference");
}

TEST(Template, DoubledBracesAreBraces) {
  EXPECT_EQ(filled("{{{customer}}}", message("drop", "acme")).text, "{acme}");
}

TEST(Template, LineEndsOfAValueNeverGetThrough) {
  EXPECT_EQ(filled("{mail.subject}", message("drop", "", {{"mail.subject", "a\r\nBcc: b"}})).text, "a  Bcc: b");
}

TEST(Template, KnowsTheMessagesId) {
  Message m = message("drop", "acme");
  m.id.bytes[0] = 0xAB;
  EXPECT_EQ(filled("{message}", m).text, m.id.text());
}

TEST(Template, FaultsAreRefused) {
  for (const char* text : {"{", "}", "{a", "a}", "{}", "{a|}", "{a b}", "{a{b}}"})
    EXPECT_FALSE(Template::compile(text).ok()) << text;
}

}  // namespace sluis::routing::tests
