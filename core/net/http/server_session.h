// One connection of the server: the machine, the handler of the request under way, and the deadlines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/connection.h"
#include "core/net/http/gzip.h"
#include "core/net/http/handler.h"
#include "core/net/http/response_channel.h"
#include "core/net/http/server_core.h"
#include "core/net/http/server_machine.h"

namespace sluis::net::http {

// [Ownership] held by its connection until that is closed. [Threading] the connection's loop only. [Errors] an
// exception of a handler ends in 500 and a log line.
class ServerSession final : public ConnectionHandler, public std::enable_shared_from_this<ServerSession> {
 public:
  ServerSession(std::shared_ptr<ServerCore> core, std::shared_ptr<Connection> connection);
  ~ServerSession() override;

  void begin(std::shared_ptr<const TlsContext> tls);

  void on_bytes(std::string_view bytes) override;
  void on_drained() override;
  void on_timeout() override;
  void on_closed(const Error& reason) override;

  // From ResponseChannel. `exchange`: what comes too late, for a request that is over, does nothing.
  void on_respond(std::uint64_t exchange, Response response);
  void on_begin(std::uint64_t exchange, const ResponseHead& head, std::optional<std::uint64_t> length);
  void on_write(std::uint64_t exchange, std::string_view bytes);
  void on_finish(std::uint64_t exchange);
  void on_abort(std::uint64_t exchange);
  void on_abandoned(std::uint64_t exchange);
  void on_resume(std::uint64_t exchange);
  void on_wants_drained(std::uint64_t exchange);

  // From ServerCore.
  void drain();
  void stop_now();

 private:
  // What is being waited for, and so which deadline runs.
  enum class Phase { idle, head, body, handler, sending, ended };

  void pump();
  bool step();       // one event; false: nothing more for now
  bool step_body();  // from the inflater
  void on_request();
  void on_request_end();
  void on_refused();
  void refuse(Refusal refusal);
  void answer(Response response);
  void send(const ResponseHead& head, std::optional<std::uint64_t> length);
  void write_some();
  void settle();  // after anything: output, end, reading, deadline
  void flush();
  void finish_exchange();
  void abort_exchange(const Error& reason);
  void cut(const Error& reason);  // ends now; what has been sent must not look complete
  void end_connection();
  void leave();
  [[nodiscard]] bool current(std::uint64_t exchange) const;
  [[nodiscard]] bool wants_body() const;
  [[nodiscard]] Phase phase_now() const;
  void update_reading();
  void update_deadline();
  void arm(Phase phase);
  [[nodiscard]] Duration window_of(Phase phase) const;
  bool guarded(const std::function<void()>& call);  // false: it threw; the request has been refused
  void handler_bug(std::string_view event, std::string_view sentence, std::string_view why) const;

  const std::shared_ptr<ServerCore> core_;
  std::shared_ptr<Connection> connection_;  // shared with the loop; nullptr: ended
  ServerMachine machine_;
  bool pumping_ = false;
  bool ending_ = false;  // shutdown() has been called
  bool left_ = false;

  std::uint64_t exchange_ = 0;
  std::shared_ptr<RequestHandler> handler_;   // shared: whoever answers may hold it too
  std::shared_ptr<ResponseChannel> channel_;  // shared with the Responders
  std::unique_ptr<Inflater> inflater_;
  bool inflating_ = false;
  std::shared_ptr<const std::string> pending_;  // of a whole response; shared with others that send the same
  std::size_t pending_sent_ = 0;
  int status_ = 0;
  MonoTime began_{};

  Phase phase_ = Phase::idle;
  std::uint64_t mark_ = 0;     // octets received or sent when the window began
  std::size_t armed_for_ = 0;  // requests read when the deadline was set
};

}  // namespace sluis::net::http
