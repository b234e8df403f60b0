// MIME: mail of any kind, in pieces of any size; and any payload in a mail that we built.
#include "protocols/mime/builder.h"
#include "protocols/mime/message.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocols/mime/mail_reading.h"

using namespace sluis;
using namespace sluis::fuzz;

namespace {

mime::Tolerances tolerances_of(unsigned choice) {
  mime::Tolerances all = mime::Tolerances::none();
  if ((choice & 1U) == 0) return {};
  for (std::size_t i = 0; i < mime::tolerance_count; ++i) all.allow(static_cast<mime::Tolerance>(i));
  return all;
}

void read_any(std::string_view mail, unsigned choice) {
  mime::Limits limits;
  limits.depth = 4;
  limits.parts = 20;
  limits.descend_messages = (choice & 2U) != 0;
  const mime::Tolerances tolerances = tolerances_of(choice);
  const auto whole = mime::test::read(mail, tolerances, limits);
  const auto octets = mime::test::read(mail, tolerances, limits, 1);
  require(whole.error == octets.error, "a mail is refused or taken however it is cut");
  require(!whole.error.empty() || whole.story == octets.story, "a mail reads the same however it is cut");
  require(whole.story.size() <= limits.parts, "no more entities than the limit");
  std::size_t kept = 0;
  for (const std::string& entity : whole.story) kept += entity.size();
  require(kept <= mail.size() * 2 + 64 * (limits.parts + 1), "decoding does not grow a mail");
  const auto message = mime::parse_message(mail, {limits, 4096}, tolerances);
  if (message.ok()) (void)mime::payload_parts(message->root);
}

void build_and_read(std::string_view payload, std::string_view name, unsigned choice) {
  mime::MailSpec spec;
  spec.from = {"", "a", "example.nl"};
  spec.to = {{std::string(name.substr(0, 30)), "b", "example.nl"}};
  spec.message_id = "1@example.nl";
  spec.subject = std::string(name);
  spec.boundary = "b-1";
  spec.cover_text = std::string(name);
  spec.form = (choice & 4U) != 0 ? mime::Form::attachment : mime::Form::body;
  spec.parts = {{"application/EDIFACT", "", std::string(name), (choice & 8U) != 0}};
  const auto mail = mime::build_mail(spec, {payload});
  if (!mail.ok()) return;
  require(is_canonical(*mail), "a built mail has CR and LF only together");
  const auto read = mime::parse_message(*mail, {}, mime::Tolerances::none());
  require(read.ok(), "a built mail is read by the strictest reader");
  require(!read->findings.ambiguous(), "a built mail has one meaning");
  const auto parts = mime::payload_parts(read->root);
  require(parts.size() == 1 && parts.front()->body == payload, "parse(build(x)) = x");
  mime::PayloadProof proof;
  require(proof.feed(*mail).ok(), "a built mail can be proven");
  const auto digests = proof.finish();
  require(digests.ok() && digests->size() == 1 && digests->front() == sha256(payload), "the proof is of the payload");
}

}  // namespace

// The first octet chooses; the rest is a mail, or a file name of at most 80 octets up to the first 0x01 and a payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input = text(data + 1, size - 1);
  read_any(input, data[0]);
  const std::string_view name = take_piece(input).substr(0, 80);
  build_and_read(input, name, data[0]);
  return 0;
}
