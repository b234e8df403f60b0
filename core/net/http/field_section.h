// The gate in front of the parser: whole lines of a start line, field lines and chunk lines, strictly as the grammar
// has them. What passes means one thing only; Beast then reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/net/http/limits.h"
#include "core/net/http/messages.h"

namespace sluis::net::http {

enum class MessageKind { request, response };

// One section of lines up to and with its empty line, looked at as it comes in, each octet once.
// Refuses, each with a code of its own (RFC 9112 §2.2, §3, §5; RFC 9110 §5.5):
//   "http.line-ending"      LF without CR, CR without LF
//   "http.start-line"       not the three words of a start line
//   "http.version"          not HTTP/1.0 or HTTP/1.1 (505), the HTTP/2 preface among them (RFC 9113 §3.4)
//   "http.field-name"       not a token, or whitespace before the colon (RFC 9112 §5.1)
//   "http.fold"             a line that goes on (obs-fold, RFC 9112 §5.2)
//   "http.field-value"      NUL or another control character
//   "http.content-length"   twice, a list, or not a number (RFC 9112 §6.3)
//   "http.transfer-encoding" other than one `chunked` (501), or from an HTTP/1.0 peer (RFC 9112 §6.1)
//   "http.framing"          Content-Length and Transfer-Encoding both (RFC 9112 §6.3 rule 3)
//   "http.start-line-size" (414), "http.header-size", "http.header-count" (431)
// [Threading] a value.
class FieldSection {
 public:
  FieldSection(MessageKind kind, const MessageLimits& limits) : kind_(kind), limits_(&limits), trailers_(false) {}
  // The trailer section of a chunked body: no start line, no framing fields.
  static FieldSection trailers(const MessageLimits& limits) {
    FieldSection section(MessageKind::request, limits);
    section.trailers_ = true;
    section.start_line_seen_ = true;
    return section;
  }

  enum class State { incomplete, complete, refused };
  // `bytes` begins where the section begins and only grows from call to call.
  State look(std::string_view bytes);
  // complete: its size with the empty line.
  [[nodiscard]] std::size_t size() const { return line_; }
  [[nodiscard]] bool begun() const { return looked_ > 0; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  [[nodiscard]] std::size_t fields() const { return fields_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  [[nodiscard]] bool chunked() const { return chunked_; }

 private:
  bool refuse(int status, std::string_view code, std::string_view what);
  bool check_size(std::size_t unfinished);
  bool check_line(std::string_view line);
  bool check_start_line(std::string_view line);
  bool check_version(std::string_view version);
  bool check_field(std::string_view line);
  bool check_framing(std::string_view name, std::string_view value);

  MessageKind kind_;
  const MessageLimits* limits_;
  bool trailers_;
  bool start_line_seen_ = false;
  bool http_1_0_ = false;
  bool chunked_ = false;
  std::size_t looked_ = 0;  // octets already seen
  std::size_t line_ = 0;    // where the line under way begins
  std::size_t fields_begin_ = 0;
  std::size_t fields_ = 0;
  std::optional<std::uint64_t> content_length_;
  Refusal refusal_;
};

// The line before a chunk: chunk-size [ chunk-ext ] CRLF (RFC 9112 §7.1). More than one reader has taken "5\n", "0x5"
// or "5 " for something else than its neighbour did.
struct ChunkLine {
  FieldSection::State state = FieldSection::State::incomplete;
  std::size_t size = 0;  // of the line with CR LF
  bool last = false;     // chunk-size is 0
  Refusal refusal = {};

  static ChunkLine look(std::string_view bytes, const MessageLimits& limits);
};

}  // namespace sluis::net::http
