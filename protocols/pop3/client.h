// The client half of POP3 (RFC 1939; CAPA and response codes RFC 2449, AUTH codes RFC 3206, STLS RFC 2595, AUTH RFC
// 5034), without I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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
#include "protocols/pop3/capabilities.h"
#include "protocols/pop3/lines.h"
#include "protocols/pop3/response.h"
#include "protocols/sasl/sasl.h"

namespace sluis::pop3 {

// `implicit`: TLS from the first octet (RFC 8314). `none` logs in only with allow_clear.
enum class TlsMode { none, stls_required, implicit };

struct ClientTimeouts {
  Duration greeting = 1min;
  Duration tls = 1min;
  Duration command = 2min;  // from a command to the status line
  Duration block = 3min;    // 64 KiB of a mail or a listing, or its end, must come in this time: the slowest rate borne
  Duration idle = 9min;     // ready, and no command given; servers may close after ten minutes (RFC 1939 §3)
  Duration quit = 1min;
};

struct ClientLimits {
  std::size_t line = 1'000;  // status and listing lines, with CR LF
  std::size_t capability_lines = 200;
  std::size_t list_entries = 10'000;          // what is beyond stays for the next session: Listing::truncated
  std::uint64_t mail_octets = 64ULL << 20;    // a longer mail is read to its end and dropped: MailAborted
  std::uint64_t session_octets = 4ULL << 30;  // everything the peer sends; beyond it the session fails
};

struct ClientConfig {
  TlsMode tls = TlsMode::implicit;
  sasl::Credentials credentials;
  // In order of preference, among what CAPA offers; USER and PASS when it offers none of them.
  std::vector<sasl::Mechanism> mechanisms{sasl::Mechanism::plain};
  bool allow_clear = false;  // log in without TLS, with TlsMode::none only; for tests
  ClientTimeouts timeouts;
  ClientLimits limits;
};

enum class ClientStage { greeting, tls, capabilities, login, listing, ready, retrieve, remove, quit, closed };
SLUIS_PROTOCOLS_API std::string_view to_string(ClientStage stage);  // "greeting", …

// What a failure means for the next session: another has the maildrop; the credentials are wrong; later may do; it will
// not go away by itself.
enum class FailureClass { in_use, authentication, temporary, permanent };
SLUIS_PROTOCOLS_API std::string_view to_string(FailureClass failure);  // "in_use", …

struct Entry {
  int number = 0;                          // of this session only: never a key
  std::optional<std::uint64_t> size_hint;  // from LIST; a hint, never a length to read
  std::string uidl;                        // empty: the server has no UIDL, or gave none that RFC 1939 §7 allows
  bool duplicate_uidl = false;             // another entry has the same: it is no key
};
struct Listing {
  std::vector<Entry> entries;  // by number
  bool uidl = false;           // the server has UIDL
  bool truncated = false;      // there are more than ClientLimits::list_entries
};
struct MailChunk {
  int number = 0;
  std::string bytes;  // un-stuffed
};
struct MailEnd {
  int number = 0;
  std::uint64_t octets = 0;
  bool irregular = false;  // a bare CR, a bare LF or a NUL is in it: keep it raw and set it apart
};
// Not had, or not whole: drop the chunks of this number. With a session that goes on, the machine is ready again.
struct MailAborted {
  int number = 0;
  Error error;
};
struct Deleted {
  int number = 0;
};  // marked only; it counts with Finished::committed
struct DeleteRefused {
  int number = 0;
  Error error;
};
struct LoginDelay {
  std::chrono::seconds least{};  // between two logins; zero: not said
  bool refused = false;          // the login just failed for coming too soon; Failed follows
};
// The session's end after quit() or abort(); Close follows. Deletions count only when `committed`.
struct Finished {
  bool committed = false;  // +OK to QUIT was read
  Error error;             // when not
};
// The session's end otherwise; Close follows. Nothing was deleted, whatever was marked.
struct Failed {
  ClientStage stage = ClientStage::greeting;
  Error error;
  FailureClass failure = FailureClass::temporary;
};

// [Purpose] One session with one maildrop. Greeting, CAPA, STLS, login, UIDL and LIST run by themselves; Listing says
// that
//   the machine is ready. Then the owner gives one command at a time: the next after MailEnd, MailAborted, Deleted or
//   DeleteRefused, whenever ready() is true.
// [Use] start() when the connection stands. After each call carry out take_actions() in order. `StartTls` comes first
// with
//   TlsMode::implicit. Exactly one of Finished and Failed ends the session, and Close follows it.
// [Ownership] a value of the owner; holds one line, the listing until it is given out, and no mail.
// [Threading] one thread at a time.
// [Errors] all through actions. Octets from the peer never make it throw; an answer that does not fit closes the
// session,
//   for a desynchronised one would credit an answer to the wrong command.
// [Durability] the owner makes a mail durable before remove(), and forgets its marks unless Finished says committed. A
// lost
//   +OK means mail that is gone there and not forgotten here: harmless, where the reverse loses mail.
class SLUIS_PROTOCOLS_API Client {
 public:
  using Config = ClientConfig;
  using Action = std::variant<Send, StartTls, Listing, MailChunk, MailEnd, MailAborted, Deleted, DeleteRefused,
                              LoginDelay, Finished, Failed, Close, SetDeadline>;

  explicit Client(Config config) : config_(std::move(config)) {}

  void start();
  void on_bytes(std::string_view bytes);
  void on_tls_established();
  void on_closed(std::string_view reason);
  void on_timeout();

  // Error "pop3.not_ready" unless ready(), "pop3.number" below 1.
  Status retrieve(int number);
  Status remove(int number);
  Status quit();
  // Ends without QUIT: the server deletes nothing (RFC 1939 §6). Any time.
  void abort();

  std::vector<Action> take_actions();
  [[nodiscard]] bool ready() const { return step_ == Step::ready; }
  [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }

 private:
  enum class Step {
    unstarted,
    implicit_tls,
    greeting,
    capa,
    capa_lines,
    stls,
    stls_tls,
    auth,
    user,
    pass,
    uidl,
    uidl_lines,
    list,
    list_lines,
    ready,
    retr,
    retr_lines,
    dele,
    quit,
    closed
  };

  void line(const std::string& text);
  void status_line(const Response& response);
  void capa_done();
  void tls_or_login();
  void login();
  void challenge(std::string_view text);
  void logged_in();
  void login_refused(const Response& response);
  void uidl_line(std::string_view text);
  void list_line(std::string_view text);
  Entry* entry(std::string_view number);
  void listed();
  void content(std::string_view& bytes);
  void mail_done();
  void progress(std::size_t octets);

  void send(Step step, std::string command, bool secret = false);
  void expect(Step step, Duration within);
  void fail(Error error, FailureClass failure = FailureClass::temporary);
  void end(std::optional<Failed> failed, Finished finished);
  [[nodiscard]] ClientStage stage() const;
  template <class T>
  void act(T action) {
    actions_.emplace_back(std::move(action));
  }

  Config config_;
  Step step_ = Step::unstarted;
  bool secure_ = false;
  bool logged_in_ = false;
  bool awaiting_answer_ = false;  // a command left during this on_bytes(): nothing read before can answer it
  LineReader reader_;
  Capabilities capabilities_;
  bool capa_known_ = false;
  std::size_t capa_lines_ = 0;
  std::optional<sasl::ClientExchange> exchange_;
  std::optional<Secret> held_response_;  // the initial response, when it did not fit into the AUTH command
  std::map<int, Entry> entries_;
  bool uidl_ = false;
  bool truncated_ = false;
  int current_ = 0;  // the mail of RETR or DELE
  ByteUnstuffer unstuffer_;
  std::uint64_t mail_octets_ = 0;
  std::uint64_t session_octets_ = 0;
  std::size_t since_deadline_ = 0;
  std::vector<Action> actions_;
};

}  // namespace sluis::pop3
