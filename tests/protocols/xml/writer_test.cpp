#include "protocols/xml/writer.h"

#include <gtest/gtest.h>

#include "protocols/xml/outline.h"

namespace sluis::xml {
namespace {

TEST(XmlWriter, WritesElementsAttributesAndText) {
  Writer w;
  w.start("r:Report")
      .attribute("xmlns:r", "urn:x")
      .attribute("id", "1")
      .element("State", "delivered")
      .element("Empty", "");
  w.start("Text").text("a").text("b").end().end();
  EXPECT_EQ(
      w.finish().value(),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><r:Report xmlns:r=\"urn:x\" id=\"1\"><State>delivered</State><Empty/>"
      "<Text>ab</Text></r:Report>");
}

TEST(XmlWriter, WritesValuesThatReadBackAsTheSame) {
  const std::string value = "<&>\"' ]]> \xE2\x82\xAC\r\n\tx";
  Writer w(false);
  w.start("a").attribute("v", value).element("b", value).end();
  const auto outline = read_outline(w.finish().value());
  ASSERT_TRUE(outline) << outline.error().what;
  EXPECT_EQ(*outline->root.attribute("v"), value);
  EXPECT_EQ(*outline->field("b"), value);
}

TEST(XmlWriter, RefusesCharactersThatXmlDoesNotHave) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\x1B"), std::string("\xE9"),
                                  std::string("\xEF\xBF\xBF"), std::string("\xED\xA0\x80")}) {
    Writer w;
    w.element("a", text);
    EXPECT_EQ(w.finish().error().code, "xml.characters");
  }
}

TEST(XmlWriter, RefusesWhatIsNoName) {
  for (const std::string_view name : {"", "1a", "a b", "a><b", ":a", "a:", "a:b:c", "-a"}) {
    Writer w;
    w.element(name, "x");
    EXPECT_EQ(w.finish().error().code, "xml.name") << name;
  }
}

TEST(XmlWriter, RefusesADocumentThatIsNotOne) {
  EXPECT_EQ(Writer().finish().error().code, "xml.structure");
  EXPECT_EQ(Writer().start("a").finish().error().code, "xml.structure");
  EXPECT_EQ(Writer().element("a", "").element("b", "").finish().error().code, "xml.structure");
  EXPECT_EQ(Writer().start("a").text("x").attribute("b", "c").end().finish().error().code, "xml.structure");
  EXPECT_EQ(Writer().start("a").attribute("b", "c").attribute("b", "d").end().finish().error().code, "xml.structure");
  EXPECT_EQ(Writer().end().finish().error().code, "xml.structure");
}

}  // namespace
}  // namespace sluis::xml
