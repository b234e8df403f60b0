// digipoort.md §2.1 (XML recognition) and DESIGN §7 (XML).
#include "protocols/xml/outline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluis::xml {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string code(std::string_view document, OutlineLimits limits = {}) {
  const auto outline = read_outline(document, limits);
  return outline ? "" : outline.error().code;
}

// The field's value, or "-".
std::string field(const Outline& outline, std::string_view path) {
  const std::string* value = outline.field(path);
  return value == nullptr ? "-" : *value;
}

std::string utf16(std::string_view ascii, bool big, bool mark) {
  std::string out = !mark ? "" : big ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) {
    if (big) out += '\0';
    out += c;
    if (!big) out += '\0';
  }
  return out;
}

constexpr std::string_view nctsa =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ncts:CC015C PhaseID=\"NCTS5.1\" xmlns:ncts=\"http://ncts.dgtaxud.ec\">\n"
    "  <messageSender>NTA.NL</messageSender><messageRecipient>NTA.NL</messageRecipient>\n"
    "  <messageIdentification>MID&amp;1</messageIdentification><messageType>CC015C</messageType>\n"
    "  <TransitOperation><LRN>LRN0001</LRN><declarationType>T1</declarationType></TransitOperation>\n"
    "  <CustomsOfficeOfDeparture><referenceNumber>NL000396</referenceNumber></CustomsOfficeOfDeparture>\n"
    "</ncts:CC015C>\n";

constexpr std::string_view emcs =
    "<ie:IE815 xmlns:ie=\"urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:IE815:V3.13\" "
    "xmlns:tms=\"urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:TMS:V3.13\">"
    "<ie:Header><tms:MessageSender>NDEA.NL</tms:MessageSender><tms:MessageRecipient>NDEA.DE</tms:MessageRecipient>"
    "<tms:MessageIdentifier>M-1</tms:MessageIdentifier><tms:CorrelationIdentifier>C-1</tms:CorrelationIdentifier></"
    "ie:Header>"
    "<ie:Body><ie:SubmittedDraftOfEADESAD><ie:Attributes/></ie:SubmittedDraftOfEADESAD></ie:Body></ie:IE815>";

TEST(XmlOutline, ReadsAnNctsDeclaration) {
  const auto outline = read_outline(nctsa);
  ASSERT_TRUE(outline) << outline.error().what;
  EXPECT_EQ(outline->root.namespace_uri, "http://ncts.dgtaxud.ec");
  EXPECT_EQ(outline->root.local_name, "CC015C");
  EXPECT_EQ(*outline->root.attribute("PhaseID"), "NCTS5.1");
  EXPECT_EQ(field(*outline, "messageIdentification"), "MID&1");
  EXPECT_EQ(field(*outline, "TransitOperation/LRN"), "LRN0001");
  EXPECT_TRUE(outline->complete);
}

TEST(XmlOutline, ReadsAnEmcsHeader) {
  const auto outline = read_outline(emcs);
  ASSERT_TRUE(outline) << outline.error().what;
  EXPECT_EQ(outline->root.namespace_uri, "urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:IE815:V3.13");
  EXPECT_EQ(outline->root.local_name, "IE815");
  EXPECT_EQ(field(*outline, "Header/MessageSender"), "NDEA.NL");
  EXPECT_EQ(field(*outline, "Header/CorrelationIdentifier"), "C-1");
}

TEST(XmlOutline, ReadsAnElogbookReportInIso88592) {
  const auto outline = read_outline(
      "<?xml version='1.0' encoding='iso-8859-2'?><nlvis:NLERS "
      "xmlns:nlvis=\"http://www.vishub.nl/xsd/NLVIS-Basis-v2.0\">"
      "<nlvis:NAD>VCC</nlvis:NAD><nlvis:NFR>NLD</nlvis:NFR><nlvis:RN>NLD2012\xB1</nlvis:RN><nlvis:NLLOG><nlvis:NLDEP "
      "PO=\"NLIJM\"/></nlvis:NLLOG></nlvis:NLERS>");
  ASSERT_TRUE(outline) << outline.error().what;
  EXPECT_EQ(outline->declaration.encoding, "iso-8859-2");
  EXPECT_EQ(outline->root.local_name, "NLERS");
  EXPECT_EQ(field(*outline, "NAD"), "VCC");
  EXPECT_EQ(field(*outline, "RN"), "NLD2012\xC4\x85");
  EXPECT_EQ(field(*outline, "NLLOG/NLDEP"), "");
}

// §2.1 "encodings iso-8859-1/2/15, UTF-8/16"
TEST(XmlOutline, GivesUtf8OutOfEveryEncoding) {
  const auto value = [](std::string_view document) {
    const auto outline = read_outline(document);
    return outline ? field(*outline, "b") : outline.error().code;
  };
  EXPECT_EQ(value("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a><b>\xE9\xA4</b></a>"), "\xC3\xA9\xC2\xA4");
  EXPECT_EQ(value("<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><a><b>\xE9\xA4</b></a>"), "\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(value("<a><b>\xE2\x82\xAC</b></a>"), "\xE2\x82\xAC");
  EXPECT_EQ(value("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><a><b>x</b></a>"), "x");
  for (const bool big : {false, true}) {
    EXPECT_EQ(value(utf16("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a><b>x</b></a>", big, true)), "x");
    EXPECT_EQ(value(utf16("<a><b>x</b></a>", big, true)), "x");
  }
}

TEST(XmlOutline, RefusesOctetsThatAreNotInTheEncoding) {
  EXPECT_EQ(code("<a><b>\xE9\xE9</b></a>"), "xml.syntax");
  EXPECT_EQ(code("<?xml version=\"1.0\" encoding=\"us-ascii\"?><a><b>\xE9\xE9</b></a>"), "xml.encoding");
}

TEST(XmlOutline, RefusesEveryDoctype) {
  EXPECT_EQ(code("<!DOCTYPE a><a/>"), "xml.doctype");
  EXPECT_EQ(code("<?xml version=\"1.0\"?><!-- x --><!DOCTYPE a SYSTEM \"a.dtd\"><a/>"), "xml.doctype");
  EXPECT_EQ(code("<!DOCTYPE a PUBLIC \"x\" \"http://x.test/a.dtd\"><a/>"), "xml.doctype");
  EXPECT_EQ(code(utf16("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", true, true)), "xml.doctype");
}

TEST(XmlOutline, RefusesExternalEntitiesAndTheirBombs) {
  EXPECT_EQ(code("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a><b>&x;</b></a>"), "xml.doctype");
  EXPECT_EQ(code("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://x.test/p\"> %p;]><a/>"), "xml.doctype");
  std::string laughs = "<!DOCTYPE a [<!ENTITY l0 \"lol\">";
  for (int i = 1; i < 10; ++i)
    laughs += "<!ENTITY l" + std::to_string(i) + " \"" + repeated("&l" + std::to_string(i - 1) + ";", 10) + "\">";
  EXPECT_EQ(code(laughs + "]><a><b>&l9;</b></a>"), "xml.doctype");
}

TEST(XmlOutline, RefusesAnEntityThatNothingDeclares) {
  EXPECT_EQ(code("<a><b>&x;</b></a>"), "xml.syntax");
}

TEST(XmlOutline, ReadsPredefinedEntitiesCharacterReferencesAndCdata) {
  EXPECT_EQ(field(*read_outline("<a><b>&lt;&#233;<![CDATA[<x>]]></b></a>"), "b"), "<\xC3\xA9<x>");
}

TEST(XmlOutline, ReadsReferencesInAttributes) {
  const auto outline = read_outline("<a v='&amp;&#38;&amp;#38;&lt;&quot;'/>");
  ASSERT_TRUE(outline);
  EXPECT_EQ(*outline->root.attribute("v"), "&&&#38;<\"");
}

TEST(XmlOutline, DoesNotFollowXInclude) {
  const auto outline = read_outline(
      "<a xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"/etc/passwd\" parse=\"text\"/><b>x</b></a>");
  ASSERT_TRUE(outline);
  EXPECT_EQ(field(*outline, "include"), "");
  EXPECT_EQ(field(*outline, "b"), "x");
}

TEST(XmlOutline, RefusesAHundredThousandAttributesBeforeComparingEachWithEach) {
  std::string attributes;
  for (int i = 0; i < 100'000; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
  OutlineLimits wide;
  wide.octets = 16 * 1024 * 1024;
  EXPECT_EQ(code("<a" + attributes + "/>"), "xml.limit");
  EXPECT_EQ(code("<a" + attributes + "/>", wide), "xml.limit");
  EXPECT_EQ(code("<a><b" + attributes + "/></a>", wide), "xml.limit");
}

TEST(XmlOutline, CapsAttributesNamespacesNamesAndDepth) {
  std::string attributes;
  std::string spaces;
  for (int i = 0; i < 65; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
  for (int i = 0; i < 33; ++i) spaces += " xmlns:n" + std::to_string(i) + "=\"u\"";
  EXPECT_EQ(code("<a" + attributes + "/>"), "xml.limit");
  EXPECT_EQ(code("<a><b" + attributes + "/></a>"), "xml.limit");
  EXPECT_EQ(code("<a" + spaces + "/>"), "xml.limit");
  EXPECT_EQ(code("<a b=\"" + std::string(4097, 'x') + "\"/>"), "xml.limit");
  EXPECT_EQ(code("<" + std::string(257, 'a') + "/>"), "xml.limit");
  EXPECT_EQ(code("<a xmlns=\"" + std::string(257, 'u') + "\"/>"), "xml.limit");
  EXPECT_EQ(code(repeated("<a>", 64) + repeated("</a>", 64)), "");
  EXPECT_EQ(code(repeated("<a>", 65) + repeated("</a>", 65)), "xml.limit");
}

TEST(XmlOutline, RefusesADepthOfAHundredThousand) {
  OutlineLimits wide;
  wide.octets = 16 * 1024 * 1024;
  EXPECT_EQ(code(repeated("<a>", 100'000), wide), "xml.limit");
}

TEST(XmlOutline, RefusesACommentLongerThanTheLimit) {
  OutlineLimits wide;
  wide.octets = 16 * 1024 * 1024;
  EXPECT_EQ(code("<!--" + std::string(100'000, 'x') + "--><a/>", wide), "xml.limit");
}

TEST(XmlOutline, StopsQuietlyAtItsLimitOfOctets) {
  const auto outline = read_outline("<a><h>1</h><body>" + std::string(1'000'000, 'x') + "</body></a>");
  ASSERT_TRUE(outline) << outline.error().what;
  EXPECT_EQ(field(*outline, "h"), "1");
  EXPECT_FALSE(outline->complete);
}

TEST(XmlOutline, StopsQuietlyAtItsLimitOfFields) {
  const auto outline = read_outline("<a>" + repeated("<b>x</b>", 1000) + "</a>");
  ASSERT_TRUE(outline);
  EXPECT_EQ(outline->fields.size(), 128u);
  EXPECT_FALSE(outline->complete);
  const auto inner = read_outline("<a><h>" + repeated("<b>x</b>", 1000) + "</h></a>");
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->fields.size(), 128u);
}

TEST(XmlOutline, CutsALongValueBetweenCharactersAndGivesItToNobody) {
  const auto outline = read_outline("<a><b>" + repeated("\xE2\x82\xAC", 500) + "</b></a>");
  ASSERT_TRUE(outline);
  ASSERT_EQ(outline->fields.size(), 1u);
  EXPECT_TRUE(outline->fields[0].cut);
  EXPECT_EQ(outline->fields[0].value.size(), 1023u);
  EXPECT_EQ(outline->field("b"), nullptr);
}

TEST(XmlOutline, TakesBlanksOffAValue) {
  EXPECT_EQ(
      field(*read_outline("<a><b>" + std::string(3000, ' ') + "\n x y " + std::string(3000, ' ') + "</b></a>"), "b"),
      "x y");
}

TEST(XmlOutline, TakesNoFieldsOutOfMixedTextOrTheThirdLevel) {
  const auto outline = read_outline("<a>t<b>x<c>y</c></b><d><e><f>z</f></e><g>w</g></d></a>");
  ASSERT_TRUE(outline);
  ASSERT_EQ(outline->fields.size(), 1u);
  EXPECT_EQ(outline->fields[0].path, "d/g");
}

TEST(XmlOutline, RefusesWhatIsNotWellFormed) {
  for (const std::string_view document : {"<a><b></a></b>", "<a b=1/>", "<a><b>x</b></a><c/>", "<a></a>x  ", "<p:a/>",
                                          "<a b='' b=''/>", "<a>\x01</a>", "<1>    ", "<a/>&amp;"})
    EXPECT_EQ(code(document), "xml.syntax") << document;
}

TEST(XmlOutline, RefusesWhatIsNoXml) {
  EXPECT_EQ(code("UNB+UNOC:3+A+B'"), "xml.syntax");
  EXPECT_EQ(code("%PDF-1.4 aaaaaaaa"), "xml.syntax");
  EXPECT_EQ(code(""), "xml.incomplete");
  EXPECT_EQ(code("      \r\n      "), "xml.incomplete");
}

TEST(XmlOutline, ReadsEveryPrefixOfADocumentOrSaysWhyNot) {
  for (const std::string& document : {std::string(nctsa), std::string(emcs), utf16(emcs, false, true),
                                      utf16("<?xml version='1.0' encoding='UTF-16'?>" + std::string(emcs), true, false),
                                      "\xEF\xBB\xBF" + std::string(emcs)}) {
    bool rooted = false;
    std::size_t fields = 0;
    for (std::size_t size = 0; size <= document.size(); ++size) {
      const auto outline = read_outline(std::string_view{document}.substr(0, size));
      if (!outline) {
        EXPECT_FALSE(rooted) << size;
        EXPECT_TRUE(outline.error().code == "xml.incomplete" || outline.error().code == "xml.syntax")
            << outline.error().code;
        continue;
      }
      rooted = true;
      EXPECT_GE(outline->fields.size(), fields) << size;  // a longer prefix never shows less
      fields = outline->fields.size();
    }
    EXPECT_TRUE(rooted);
    EXPECT_TRUE(read_outline(document)->complete);
  }
}

TEST(XmlOutline, SurvivesEveryOctetBeingDamaged) {
  std::string document(emcs);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < document.size(); ++i) {
    for (const char damage : {'\0', '<', '&', '\xFF', '"'}) {
      const char was = std::exchange(document[i], damage);
      refused += read_outline(document) ? 0 : 1;
      document[i] = was;
    }
  }
  EXPECT_GT(refused, document.size());
}

// A real document, when the folder with the authorities' samples lies beside the project.
TEST(XmlOutline, ReadsAnImportDeclarationAsFinnishCustomsPublishesIt) {
  std::filesystem::path root = std::filesystem::path(__FILE__).parent_path();
  while (!std::filesystem::exists(root / "CMakePresets.json") && root != root.parent_path()) root = root.parent_path();
  std::ifstream file(root.parent_path() / "shared" / "samples" / "tulli" / "FI415B.xml", std::ios::binary);
  if (!file) GTEST_SKIP() << "no ../shared/samples/tulli/FI415B.xml beside the project: nothing was compared";
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  const auto outline = read_outline(document);
  ASSERT_TRUE(outline) << outline.error().what;
  EXPECT_EQ(outline->root.local_name, "FI415B");
  EXPECT_EQ(outline->root.namespace_uri, "http://tulli.fi/schema/external/import/ext/v3");
  EXPECT_EQ(field(*outline, "FunctionalReference"), "Esimerkki");
  EXPECT_EQ(field(*outline, "Declarant/Identification"), "FI6619444-2");
  EXPECT_TRUE(outline->complete);
}

TEST(XmlOutline, ReadsInManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i)
        if (read_outline(nctsa) && !read_outline("<a>&x;</a>")) ++good;
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace sluis::xml
