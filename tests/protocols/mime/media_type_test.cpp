#include "protocols/mime/media_type.h"

#include <gtest/gtest.h>

namespace sluis::mime {
namespace {

std::string name_in(std::string_view disposition) {
  const auto d = parse_disposition(disposition);
  return d ? file_name(*d, MediaType{}) : d.error().code;
}

TEST(MediaType, ReadsTypeAndParametersInAnyCase) {
  const auto type = parse_media_type("Application/EDIFACT (RFC 1767); Charset=\"us-ascii\" ; name = a.edi;");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->name(), "application/edifact");
  EXPECT_EQ(*type->parameters.find("charset"), "us-ascii");
  EXPECT_EQ(*type->parameters.find("name"), "a.edi");
  EXPECT_FALSE(type->parameters.ambiguous);
}

TEST(MediaType, RefusesWhatHasNoSubtype) {
  for (const std::string_view text : {"", "text", "text/", "/plain", "text plain", "(open"})
    EXPECT_EQ(parse_media_type(text).error().code, "mime.content_type") << text;
}

TEST(MediaType, MarksParametersThatReadersReadDifferently) {
  for (const std::string_view text :
       {"a/b; boundary=x; boundary=y", "a/b; boundary=x y", "a/b; boundary=\"x", "a/b; boundary", "a/b boundary=x",
        "a/b; x*0=a; x*2=c", "a/b; x*=noquotes", "a/b; x*=utf-8''%FF", "a/b; x*=utf-8''%0D", "a/b; x*00=a",
        "a/b; x==", "a/b; boundary=x; boundary*0=y", "a/b; boundary=x; boundary*=utf-8''y"})
    EXPECT_TRUE(parse_media_type(text)->parameters.ambiguous) << text;
}

// RFC 2231 §3, §4, §4.1
TEST(MediaType, ReadsTheExamplesOfRfc2231) {
  EXPECT_EQ(*parse_media_type(
                 "message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore\"")
                 ->parameters.find("url"),
            "ftp://cs.utk.edu/pub/moore");
  EXPECT_EQ(*parse_media_type("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A")
                 ->parameters.find("title"),
            "This is ***fun***");
  EXPECT_EQ(*parse_media_type("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;"
                              " title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"")
                 ->parameters.find("title"),
            "This is even more ***fun*** isn't it!");
}

TEST(MediaType, PrefersTheExtendedFileNameAndDecodesEncodedWords) {
  EXPECT_EQ(name_in("attachment; filename=\"e.edi\"; filename*=utf-8''%C3%A9.edi"), "\xC3\xA9.edi");
  EXPECT_EQ(name_in("attachment; filename=\"=?iso-8859-1?Q?=E9.edi?=\""), "\xC3\xA9.edi");
  EXPECT_EQ(file_name(Disposition{}, *parse_media_type("a/b; name=n.xml")), "n.xml");
}

// digipoort.md §3.5 "filename sanitised"; DESIGN §7 "names from outside never become paths"
TEST(SafeFileName, NeverIsAPath) {
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\temp\\a.edi"), "a.edi");
  EXPECT_EQ(safe_file_name("/"), "");
  EXPECT_EQ(safe_file_name(".."), "");
  EXPECT_EQ(safe_file_name(".profile"), "profile");
  EXPECT_EQ(safe_file_name("a.edi. "), "a.edi");
  EXPECT_EQ(safe_file_name(std::string_view{"a\0\n\x7F.edi", 8}), "a.edi");
  EXPECT_EQ(safe_file_name("a<b>:\"|?*.edi"), "a_b______.edi");
}

TEST(SafeFileName, IsNoDeviceAndTurnsNoText) {
  EXPECT_EQ(safe_file_name("NUL.xml"), "_NUL.xml");
  EXPECT_EQ(safe_file_name("com1"), "_com1");
  EXPECT_EQ(safe_file_name("console.xml"), "console.xml");
  EXPECT_EQ(safe_file_name("a\xE2\x80\xAElmx.exe"), "almx.exe");
}

TEST(SafeFileName, CutsALongNameBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "\xE2\x82\xAC";
  EXPECT_EQ(safe_file_name(name).size(), 198u);
}

TEST(WriteParameter, WritesWhatReadsBackAsTheSame) {
  for (const std::string& value :
       {std::string("a.edi"), std::string("a \"b\" \\c.edi"), std::string("r\xC3\xA9\x66 \xE2\x82\xAC.xml"),
        std::string(500, 'n'), std::string("100%'*.xml")}) {
    const auto read = parse_disposition("attachment" + write_parameter("filename", value));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->parameters.ambiguous);
    EXPECT_EQ(*read->parameters.find("filename"), value);
  }
}

}  // namespace
}  // namespace sluis::mime
