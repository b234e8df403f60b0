// The client half of SMTP (RFC 5321; STARTTLS RFC 3207, AUTH RFC 4954, PIPELINING RFC 2920, SIZE RFC 1870, 8BITMIME
// RFC 6152, DSN RFC 3461), without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/sasl/sasl.h"
#include "protocols/smtp/actions.h"
#include "protocols/smtp/capabilities.h"
#include "protocols/smtp/dot_stuffing.h"
#include "protocols/smtp/envelope.h"
#include "protocols/smtp/reply.h"

namespace sluis::smtp {

// `implicit`: TLS from the first octet (RFC 8314). `none` is for a peer inside a tunnel of its own.
enum class TlsMode { none, starttls_required, implicit };

enum class Stage {
  connect,
  tls,
  greeting,
  ehlo,
  starttls,
  auth,
  ready,
  mail,
  rcpt,
  data,
  content,
  final_dot,
  rset,
  quit,
  closed
};
SLUIS_PROTOCOLS_API std::string_view to_string(Stage stage);  // "final_dot", …

// RFC 5321 §4.5.3.2 where it gives a value.
struct ClientTimeouts {
  Duration greeting = 5min;
  Duration ehlo = 5min;
  Duration starttls = 2min;
  Duration tls = 1min;
  Duration auth = 5min;
  Duration mail = 5min;
  Duration rcpt = 5min;
  Duration data = 2min;
  Duration block = 3min;  // one piece of content must leave, or be brought by the owner, in this time
  Duration final_dot = 10min;
  Duration idle = 1min;  // ready, and nothing submitted: QUIT
  Duration quit = 30s;
};

struct ClientConfig {
  std::string ehlo;  // our name; a host name or an address literal
  TlsMode tls = TlsMode::starttls_required;
  // In order of preference; empty: no AUTH. EXTERNAL is used only where a client certificate was shown.
  std::vector<sasl::Mechanism> mechanisms;
  sasl::Credentials credentials;
  ClientTimeouts timeouts;
  ReplyLimits replies;
  std::size_t max_text_line = 1000;    // with CR LF; 0: no limit
  std::uint64_t max_size = 0;          // our own cap beside the server's SIZE; 0: none
  bool want_dsn = true;                // use DSN where it is offered
  bool pipelining = true;              // use it where it is offered
  std::size_t max_transactions = 100;  // then QUIT; 0: no limit
  bool allow_clear_auth = false;       // AUTH without TLS, with TlsMode::none only; counted in clear_auth()
};

struct Transaction {
  std::string reverse_path;             // without brackets; empty for the null path
  std::vector<std::string> recipients;  // without brackets
  std::uint64_t size = 0;               // octets of the content, 0: not known
  bool eight_bit = false;               // the content has octets above 127
  Dsn dsn;
};

enum class Scope { message, account, channel };
SLUIS_PROTOCOLS_API std::string_view to_string(Scope scope);

// Why a session or a transaction ended. `scope` says whom it concerns: this mail, every mail of this account, or every
// mail to this peer. `permanent`: the same attempt would fail again.
struct SessionError {
  Stage stage = Stage::connect;
  Error error;
  std::optional<Reply> reply;
  Scope scope = Scope::channel;
  bool permanent = false;
};

struct RecipientResult {
  std::string address;
  bool accepted = false;  // RCPT was accepted; the mail itself only when TransactionResult::accepted, too
  Reply reply;            // code 0: none came
};

// One per transaction that submit() took, always.
struct TransactionResult {
  bool accepted = false;       // 2xx to the final dot: the peer has it, for the accepted recipients
  bool in_doubt = false;       // the final dot left and no reply was read: the peer may have it
  bool safe_to_retry = false;  // the peer does not have it, and it was not refused for good
  Stage stage = Stage::mail;   // how far it came
  std::vector<RecipientResult> recipients;
  std::optional<Reply> final_reply;     // the one that decided
  std::string peer_text;                // text of the 2xx to the final dot: the peer's queue id is in it
  std::optional<SessionError> failure;  // set when not accepted
};

// When all that was sent has left: call more_data() once.
struct NeedData {};
// Idle: submit() or quit().
struct Ready {
  Capabilities capabilities;
};
struct TransactionDone {
  TransactionResult result;
};
// The session is over; Close follows.
struct Failed {
  SessionError error;
};

// [Purpose] One session with one server, any number of mails after each other.
// [Use] start() when the connection stands. After each call carry out take_actions() in order. StartTls is the first of
// them with TlsMode::implicit. Each submit() gets one TransactionDone; Failed and Close end the session, Close alone
// ends it after QUIT.
// [Ownership] a value of the owner; holds at most one transaction's envelope, one reply and one piece of content.
// [Threading] one thread at a time.
// [Errors] all through actions. Octets from the peer never make it throw; a reply that does not fit closes the session,
// for a desynchronised one would credit a reply to the wrong command.
// [Durability] a result is told before anything else is sent; the owner records it first.
class SLUIS_PROTOCOLS_API Client {
 public:
  using Config = ClientConfig;
  using Action = std::variant<Send, StartTls, NeedData, Ready, TransactionDone, Failed, Close, SetDeadline>;

  explicit Client(Config config);

  void start();
  void on_bytes(std::string_view bytes);
  void on_tls_established(bool client_cert_used);
  void on_closed(std::string reason);
  void on_timeout();
  // Error "smtp.busy" unless Ready was the last word.
  Status submit(Transaction transaction);
  // The next piece of the content, canonical or nearly so: see DotEncoder. Ignored when no NeedData is open, for the
  // session may have ended while the owner was reading.
  void more_data(std::string_view chunk, bool last);
  // The owner cannot go on with the content (its store failed): the connection ends without the final dot.
  void abandon(std::string reason);
  // QUIT now when idle, otherwise after the current transaction.
  void quit();
  std::vector<Action> take_actions();

  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] std::size_t clear_auth() const { return clear_auth_; }

 private:
  void send(std::string bytes, Stage next, Duration deadline, bool secret = false);
  void fail(Error error, std::optional<Reply> reply, Scope scope, bool permanent);
  void fail_unexpected(const Reply& reply);
  void close();

  void on_reply(const Reply& reply, bool more_follows);
  void on_greeting(const Reply& reply);
  void on_ehlo(const Reply& reply);
  void on_starttls(const Reply& reply, bool more_follows);
  void on_auth(const Reply& reply);
  void on_challenge(const Reply& reply);
  void send_ehlo();
  void authenticate();
  void become_ready();
  void send_quit();

  Status check_transaction(const Transaction& transaction) const;
  std::string mail_command() const;
  std::string rcpt_command(std::size_t index) const;
  bool next_recipient(std::size_t from);
  void on_mail(const Reply& reply);
  void on_rcpt(const Reply& reply);
  void after_recipients();
  void on_data(const Reply& reply);
  void on_final_dot(const Reply& reply);
  SessionError refused(std::string_view code, std::string_view command, const Reply& reply) const;
  void finish(std::optional<SessionError> failure, std::optional<Reply> final_reply);
  void report(std::optional<SessionError> failure);

  Config config_;
  Stage stage_ = Stage::connect;
  ReplyReader reader_;
  std::vector<Action> actions_;
  std::optional<Duration> deadline_;

  bool tls_ = false;
  bool client_cert_ = false;
  bool helo_ = false;
  bool quit_wanted_ = false;
  Capabilities capabilities_;
  std::size_t mechanism_ = 0;  // index of the one tried, or of the first not yet tried
  std::optional<sasl::ClientExchange> exchange_;
  std::optional<Error> cancelled_;  // why "*" was sent
  std::size_t clear_auth_ = 0;

  std::size_t transactions_ = 0;
  std::optional<Transaction> transaction_;
  TransactionResult result_;
  std::vector<bool> skipped_;          // recipients whose address never reaches the wire
  std::size_t recipient_ = 0;          // whose reply comes next
  std::optional<Reply> mail_refused_;  // pipelined: RCPT replies are still to be read
  bool pipelined_ = false;
  bool open_ = false;  // the server holds an envelope: RSET before the next mail
  bool data_wanted_ = false;
  DotEncoder encoder_;
};

}  // namespace sluis::smtp
