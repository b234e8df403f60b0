// GMime as an independent oracle (digipoort.md §4.6): where our reader calls a mail unambiguous, both see the same
// parts and the same octets.
#include <gmime/gmime.h>
#include <gtest/gtest.h>

#include <random>

#include "protocols/mime/builder.h"
#include "protocols/mime/lexical.h"
#include "protocols/mime/message.h"
#include "tests/protocols/mime/mail_reading.h"

namespace sluis::mime {
namespace {

void gmime_leaves(GMimeObject* object, std::vector<std::string>& out) {
  if (object == nullptr) return;
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* multipart = GMIME_MULTIPART(object);
    for (int i = 0; i < g_mime_multipart_get_count(multipart); ++i)
      gmime_leaves(g_mime_multipart_get_part(multipart, i), out);
    return;
  }
  GMimeContentType* type = g_mime_object_get_content_type(object);
  std::string line =
      lower(std::string(g_mime_content_type_get_media_type(type)) + "/" + g_mime_content_type_get_media_subtype(type));
  if (GMIME_IS_PART(object)) {
    if (const char* name = g_mime_part_get_filename(GMIME_PART(object))) line += " " + std::string(name);
    GMimeStream* memory = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(object)), memory);
    const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    std::string body(reinterpret_cast<const char*>(bytes->data), bytes->len);
    // GMime leaves the CR of the line end that belongs to a boundary; no body of these tests ends in one of its own.
    if (body.ends_with('\r')) body.pop_back();
    line += " [" + body + "]";
    g_object_unref(memory);
  }
  out.push_back(line);
}

std::vector<std::string> as_gmime_sees(const std::string& mail) {
  GMimeStream* stream = g_mime_stream_mem_new_with_buffer(mail.data(), mail.size());
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* message = g_mime_parser_construct_message(parser, nullptr);
  std::vector<std::string> out;
  if (message != nullptr) {
    gmime_leaves(g_mime_message_get_mime_part(message), out);
    g_object_unref(message);
  }
  g_object_unref(parser);
  g_object_unref(stream);
  return out;
}

void our_leaves(const Entity& entity, std::vector<std::string>& out) {
  if (!entity.info.composite) {
    std::string line = entity.info.type.name();
    if (!entity.info.file_name.empty()) line += " " + entity.info.file_name;
    // GMime makes a tree of message/rfc822; only that it is there is compared.
    if (!entity.info.type.is("message/rfc822")) line += " [" + entity.body + "]";
    out.push_back(line);
  }
  for (const Entity& child : entity.children) our_leaves(child, out);
}

std::vector<std::string> as_we_see(const Entity& root) {
  std::vector<std::string> out;
  our_leaves(root, out);
  return out;
}

class MimeOracle : public testing::Test {
 protected:
  static void SetUpTestSuite() { g_mime_init(); }
  static void TearDownTestSuite() { g_mime_shutdown(); }
};

TEST_F(MimeOracle, SeesInABuiltMailWhatWasPutIn) {
  MailSpec spec;
  spec.from = {"Caf\xC3\xA9 B.V.", "acme", "mail.example"};
  spec.to = {{"", "uitvoer", "douane.example"}};
  spec.date = ManualClock().wall();
  spec.message_id = "01J@gw.example";
  spec.subject = "Aangifte \xE2\x82\xAC";
  spec.form = Form::attachment;
  spec.boundary = "=_sluis";
  spec.cover_text = "Zie bijlage.";
  spec.parts = {{"application/xml", "utf-8", "\xE2\x82\xAC aangifte.xml", true},
                {"application/EDIFACT", "", "I.edi", true}};
  const std::string payload(100'000, 'x');
  const auto built = build_mail(spec, {"<a/>", payload});
  ASSERT_TRUE(built);
  EXPECT_EQ(as_gmime_sees(*built), (std::vector<std::string>{"text/plain [Zie bijlage.\r\n]",
                                                             "application/xml \xE2\x82\xAC aangifte.xml [<a/>]",
                                                             "application/edifact I.edi [" + payload + "]"}));
}

// A random mail out of the pieces that mails are made of, well and badly put together.
std::string random_mail(std::mt19937& random) {
  const auto pick = [&](std::initializer_list<const char*> from) {
    return std::string(from.begin()[random() % from.size()]);
  };
  std::string out(test::top);
  out += "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=" + pick({"b", "\"b\"", "bb", "\"b b\""}) +
         "\r\n\r\n";
  for (std::size_t lines = random() % 14; lines > 0; --lines)
    out += pick({"--b\r\n", "--b\r\n", "--b\r\n\r\n", "--bb\r\n", "--b--\r\n", "--bb--\r\n", "\r\n", "text\r\n",
                 "-- \r\n", "VU5B\r\n",
                 "--b\r\nContent-Type: application/xml; name=\"a.xml\"\r\nContent-Transfer-Encoding: "
                 "base64\r\n\r\nPGEvPg==\r\n",
                 "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc \r\n",
                 "--b\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n",
                 "--bb\r\nContent-Type: text/html\r\n\r\n<p>\r\n",
                 "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n"});
  return out + pick({"--b--\r\n", "--bb--\r\n--b--\r\n", "--b--", ""});
}

TEST_F(MimeOracle, AgreesOnEveryMailThatWeCallUnambiguous) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int compared = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random_mail(random);
    const auto ours = parse_message(text);
    if (!ours || ours->findings.ambiguous()) continue;
    ++compared;
    ASSERT_EQ(as_we_see(ours->root), as_gmime_sees(text)) << text;
  }
  EXPECT_GT(compared, 200);
}

}  // namespace
}  // namespace sluis::mime
