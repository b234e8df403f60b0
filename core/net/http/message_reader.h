// Reads one message after the other from a stream: head, body in pieces, end. Boost.Beast's parser decides what the
// octets mean; FieldSection and ChunkLine decide what it gets to see.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/http/field_section.h"
#include "core/net/http/limits.h"
#include "core/net/http/messages.h"

namespace sluis::net::http {

// What Beast's parser has told; see message_reader.cpp.
class BodyParser;

// [Ownership] its buffer: octets that were received and not yet read. Bounded by the limits as long as the caller stops
// feeding it while it does not read. [Threading] one thread at a time. [Errors] after `refused` only refusal() makes
// sense. No I/O, no time.
class MessageReader {
 public:
  enum class Step { incomplete, head, body, end, refused };

  MessageReader(MessageKind kind, const MessageLimits& limits);
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  void receive(std::string_view bytes);
  // The next thing that happened. Octets behind a message stay unread until next_message().
  Step next();
  // The stream has ended: completes a message that lasts until the end (RFC 9112 §6.3 rule 8), and refuses any other
  // that is under way with "http.truncated".
  void end_of_stream() { ended_ = true; }
  // Begins anew behind the message that has ended. [Preconditions] the last step was `end`, or none has been taken.
  void next_message();

  // Valid after `head`.
  [[nodiscard]] const std::string& method() const { return method_; }
  [[nodiscard]] const std::string& target() const { return target_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] unsigned minor_version() const { return minor_version_; }
  [[nodiscard]] Headers& headers() { return headers_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  [[nodiscard]] bool chunked() const { return chunked_; }
  [[nodiscard]] bool until_close() const;

  // Before the head of a response is read: it answers HEAD, and has no body (RFC 9112 §6.3 rule 1).
  void expect_no_body() { expect_no_body_ = true; }
  // Of this message, after its head; larger is refused with 413 "http.body-size".
  void limit_body(std::uint64_t octets) { body_limit_ = octets; }
  // Valid until the next call of any method.
  [[nodiscard]] std::string_view body() const { return body_; }

  [[nodiscard]] bool begun() const;  // the first octet of a message is here
  [[nodiscard]] std::size_t unread() const { return buffer_.size() - taken_; }
  [[nodiscard]] std::uint64_t body_read() const { return body_read_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  friend class BodyParser;
  enum class State { start, body, done, refused };
  Step read_head();
  Step read_body();
  Step read_chunk_line();
  Step give(std::size_t consumed);
  Step refuse(Refusal refusal);
  [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(taken_); }

  const MessageKind kind_;
  const MessageLimits limits_;
  std::string buffer_;
  std::size_t taken_ = 0;
  State state_ = State::start;
  bool ended_ = false;
  bool expect_no_body_ = false;
  bool forgave_empty_line_ = false;
  FieldSection section_;
  std::optional<FieldSection> trailers_;
  std::unique_ptr<BodyParser> parser_;

  std::string method_;
  std::string target_;
  int status_ = 0;
  std::string reason_;
  unsigned minor_version_ = 1;
  Headers headers_;
  std::optional<std::uint64_t> content_length_;
  bool chunked_ = false;
  std::uint64_t chunk_left_ = 0;
  bool between_chunks_ = false;  // the CR LF behind a chunk's data is still to come
  std::uint64_t body_limit_ = 0;
  std::uint64_t body_read_ = 0;
  std::string_view body_;
  Refusal refusal_;
};

}  // namespace sluis::net::http
