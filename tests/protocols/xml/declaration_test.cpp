#include "protocols/xml/declaration.h"

#include <gtest/gtest.h>

namespace sluis::xml {
namespace {

std::string encoding(std::string_view document) {
  const auto d = read_declaration(document);
  return d ? d->encoding : d.error().code;
}

TEST(XmlDeclaration, ReadsVersionAndEncodingInEitherQuotes) {
  const auto d = read_declaration("<?xml version = '1.0'\n encoding=\"ISO-8859-15\" standalone='yes'?><a/>");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->version, "1.0");
  EXPECT_EQ(d->encoding, "ISO-8859-15");
  EXPECT_TRUE(d->declared);
}

TEST(XmlDeclaration, IsUtf8WithoutOne) {
  EXPECT_EQ(encoding("<abcdef/>"), "UTF-8");
  EXPECT_EQ(encoding("<?xml-stylesheet href='x'?><a/>"), "UTF-8");
  EXPECT_EQ(encoding("<?xml version='1.0'?><a/>"), "UTF-8");
}

TEST(XmlDeclaration, RefusesEncodingsThatAreNotOnTheList) {
  for (const std::string_view name : {"UTF-7", "EBCDIC-CP-US", "ISO-2022-CN-EXT", "UTF-32", "UCS-4", "//TRANSLIT", ""})
    EXPECT_EQ(encoding("<?xml version='1.0' encoding='" + std::string(name) + "'?><a/>"), "xml.encoding") << name;
}

TEST(XmlDeclaration, RefusesOtherFamiliesOfOctets) {
  EXPECT_EQ(encoding("\x4C\x6F\xA7\x94\x40\xA5\x85\x99"), "xml.syntax");
  EXPECT_EQ(encoding(std::string_view("\0\0\0<\0\0\0a\0\0\0/\0\0\0>\0\0\0>", 20)), "xml.syntax");
  EXPECT_EQ(encoding(std::string_view("\xFF\xFE\0\0<\0\0\0a\0\0\0/\0\0\0>\0\0\0", 20)), "xml.syntax");
}

TEST(XmlDeclaration, RefusesAMarkAndADeclarationThatContradict) {
  EXPECT_EQ(encoding("\xEF\xBB\xBF<?xml version='1.0' encoding='iso-8859-1'?><a/>"), "xml.encoding");
  EXPECT_EQ(encoding("<?xml version='1.0' encoding='utf-16'?><a/>"), "xml.encoding");
  EXPECT_EQ(encoding(std::string_view("<\0a\0b\0c\0d\0e\0/\0>\0", 16)), "xml.encoding");
}

TEST(XmlDeclaration, RefusesHalfASurrogatePair) {
  const auto code = [](std::string_view document) {
    const Status s = check_octets(document, read_declaration(document).value());
    return s ? "" : s.error().code;
  };
  const std::string start("\xFE\xFF\0<\0a\0>\0 \0 \0 ", 14);
  EXPECT_EQ(code(start + std::string("\xD8\x3D\xDE\xA2\0<", 6)), "");
  EXPECT_EQ(code(start + std::string("\xD8\x3D", 2)), "");
  EXPECT_EQ(code(start + std::string("\xD8\x3D\0<", 4)), "xml.encoding");
  EXPECT_EQ(code(start + std::string("\xDE\xA2\0<", 4)), "xml.encoding");
}

TEST(XmlDeclaration, SaysThatItIsCut) {
  EXPECT_EQ(encoding("<?xml version='1.0' enc"), "xml.incomplete");
  EXPECT_EQ(encoding("<?xml version='1.0' " + std::string(300, 'x')), "xml.syntax");
}

}  // namespace
}  // namespace sluis::xml
