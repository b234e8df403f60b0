// The server half of POP3 (RFC 1939; CAPA and response codes RFC 2449, AUTH codes RFC 3206, STLS RFC 2595, AUTH RFC
// 5034), without I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/pop3/actions.h"
#include "protocols/pop3/byte_stuffing.h"
#include "protocols/pop3/lines.h"
#include "protocols/pop3/top.h"
#include "protocols/sasl/sasl.h"

namespace sluis::pop3 {

// `required`: nothing but CAPA, NOOP, STLS and QUIT before TLS. `implicit`: TLS from the first octet (RFC 8314).
enum class ServerTls { none, offered, required, implicit };

struct ServerLimits {
  std::size_t bad_commands = 10;           // unknown or malformed; then the session ends
  std::size_t login_failures = 3;          // then the session ends; lock-out across sessions is the owner's
  std::size_t pending_octets = 64 * 1024;  // pipelined commands that wait behind a running one
};

struct ServerConfig {
  std::string implementation = "Sluis";  // told after login only
  ServerTls tls = ServerTls::required;
  bool allow_clear_login = false;            // for tests; with `none` and `offered`
  std::optional<std::uint32_t> expire_days;  // none: EXPIRE NEVER
  std::chrono::seconds login_delay{0};       // zero: not announced
  std::vector<sasl::Mechanism> mechanisms{sasl::Mechanism::plain};
  std::function<std::string()> cram_challenge;  // CRAM-MD5 is offered only with it
  Duration idle = 10min;                        // less is taken as the ten minutes of RFC 1939 §3
  ServerLimits limits;
};

struct MaildropEntry {
  std::string uidl;        // RFC 1939 §7: 1 to 70 characters 0x21 to 0x7E, unique here, never given to another mail
  std::uint64_t size = 0;  // octets as ByteStuffer::octets() counts them
};
using Maildrop = std::vector<MaildropEntry>;  // message number n is the entry with index n - 1, for the whole session

// `in_use`: another session has the maildrop. `too_soon`: within the login delay.
enum class AuthResult { granted, refused, in_use, too_soon, temporary };

// Check this and call auth_result(), once.
struct Authenticate {
  sasl::Presented presented;
};
// Bring this mail with mail_data() or call mail_failed(). `top_lines`: TOP; the machine cuts.
struct FetchMail {
  std::size_t index = 0;
  std::optional<std::uint32_t> top_lines;
};
// QUIT: make these deletions durable, all or none, release the maildrop, then call commit_result(), once.
struct Commit {
  std::vector<std::size_t> deleted;
};
// The session ended without a commit: nothing is deleted; release the maildrop.
struct Released {
  std::string reason;
};

// [Purpose] One session of one client with its maildrop.
// [Use] start() when the connection stands. After each call carry out take_actions() in order. `StartTls` comes first
// with
//   ServerTls::implicit. Each auth_result(granted) is followed by exactly one of: Commit that is answered with true, or
//   Released. Released may come after Close, and when the answer to Authenticate or Commit comes after the connection
//   went.
// [Ownership] a value of the owner; holds the listing of one maildrop and the commands that wait, and no mail.
// [Threading] one thread at a time; the owner brings asynchronous answers to it.
// [Errors] all through actions. Octets from the peer never make it throw.
// [Durability] DELE only marks. Deletion happens in Commit, at QUIT, and +OK leaves after commit_result(true) only. A
//   dropped connection or a timeout deletes nothing (RFC 1939 §6).
class SLUIS_PROTOCOLS_API Server {
 public:
  using Config = ServerConfig;
  using Action = std::variant<Send, StartTls, Authenticate, FetchMail, Commit, Released, Close, SetDeadline>;

  explicit Server(Config config);

  void start();
  void on_bytes(std::string_view bytes);
  void on_tls_established();
  void on_closed(std::string_view reason);
  void on_timeout();
  // The gateway stops: -ERR [SYS/TEMP] between commands, and the connection ends. A running commit goes to its end.
  void shutdown();

  void auth_result(AuthResult result, std::optional<Maildrop> maildrop = std::nullopt);
  // True: more is wanted. Content is canonical; a mail that is not, or whose octets are not the announced number, ends
  // the connection without the final dot, for the client would take a piece for the whole, and delete.
  bool mail_data(std::string_view chunk, bool last);
  void mail_failed();
  void commit_result(bool committed);

  std::vector<Action> take_actions();
  // False: a command runs; the owner may stop reading, and must before limits.pending_octets are waiting.
  [[nodiscard]] bool wants_input() const { return wait_ == Wait::none && state_ != State::closed; }

 private:
  enum class State { unstarted, authorization, transaction, update, closed };
  enum class Wait { none, tls, authenticate, mail, commit };
  struct Command {
    std::string keyword;
    std::string_view argument;  // what follows the space, as it came
  };

  void run();
  void command(std::string_view line);
  bool in_authorization(const Command& command);
  bool in_transaction(const Command& command);
  void capa();
  void stls(const Command& command);
  void auth(const Command& command);
  void exchange(std::optional<std::string_view> response);
  void pass(const Command& command);
  void stat();
  void listing(const Command& command, bool uidl);
  void retr(const Command& command, bool top);
  void dele(const Command& command);
  void quit();

  [[nodiscard]] bool login_allowed() const;
  [[nodiscard]] std::vector<sasl::Mechanism> mechanisms() const;
  [[nodiscard]] std::optional<std::size_t> message(std::string_view number) const;
  void reply(std::string_view text);
  void bad(std::string_view text);
  void fail_login(std::string_view text);
  void idle();
  void close(std::string_view reason);
  template <class T>
  void act(T action) {
    actions_.emplace_back(std::move(action));
  }

  Config config_;
  State state_ = State::unstarted;
  Wait wait_ = Wait::none;
  bool secure_ = false;
  bool running_ = false;
  std::string input_;
  LineReader reader_;
  std::size_t bad_commands_ = 0;
  std::size_t login_failures_ = 0;
  std::string user_;                              // from USER, until the next command
  std::optional<sasl::ServerExchange> exchange_;  // AUTH runs: the next line is its answer
  Maildrop maildrop_;
  std::vector<bool> marked_;
  std::size_t mail_ = 0;  // index of the mail that is sent
  std::optional<TopCutter> top_;
  ByteStuffer stuffer_;
  bool mail_begun_ = false;
  std::vector<Action> actions_;
};

}  // namespace sluis::pop3
