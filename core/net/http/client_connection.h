// One connection of the client's pool: the machine, the call under way, deadlines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/net/connection.h"
#include "core/net/http/client.h"
#include "core/net/http/client_call.h"
#include "core/net/http/client_machine.h"

namespace sluis::net::http {

// [Ownership] held by its net::Connection until that is closed, and by the pool while idle. [Threading] the loop.
class ClientConnection final : public ConnectionHandler, public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(std::shared_ptr<ClientCore> core, Origin origin, std::shared_ptr<Connection> connection);

  void open(std::shared_ptr<CallState> call);  // the first request, behind the TLS handshake
  void run(std::shared_ptr<CallState> call);   // a request on an established connection
  void keep(Duration idle_timeout);            // idle from now on
  void close();                                // without a word to anyone
  void fail_call(const Error& error);          // ends the call and with it the connection
  void on_upload();
  void on_resume();

  [[nodiscard]] const Origin& origin() const { return origin_; }

  void on_bytes(std::string_view bytes) override;
  void on_tls(const TlsInfo& info) override;
  void on_drained() override;
  void on_timeout() override;
  void on_closed(const Error& reason) override;

 private:
  enum class Phase { tls, idle, sending, waiting, receiving, held };

  void send_some();
  void pump();
  bool step();
  bool step_body();
  void on_head();
  void on_end();
  void settle();
  bool flush();
  [[nodiscard]] Sent sent() const;
  void finish_call(const Error* error);
  [[nodiscard]] Phase phase_now() const;
  void arm(Phase phase);

  const std::shared_ptr<ClientCore> core_;
  const Origin origin_;
  std::shared_ptr<Connection> connection_;  // shared with the loop; nullptr: ended
  ClientMachine machine_;
  std::shared_ptr<CallState> call_;  // shared with its caller; nullptr: idle
  std::unique_ptr<Inflater> inflater_;
  bool inflating_ = false;
  bool fed_ = false;
  bool served_ = false;  // an exchange before this one
  bool reused_ = false;
  bool turned_away_ = false;  // by the server's TLS
  bool pumping_ = false;
  int status_ = 0;
  std::size_t body_sent_ = 0;         // of request.body
  std::uint64_t request_octets_ = 0;  // written for this request
  std::uint64_t sent_before_ = 0;     // Connection::bytes_sent() when it began
  Phase phase_ = Phase::tls;
  std::uint64_t mark_ = 0;
};

}  // namespace sluis::net::http
