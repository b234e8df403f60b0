// The POP3 server against a client that says anything.
#include "protocols/pop3/server.h"

#include <array>
#include <set>

#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::pop3;

namespace {

constexpr std::array<std::string_view, 3> mails{"A: 1\r\n\r\n.one\r\n", "A: 2\r\n\r\n1\r\n2\r\n3\r\n", "A: 3\r\n\r\n"};

class Owner {
 public:
  Owner(const ServerConfig& config, unsigned choice)
      : server(config), refuses_commits((choice & 16U) != 0), loses_mails((choice & 32U) != 0) {}

  void act() {
    for (auto actions = server.take_actions(); !actions.empty(); actions = server.take_actions())
      for (auto& action : actions) std::visit([this](auto& a) { on(a); }, action);
  }

  Server server;
  std::string sent;
  std::size_t asked = 0, granted = 0, commits = 0, released = 0, closes = 0;
  int starttls = 0;

 private:
  void on(Send& a) { sent += a.bytes; }
  void on(StartTls&) { ++starttls; }
  void on(Authenticate& a) {
    ++asked;
    if (a.presented.username != "acme" || !sasl::verify(a.presented, Secret{"s3cret"}))
      return server.auth_result(AuthResult::refused);
    ++granted;
    Maildrop maildrop;
    for (const std::string_view mail : mails)
      maildrop.push_back({"uid-" + std::to_string(maildrop.size()), mail.size()});
    server.auth_result(AuthResult::granted, maildrop);
  }
  void on(FetchMail& a) {
    require(commits + released < granted, "no mail outside a login");
    require(a.index < mails.size(), "no mail that is not there");
    if (loses_mails) return server.mail_failed();
    const std::string_view mail = mails[a.index];
    if (server.mail_data(mail.substr(0, 5), false)) server.mail_data(mail.substr(5), true);
  }
  void on(Commit& a) {
    ++commits;
    const std::set<std::size_t> unique(a.deleted.begin(), a.deleted.end());
    require(unique.size() == a.deleted.size(), "each deletion once");
    require(unique.empty() || *unique.rbegin() < mails.size(), "no deletion of what is not there");
    server.commit_result(!refuses_commits);
  }
  void on(Released&) { ++released; }
  void on(Close&) { ++closes; }
  void on(SetDeadline&) {}

  bool refuses_commits;
  bool loses_mails;
};

ServerConfig config_of(unsigned choice) {
  constexpr std::array modes{ServerTls::none, ServerTls::offered, ServerTls::required, ServerTls::implicit};
  ServerConfig config;
  config.tls = modes[choice % modes.size()];
  config.allow_clear_login = (choice & 4U) != 0;
  config.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5};
  config.cram_challenge = [] { return std::string("<1896.697170952@pop.example.test>"); };
  return config;
}

}  // namespace

// The first octet chooses the configuration.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ServerConfig config = config_of(data[0]);
  Owner owner(config, data[0]);
  std::string_view input = text(data + 1, size - 1);
  std::size_t lines = 0;
  int established = 0;
  owner.server.start();
  owner.act();
  while (true) {
    if (owner.starttls > established) {
      ++established;
      owner.server.on_tls_established();
      owner.act();
    }
    if (input.empty()) break;
    const std::string_view piece = take_piece(input);
    for (const char c : piece) lines += c == '\n' ? 1 : 0;
    owner.server.on_bytes(piece);
    owner.act();
    require(config.allow_clear_login || established > 0 || owner.asked == 0, "no login in clear text");
  }
  if (data[0] >= 128) owner.server.shutdown();
  owner.act();
  owner.server.on_closed("end");
  owner.act();

  require(owner.closes == 1, "a session ends once");
  require(owner.granted <= 1, "one login in a session");
  require(owner.commits <= owner.granted, "no commit without a login");
  require(owner.commits + owner.released >= owner.granted, "each maildrop is settled");
  require(is_canonical(owner.sent), "a server sends whole lines, and CR and LF only together");
  require(owner.sent.size() <= 1024 * (lines + 4), "what is answered is bounded by what was asked");
  return 0;
}
