// The client half of an HTTP/1.1 connection (RFC 9112), without I/O: octets in, events and octets out.
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
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net::http {

// One request at a time; no pipelining, because a failure in the middle would leave more than one of them in doubt.
// Responses are read as RFC 9112 §6.3 says: none to HEAD, 204 and 304 has a body; interim ones are skipped (RFC 9110
// §15.2), 101 is refused, since no upgrade is ever asked for; a body until the end of the stream needs that end to be
// authentic. [Threading] one thread at a time. [Errors] Event::refused with a code of FieldSection or
//   "http.unsolicited"   octets that answer no request (RFC 9112 §9.2)
//   "http.upgrade", "http.interim"   101; too many interim responses
//   "http.truncated"     the stream ended within the response, or, under TLS without close_notify, at its supposed end
class SLUIS_CORE_API ClientMachine {
 public:
  enum class Event { none, response, body, end, refused };

  explicit ClientMachine(const MessageLimits& limits = {});
  ~ClientMachine();
  ClientMachine(const ClientMachine&) = delete;
  ClientMachine& operator=(const ClientMachine&) = delete;

  // Writes the request's head. `target` in origin-form, `authority` for Host. `length`: of the body; 0 for none;
  // nullopt: chunked. [Errors] "http.fields", "http.order".
  Status request(std::string_view method, std::string_view target, std::string_view authority, const Headers& headers,
                 std::optional<std::uint64_t> length);
  Status write_body(std::string_view bytes);
  Status end_body();

  void receive(std::string_view bytes);
  // `authentic`: by FIN in clear text, by close_notify under TLS.
  void end_of_stream(bool authentic);
  Event next();

  [[nodiscard]] const ResponseHead& response() const { return response_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  [[nodiscard]] std::string_view body() const { return reader_.body(); }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  // Of this response, right after Event::response.
  void limit_body(std::uint64_t octets) { reader_.limit_body(octets); }

  [[nodiscard]] std::string& output() { return output_; }
  [[nodiscard]] bool in_exchange() const { return exchange_; }
  [[nodiscard]] bool request_done() const { return request_done_; }      // all of it is in output() or further
  [[nodiscard]] bool heard() const { return heard_; }                    // an octet came since the request began
  [[nodiscard]] bool response_begun() const { return response_begun_; }  // the head of a final response is here
  [[nodiscard]] std::uint64_t body_read() const { return reader_.body_read(); }
  [[nodiscard]] std::size_t unread() const { return reader_.unread(); }
  // Another request may follow on this connection.
  [[nodiscard]] bool reusable() const { return !exchange_ && !last_ && !failed_ && reader_.unread() == 0; }

 private:
  Event on_head();
  Event refused(Refusal refusal);

  MessageReader reader_;
  ResponseHead response_;
  std::optional<std::uint64_t> content_length_;
  Refusal refusal_;
  BodyWriter writer_;
  std::string output_;
  bool head_request_ = false;
  bool exchange_ = false;
  bool request_done_ = false;
  bool heard_ = false;
  bool response_begun_ = false;
  bool last_ = false;
  bool failed_ = false;
  bool cut_ = false;
  std::size_t interim_ = 0;
};

}  // namespace sluis::net::http
