// The SMTP client against a server that says anything.
#include <array>

#include "core/runtime/base64.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/protocols/smtp/client_session.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::smtp;

namespace {

constexpr std::string_view password = "wachtwoord";

ClientConfig config_of(unsigned choice) {
  ClientConfig config = test::clear_client();
  constexpr std::array modes{TlsMode::none, TlsMode::starttls_required, TlsMode::implicit};
  config.tls = modes[choice % modes.size()];
  config.mechanisms = {sasl::Mechanism::cram_md5, sasl::Mechanism::plain, sasl::Mechanism::login};
  if ((choice & 4U) != 0) config.mechanisms.clear();
  config.credentials = {"klant-1", Secret{std::string(password)}};
  config.allow_clear_auth = true;
  config.pipelining = (choice & 8U) != 0;
  config.max_transactions = 3;
  return config;
}

// How often a 3xx line is followed, at once or later, by a 2xx line: no more mails than that can have been accepted.
std::size_t go_aheads_with_success(std::string_view heard) {
  std::size_t count = 0;
  bool go_ahead = false;
  for (std::size_t at = 0; at < heard.size(); at = heard.find('\n', at) + 1) {
    if (heard[at] == '2' && go_ahead) ++count;
    if (heard[at] == '2' || heard[at] == '3') go_ahead = heard[at] == '3';
    if (heard.find('\n', at) == std::string_view::npos) break;
  }
  return count;
}

void check(const test::ClientSession& s, std::size_t submitted, std::string_view heard) {
  require(s.closes == 1, "a session ends once");
  require(s.failures.size() <= 1, "a session fails once at most");
  require(s.results.size() == submitted, "each mail has one result");
  std::size_t accepted = 0;
  for (const TransactionResult& result : s.results) {
    require(int{result.accepted} + int{result.in_doubt} + int{result.safe_to_retry} <= 1, "one verdict of a mail");
    require(result.accepted == !result.failure.has_value(), "a mail that was not accepted says why");
    require(!result.accepted || (result.final_reply && result.final_reply->positive()), "accepted by a 2xx");
    accepted += result.accepted ? 1 : 0;
  }
  require(accepted <= go_aheads_with_success(heard), "no success without a 2xx after the content");
  const std::string sent = s.open_text + s.secret_text;
  require(is_canonical(s.sent), "a client sends whole lines, and CR and LF only together");
  require(s.open_text.find(password) == std::string::npos, "passwords are marked secret");
  require(s.open_text.find(base64_encode(password)) == std::string::npos, "passwords are marked secret, encoded too");
  require(sent.size() <= 16'384 + submitted * 16'384, "what is sent does not grow with what is heard");
}

}  // namespace

// The first octet chooses the configuration, the second the mail.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  test::ClientSession s(config_of(data[0]));
  if ((data[1] & 1U) != 0) s.content = "a bare LF\nin a stored mail\r\n";
  if ((data[1] & 2U) != 0) s.content = ".\r\n..\r\nno line end";
  Transaction mail = test::one_mail();
  if ((data[1] & 4U) != 0) mail.recipients = {"b@example.test", "c@example.test", "bad <\r\n>"};
  if ((data[1] & 8U) != 0) mail.eight_bit = true;
  std::string_view input = text(data + 2, size - 2);
  const std::string heard = without_turns(input);

  std::size_t submitted = 0;
  int established = 0;
  s.client.start();
  s.run();
  while (true) {
    if (s.starttls > established) {
      ++established;
      s.client.on_tls_established((data[1] & 16U) != 0);
      s.run();
    }
    if (s.client.stage() == Stage::ready) {
      if (submitted == 4) s.client.quit();
      if (submitted < 4 && s.client.submit(mail).ok()) ++submitted;
      s.run();
    }
    if (input.empty()) break;
    s.client.on_bytes(take_piece(input));
    s.run();
  }
  if (data[0] >= 128) s.client.on_timeout();
  s.run();
  s.client.on_closed("end");
  s.run();
  const bool clear = config_of(data[0]).tls == TlsMode::none;
  require(clear || established > 0 || (s.secret_text.empty() && submitted == 0), "nothing of value in clear text");
  check(s, submitted, heard);
  return 0;
}
