// The server half of SMTP (RFC 5321; submission RFC 6409, STARTTLS RFC 3207, AUTH RFC 4954, PIPELINING RFC 2920, SIZE
// RFC 1870, 8BITMIME RFC 6152, ENHANCEDSTATUSCODES RFC 2034, DSN RFC 3461), without I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "protocols/sasl/sasl.h"
#include "protocols/smtp/actions.h"
#include "protocols/smtp/dot_stuffing.h"
#include "protocols/smtp/envelope.h"
#include "protocols/smtp/hop_counter.h"
#include "protocols/smtp/line_reader.h"
#include "protocols/smtp/parameters.h"
#include "protocols/smtp/reply.h"

namespace sluis::smtp {

// `active`: the connection is under TLS before start() (implicit TLS, RFC 8314).
enum class TlsState { unavailable, offered, active };

struct ServerLimits {
  std::uint64_t message_size = 10 * 1024 * 1024;  // advertised with SIZE; 0: no limit
  std::size_t recipients = 100;                   // RFC 5321 §4.5.3.1.8 asks for at least 100
  std::size_t command_line = 512;  // with CR LF; MAIL, RCPT and AUTH get what their parameters need on top
  std::size_t auth_line = 12288;   // RFC 4954 §4
  std::size_t text_line = 1000;    // with CR LF, the stuffed dot not counted
  std::size_t bad_commands = 10;   // this one is answered 421
  std::size_t auth_failures = 3;   // this one is answered 421
  std::size_t received_hops = 50;
  std::size_t transactions = 1000;                   // mails in one session; 0: no limit
  std::size_t waiting_input = 256 * 1024;            // octets held while the owner decides
  std::uint64_t session_bytes = 1024 * 1024 * 1024;  // 0: no limit
  std::uint64_t discarded_bytes = 32 * 1024 * 1024;  // of a refused mail, read for the sake of a clean refusal
  std::size_t block = 16 * 1024;                     // octets of content that must come within ServerTimeouts::block
};

struct ServerTimeouts {
  Duration command = 5min;  // a whole command: octets that trickle in do not prolong it
  Duration tls = 1min;
  Duration block = 3min;
};

struct ServerFeatures {
  bool pipelining = true;
  bool size = true;
  bool eight_bit_mime = true;
  bool dsn = true;
  bool space_before_path = false;  // lenient: "MAIL FROM: <a@b>"; counted in leniencies()
};

struct ServerConfig {
  std::string hostname;
  std::string banner = "ready";
  TlsState tls = TlsState::unavailable;
  bool client_cert = false;                 // with TlsState::active: the client has shown a verified certificate
  bool require_tls = true;                  // before MAIL and AUTH
  bool require_auth = true;                 // before MAIL
  bool allow_clear_auth = false;            // AUTH without TLS: for tests and for peers inside a tunnel
  std::vector<sasl::Mechanism> mechanisms;  // empty: no AUTH. EXTERNAL is offered to those with a client certificate
  std::function<std::string()> cram_challenge;  // a fresh <unique@host>; CRAM-MD5 is not offered without it
  ServerLimits limits;
  ServerTimeouts timeouts;
  ServerFeatures features;
};

// Who is on the other side, as far as is known; what a Received field needs.
struct SLUIS_PROTOCOLS_API Peer {
  std::string helo;
  bool esmtp = false;
  bool tls = false;
  bool client_cert = false;
  std::string identity;                        // authenticated; empty when not
  [[nodiscard]] std::string protocol() const;  // "ESMTPSA" and relatives, RFC 3848
};

enum class AuthVerdict { accepted, rejected, unavailable };

// Answer: auth_result().
struct Authenticate {
  sasl::Presented presented;
};
// Answer: mail_verdict().
struct MailFrom {
  std::string reverse_path;
  MailParameters parameters;
};
// Answer: rcpt_verdict().
struct RcptTo {
  Recipient recipient;
};
// 354 is on its way; Data follows.
struct BeginData {
  Envelope envelope;
};
// Content, un-stuffed, lines ending in CR LF.
struct Data {
  std::string bytes;
};
// CR LF . CR LF was read. Answer: data_verdict().
struct EndData {
  std::uint64_t size = 0;
  std::size_t received_hops = 0;
};
// Everything since MailFrom is void: keep nothing.
struct Abort {
  Error reason;
};

// [Purpose] One session with one client.
// [Use] start() when the connection stands (with TlsState::active: when TLS stands). After each call carry out
// take_actions() in order. Authenticate, MailFrom, RcptTo and EndData are questions; the session waits for the answer,
// at once or later, and reading should pause while wants_input() is false. After EndData the owner commits the mail
// durably and then calls data_verdict(): no other call ever sends 250 to a final dot (RFC 5321 §4.2.5, RFC 1047). A
// connection that ends between EndData and the verdict gives no Abort: the mail is whole, the client may send it again.
// [Ownership] a value of the owner; holds an envelope and ServerLimits::waiting_input octets at most, never a mail.
// [Threading] one thread at a time.
// [Errors] octets from the peer never make it throw; they get a reply, and where the stream cannot be trusted any more,
// Close. Answers to a question that is no longer open are ignored.
class SLUIS_PROTOCOLS_API Server {
 public:
  using Config = ServerConfig;
  using Action =
      std::variant<Send, StartTls, Authenticate, MailFrom, RcptTo, BeginData, Data, EndData, Abort, Close, SetDeadline>;

  explicit Server(Config config);

  void start();
  void on_bytes(std::string_view bytes);
  void on_tls_established(bool client_cert_used);
  void on_closed(std::string reason);
  void on_timeout();
  // `identity` replaces the presented name where the account has another one (EXTERNAL with an empty name).
  void auth_result(AuthVerdict verdict, std::string identity = "");
  // 2xx, 4xx or 5xx; anything else becomes 451 4.3.0. 421 ends the session. A missing enhanced code is added.
  void mail_verdict(Reply reply);
  void rcpt_verdict(Reply reply);
  // Before EndData only a refusal counts (disk full): the rest of the mail is read, dropped and answered with it.
  void data_verdict(Reply reply);
  // Drain: a running transaction is finished, then 421 4.3.2 and Close.
  void shutdown();
  std::vector<Action> take_actions();

  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] bool closed() const { return state_ == State::closed; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] std::size_t leniencies() const { return leniencies_; }

 private:
  enum class State {
    fresh,
    command,
    handshake,
    auth_response,
    auth_verdict,
    mail_verdict,
    rcpt_verdict,
    data,
    data_verdict,
    closed
  };
  struct Command;
  static const Command* find_command(std::string_view verb);

  void consume(std::string_view input);
  void resume();
  void send(const Reply& reply);
  void bad(const Reply& reply);
  void close_with(const Reply& reply, std::string_view code);
  void close();
  void abort(Error reason);
  void await(State question);
  void go_on();
  void early_input();

  void on_command_line(std::string_view line, bool more_follows);
  bool allowed(const Command& command);
  std::size_t line_limit(std::string_view verb) const;
  void ehlo(std::string_view argument, bool more_follows);
  void helo(std::string_view argument, bool more_follows);
  void starttls(std::string_view argument, bool more_follows);
  void auth(std::string_view argument, bool more_follows);
  void mail(std::string_view argument, bool more_follows);
  void rcpt(std::string_view argument, bool more_follows);
  void data(std::string_view argument, bool more_follows);
  void rset(std::string_view argument, bool more_follows);
  void noop(std::string_view argument, bool more_follows);
  void vrfy(std::string_view argument, bool more_follows);
  void help(std::string_view argument, bool more_follows);
  void quit(std::string_view argument, bool more_follows);
  void not_implemented(std::string_view argument, bool more_follows);
  void never_here(std::string_view argument, bool more_follows);

  void greeted(std::string_view argument, bool esmtp, bool more_follows);
  std::vector<std::string> offered_mechanisms() const;
  bool take_keyword(std::string_view& argument, std::string_view keyword);
  void on_auth_line(std::string_view line, bool more_follows);
  void auth_step(std::optional<std::string_view> response, bool more_follows);
  void auth_refused(const Reply& reply);
  ParametersOffered offered_parameters() const;
  void refuse_address(const Error& error, std::string_view syntax_code);
  void refuse_parameter(const Error& error);

  void on_data(std::string_view& input);
  void take_content(std::string content);
  void refuse_data(Reply reply, std::string_view code);
  void end_transaction();

  Config config_;
  State state_ = State::fresh;
  std::vector<Action> actions_;
  std::optional<Duration> deadline_;
  LineReader lines_;
  std::string waiting_;  // input that came while a question was open
  bool early_ = false;   // input came before the greeting
  bool draining_ = false;

  Peer peer_;
  std::optional<sasl::ServerExchange> exchange_;
  std::string presented_name_;
  std::size_t bad_commands_ = 0;
  std::size_t auth_failures_ = 0;
  std::size_t transactions_ = 0;
  std::size_t leniencies_ = 0;
  std::uint64_t session_bytes_ = 0;

  bool open_ = false;  // MailFrom was asked and neither refused nor ended
  Envelope envelope_;
  Recipient candidate_;
  std::optional<DotDecoder> decoder_;
  std::optional<HopCounter> hops_;
  std::optional<Reply> data_refused_;
  std::uint64_t size_ = 0;
  std::uint64_t discarded_ = 0;
  std::uint64_t block_ = 0;  // octets since the content's deadline was armed
};

}  // namespace sluis::smtp
