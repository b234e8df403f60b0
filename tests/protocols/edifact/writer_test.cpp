#include <gtest/gtest.h>

#include <string>

#include "protocols/edifact/interchange.h"
#include "protocols/edifact/writer.h"

namespace sluis::edifact {
namespace {

InterchangeHeader header() {
  InterchangeHeader h;
  h.syntax_id = "UNOC";
  h.version = "3";
  h.sender = {"A'S + B", "14"};
  h.recipient = {"NLDOUANE", ""};
  h.date = "260101";
  h.time = "1200";
  h.control_reference = "R?1";
  return h;
}

MessageHeader message(std::string reference) {
  MessageHeader m;
  m.reference = std::move(reference);
  m.type = "CUSDEC";
  m.version = "D";
  m.release = "96B";
  m.agency = "UN";
  m.document_name_code = "830";
  m.document_number = "LRN:1";
  m.references = {{"ABE", "x+y"}};
  return m;
}

TEST(EdifactWriter, ReleasesSeparatorsInText) {
  EXPECT_EQ(escape("a+b:c'd?e", {}), "a?+b?:c?'d??e");
}

TEST(EdifactWriter, LeavesOutEmptyTails) {
  InterchangeWriter writer(header());
  writer.begin_message(message("1"));
  writer.segment("LOC", {{"9"}, {"", "x", ""}, {}, {""}});
  writer.end_message();
  EXPECT_EQ(writer.finish(),
            "UNB+UNOC:3+A?'S ?+ B:14+NLDOUANE+260101:1200+R??1'UNH+1+CUSDEC:D:96B:UN'BGM+830+LRN?:1'RFF+ABE:x?+y'"
            "LOC+9+:x'UNT+5+1'UNZ+1+R??1'");
}

TEST(EdifactWriter, IsReadBackWithAnySeparatorsAndLineEnds) {
  for (const Separators& separators : {Separators{}, Separators{'|', '^', ',', '\\', '~'}})
    for (const auto* line_end : {"", "\n", "\r\n"}) {
      InterchangeHeader h = header();
      h.separators = separators;
      h.una = true;
      h.ack_request = true;
      h.test_indicator = "1";
      InterchangeWriter writer(h, line_end);
      for (const auto* reference : {"1", "2"}) {
        writer.begin_message(message(reference));
        writer.end_message();
      }
      const auto read = read_interchange(writer.finish());
      ASSERT_TRUE(read.ok()) << read.error().what;
      EXPECT_EQ(read->separators, separators);
      EXPECT_EQ(read->sender, h.sender);
      EXPECT_EQ(read->control_reference, "R?1");
      EXPECT_TRUE(read->ack_request);
      EXPECT_TRUE(read->test());
      ASSERT_EQ(read->messages.size(), 2U);
      EXPECT_EQ(read->messages[1].document_number, "LRN:1");
      EXPECT_EQ(read->messages[1].references, (std::vector<Reference>{{"ABE", "x+y"}}));
    }
}

}  // namespace
}  // namespace sluis::edifact
