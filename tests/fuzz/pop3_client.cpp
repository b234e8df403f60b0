// The POP3 client against a server that says anything.
#include "protocols/pop3/client.h"

#include <array>
#include <deque>

#include "core/runtime/base64.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::pop3;

namespace {

constexpr std::string_view password = "s3cret-word";

// Fetches every mail, deletes what came whole, then leaves.
class Owner {
 public:
  explicit Owner(ClientConfig config, std::string_view heard)
      : client(std::move(config)), heard_(without_leading_dots(heard)) {}

  void act() {
    while (carry_out() || give_command()) {}
  }

  Client client;
  std::string sent, open_text, secret_text;
  int starttls = 0, finished = 0, failed = 0, closes = 0;
  bool committed = false, quit_sent = false;

 private:
  bool carry_out() {
    auto actions = client.take_actions();
    for (auto& action : actions) std::visit([this](auto& a) { on(a); }, action);
    return !actions.empty();
  }
  bool give_command() {
    if (!client.ready()) return false;
    if (!remove_.empty()) {
      require(client.remove(std::exchange(remove_, {}).front()).ok(), "DELE when ready");
    } else if (!wanted_.empty()) {
      current_.clear();
      require(client.retrieve(wanted_.front()).ok(), "RETR when ready");
      wanted_.pop_front();
    } else {
      require(client.quit().ok(), "QUIT when ready");
      quit_sent = true;
    }
    return true;
  }

  void on(Send& a) {
    sent += a.bytes;
    (a.secret ? secret_text : open_text) += a.bytes;
  }
  void on(StartTls&) { ++starttls; }
  void on(Listing& a) {
    require(a.entries.size() <= 16, "no more entries than the limit");
    for (const Entry& entry : a.entries) {
      require(entry.number > 0 && (entry.uidl.empty() || is_uidl(entry.uidl)), "an entry is as RFC 1939 has it");
      wanted_.push_back(entry.number);
    }
  }
  void on(MailChunk& a) { current_ += a.bytes; }
  void on(MailEnd& a) {
    require(current_.size() == a.octets, "a mail's octets are those of its chunks");
    ByteStuffer stuffer;
    std::string wire;
    const bool canonical = stuffer.encode(current_, wire).ok() && stuffer.finish(wire).ok();
    require(canonical == !a.irregular, "what is not canonical is marked");
    require(heard_.find(current_ + "\r\n") != std::string::npos || a.irregular, "what was had was sent");
    remove_ = {a.number};
  }
  void on(MailAborted&) {}
  void on(Deleted&) {}
  void on(DeleteRefused&) {}
  void on(LoginDelay&) {}
  void on(Finished& a) {
    ++finished;
    committed = a.committed;
  }
  void on(Failed&) { ++failed; }
  void on(Close&) { ++closes; }
  void on(SetDeadline&) {}

  std::string heard_;
  std::deque<int> wanted_, remove_;
  std::string current_;
};

ClientConfig config_of(unsigned choice) {
  constexpr std::array modes{TlsMode::none, TlsMode::stls_required, TlsMode::implicit};
  ClientConfig config;
  config.tls = modes[choice % modes.size()];
  config.allow_clear = true;
  config.credentials = {"acme", Secret{std::string(password)}};
  if ((choice & 4U) != 0) config.mechanisms = {sasl::Mechanism::cram_md5, sasl::Mechanism::login};
  config.limits.list_entries = 16;
  config.limits.mail_octets = 1024;
  return config;
}

}  // namespace

// The first octet chooses the configuration.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input = text(data + 1, size - 1);
  const std::string heard = without_turns(input);
  const ClientConfig config = config_of(data[0]);
  Owner owner(config, heard);
  int established = 0;
  owner.client.start();
  owner.act();
  while (true) {
    if (owner.starttls > established) {
      ++established;
      owner.client.on_tls_established();
      owner.act();
    }
    if (input.empty()) break;
    owner.client.on_bytes(take_piece(input));
    owner.act();
  }
  if (data[0] >= 128) owner.client.on_timeout();
  owner.act();
  owner.client.on_closed("end");
  owner.act();

  require(owner.closes == 1 && owner.finished + owner.failed == 1, "a session ends once");
  require(!owner.committed || (owner.quit_sent && heard.find("+OK") != std::string::npos), "committed by +OK to QUIT");
  require(is_canonical(owner.sent), "a client sends whole lines, and CR and LF only together");
  require(owner.open_text.find(password) == std::string::npos &&
              owner.open_text.find(base64_encode(password)) == std::string::npos,
          "passwords are marked secret");
  require(config.tls == TlsMode::none || established > 0 || owner.secret_text.empty(), "no password in clear text");
  require(owner.sent.size() <= 8192, "what is sent does not grow with what is heard");
  return 0;
}
