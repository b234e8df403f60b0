// The server half of an HTTP/1.1 connection (RFC 9112), without I/O: octets in, events and octets out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/http/limits.h"
#include "core/net/http/message_reader.h"
#include "core/net/http/message_writer.h"
#include "core/net/http/messages.h"
#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net::http {

struct ServerMachineSettings {
  MessageLimits limits = {};
  std::size_t most_requests = 10'000;        // the last one is answered with "Connection: close"
  std::uint64_t most_discarded = 64 * 1024;  // of an unread body, to keep the connection after an early answer
};

// Requests are read one after the other: the next one is looked at when the response to the last is complete, so
// answers cannot change places (RFC 9112 §9.3.2), and what a client sends ahead waits in a buffer. The owner bounds
// that buffer: it stops feeding while unread() is above what it likes. [Ownership] refers to the clock, for Date.
// [Threading] one thread at a time. [Errors] what a peer does wrong comes as Event::refused; the answer to it is in
// output() already and closing() holds.
class SLUIS_CORE_API ServerMachine {
 public:
  enum class Event { none, request, body, end, refused };

  explicit ServerMachine(const Clock& clock, ServerMachineSettings settings = {});
  ~ServerMachine();
  ServerMachine(const ServerMachine&) = delete;
  ServerMachine& operator=(const ServerMachine&) = delete;

  void receive(std::string_view bytes);
  Event next();

  // Valid from Event::request on, until the next one.
  [[nodiscard]] const RequestHead& request() const { return request_; }
  [[nodiscard]] std::string_view body() const { return reader_.body(); }  // Event::body; until the next call
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

  // The body's limit for this request, from its mount. A Content-Length above it is refused by the next next().
  void limit_body(std::uint64_t octets) { reader_.limit_body(octets); }
  // "100 Continue", once, if the client waits for it (RFC 9110 §10.1.1).
  void send_continue();

  // The response's head. `length`: of the body; without it the body is chunked, or ends with the connection for an
  // HTTP/1.0 client (RFC 9112 §6.1). For HEAD, 204 and 304 a body may be written as for any other and is not sent.
  // [Errors] "http.fields", and "http.order" when there is no request or it has been answered; nothing is sent then.
  Status respond(const ResponseHead& head, std::optional<std::uint64_t> length);
  Status write_body(std::string_view bytes);
  Status end_body();
  // A response of our own, after which the connection ends. False: a response has begun, nothing can be said any more.
  bool refuse(Refusal refusal);
  // The response under way, or the next one, is the last.
  void close_after_response() { last_ = true; }

  // What must go to the peer; the owner empties it.
  [[nodiscard]] std::string& output() { return output_; }
  // Everything has been said: send output() and end the connection.
  [[nodiscard]] bool closing() const { return closing_; }
  [[nodiscard]] bool in_request() const { return phase_ != Phase::idle; }  // between a head and its response's end
  [[nodiscard]] bool reading_body() const { return in_request() && !request_ended_; }
  [[nodiscard]] bool responding() const { return response_begun_; }    // a head is out
  [[nodiscard]] bool response_done() const { return response_done_; }  // of the request under way
  [[nodiscard]] bool begun() const { return reader_.begun(); }         // octets of a head are here
  [[nodiscard]] std::size_t unread() const { return reader_.unread(); }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::uint64_t body_read() const { return reader_.body_read(); }

 private:
  enum class Phase { idle, exchange };
  Event on_head();
  Event on_refused(Refusal refusal);
  void finish_response();
  void finish_exchange();
  [[nodiscard]] std::optional<Refusal> check_head();
  [[nodiscard]] bool persistent() const;
  [[nodiscard]] bool may_discard_rest() const;

  const Clock& clock_;
  const ServerMachineSettings settings_;
  MessageReader reader_;
  RequestHead request_;
  Refusal refusal_;
  BodyWriter writer_;
  std::string output_;
  Phase phase_ = Phase::idle;
  bool request_ended_ = false;
  bool response_begun_ = false;
  bool response_done_ = false;
  bool continue_sent_ = false;
  bool last_ = false;
  bool closing_ = false;
  std::size_t requests_ = 0;
};

// IMF-fixdate (RFC 9110 §5.6.7): "Thu, 01 Jan 2026 00:00:00 GMT".
[[nodiscard]] SLUIS_CORE_API std::string to_http_date(WallTime time);

}  // namespace sluis::net::http
