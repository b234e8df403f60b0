// The SMTP server against a client that says anything.
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocols/smtp/server_session.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::smtp;

namespace {

constexpr std::uint64_t largest_mail = 2048;
constexpr std::string_view commit_text = "queued as 01TEST";

ServerConfig config_of(unsigned choice) {
  ServerConfig config = test::open_server();
  config.limits.message_size = largest_mail;
  config.tls = (choice & 1U) != 0 ? TlsState::offered : TlsState::unavailable;
  config.require_tls = (choice & 2U) != 0;
  config.require_auth = (choice & 4U) != 0;
  config.allow_clear_auth = (choice & 2U) == 0;
  config.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5,
                       sasl::Mechanism::external};
  config.cram_challenge = [] { return std::string("<1896.697170952@mx.example.test>"); };
  config.features.space_before_path = (choice & 8U) != 0;
  return config;
}

std::size_t count(std::string_view haystack, std::string_view needle) {
  std::size_t found = 0;
  for (std::size_t at = haystack.find(needle); at != std::string_view::npos; at = haystack.find(needle, at + 1))
    ++found;
  return found;
}

// Content as RFC 5321 has it: whole lines, none above the limit.
void check_content(std::string_view content) {
  DotEncoder encoder;
  std::string wire;
  require(encoder.encode(content, wire).ok(), "content that was taken is canonical, in lines within the limit");
  require(encoder.finish(wire).ok(), "content that was taken can be sent on");
  require(wire.ends_with(".\r\n") && is_canonical(content), "content that was taken ends in CR LF");
}

void check_replies(std::string_view sent) {
  require(is_canonical(sent), "a server sends whole lines, and CR and LF only together");
  for (; !sent.empty(); sent.remove_prefix(sent.find('\n') + 1)) {
    require(sent.find('\n') < 512, "no reply line passes 512 octets");
    require(sent.size() > 4 && sent[0] >= '2' && sent[0] <= '5' && (sent[3] == ' ' || sent[3] == '-'),
            "a reply's form");
  }
}

void check(const test::ServerSession& s, std::string_view heard) {
  require(s.closes == 1, "a session ends once");
  require(s.mails.size() <= s.ends.size(), "no mail without its end");
  require(s.mails.size() + s.aborts.size() <= s.mail_from.size(), "a mail is kept or voided once");
  require(count(s.sent, commit_text) <= s.mails.size(), "no 250 to a final dot without a commit");
  const std::string unstuffed = without_leading_dots(heard);
  std::size_t at = 0;
  for (const test::ReceivedMail& mail : s.mails) {
    require(mail.content.size() <= largest_mail, "no mail above the limit");
    require(!mail.envelope.recipients.empty() && mail.envelope.recipients.size() <= 100,
            "recipients, within the limit");
    check_content(mail.content);
    at = unstuffed.find(mail.content + "\r\n", at);
    require(at != std::string_view::npos, "what was taken was sent, in that order");
    at += mail.content.size() + 2;
  }
  require(s.sent.size() <= 2048 * (count(heard, "\n") + 8), "what is answered is bounded by what was asked");
  check_replies(s.sent);
}

}  // namespace

// The first octet chooses the configuration, the second how the owner answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ServerConfig config = config_of(data[0]);
  test::ServerSession s(config);
  s.hold_auth = (data[1] & 1U) != 0;
  s.hold_mail = (data[1] & 2U) != 0;
  s.hold_rcpt = (data[1] & 4U) != 0;
  s.hold_data = (data[1] & 8U) != 0;
  if ((data[1] & 16U) != 0) s.data_reply = Reply{452, "4.3.1", "disk full"};
  std::string_view input = text(data + 2, size - 2);
  const std::string heard = without_turns(input);

  int established = 0;
  s.server.start();
  s.run();
  while (!input.empty()) {
    s.server.on_bytes(take_piece(input));
    s.run();
    while (s.answer()) s.run();
    require(s.mail_from.empty() || !config.require_tls || established > 0, "no mail in clear where TLS is required");
    require(s.mail_from.empty() || !config.require_auth || s.presented, "no mail of a stranger where AUTH is required");
    if (s.starttls > established) {
      ++established;
      s.server.on_tls_established((data[1] & 32U) != 0);
      s.run();
    }
  }
  if (data[0] >= 128) s.server.shutdown();
  s.run();
  s.server.on_closed("end");
  s.run();
  while (s.answer()) s.run();
  check(s, heard);
  return 0;
}
