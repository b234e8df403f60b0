// What an SMTP and a POP3 session share: one connection that may be slow or end in the middle, and work off the loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/net/connection.h"
#include "core/net/tls.h"
#include "core/runtime/worker_pool.h"

namespace sluis::sandbox {

// Octets are those of the dialogue, inside TLS.
struct SessionFaults {
  std::optional<std::uint64_t> cut_at;           // the connection ends at this octet, both directions counted together
  std::optional<std::uint64_t> octets_a_second;  // in each direction
};

// [Use] make it with make_shared, then begin(). A derived class drives its machine: input() and the other hooks come on
// the loop, and what the machine wants goes out through send(), secure(), finish() in that order, however slow the
// session is.
// [Ownership] the connection holds it until it is closed; work off the loop holds it until it is done.
// [Threading] on the connection's loop, except end().
class Session : public net::ConnectionHandler, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<net::Connection> connection, std::shared_ptr<const net::TlsContext> tls, WorkerPool& pool,
          SessionFaults faults);

  void begin();
  // Ends it now; any thread. `done` is called on the loop.
  void end(std::function<void()> done);

  void on_bytes(std::string_view bytes) final;
  void on_tls(const net::TlsInfo& info) final;
  void on_timeout() final;
  void on_closed(const Error& reason) final;

 protected:
  virtual void opened() = 0;
  virtual void input(std::string_view bytes) = 0;
  virtual void secured() = 0;
  virtual void timed_out() = 0;
  virtual void gone(std::string_view reason) = 0;  // once; nothing can be sent any more
  [[nodiscard]] virtual bool wants_input() const = 0;

  void send(std::string bytes);
  void secure();  // the server's side of a handshake
  void finish();  // the orderly end, behind what was sent
  void drop();    // the end now, without a word; what was sent before still leaves
  void set_deadline(Duration after);
  void update_reading();
  // Runs on the pool; what it returns runs on the loop after it, also when the connection has gone in between. False:
  // the pool takes no more.
  [[nodiscard]] bool off_loop(std::function<Task()> work);

 private:
  struct Secure {};
  struct Finish {};
  struct Drop {};
  using Step = std::variant<std::string, Secure, Finish, Drop>;

  std::string_view within_cut(std::string_view bytes);
  void step();
  bool write_some(std::string& bytes);
  void wait(Duration time);
  void leave(std::string_view reason);

  std::shared_ptr<net::Connection> connection_;  // shared: work off the loop may outlive it
  std::shared_ptr<const net::TlsContext> tls_;   // shared by all sessions of a listener
  WorkerPool& pool_;
  const SessionFaults faults_;
  std::uint64_t octets_ = 0;
  std::deque<Step> steps_;
  bool waiting_ = false;      // for the next octets that a slow session may write
  bool securing_ = false;     // from StartTls to the end of the handshake
  bool digesting_ = false;    // a slow session has read and takes its time
  bool handshaking_ = false;  // the machine waits, but the handshake must be read
  bool left_ = false;
};

// The sessions that live, so that a server can end them. [Threading] any thread.
class Sessions {
 public:
  void add(const std::shared_ptr<Session>& session);
  // Ends all and waits; not on a loop. Sessions of connections that were accepted before the listener stopped included.
  void end_all();

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Session>> sessions_;
};

}  // namespace sluis::sandbox
