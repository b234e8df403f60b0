// multipart/form-data as a stream (RFC 7578, RFC 2046 §5.1): a message with attachments, handed in by one request.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/runtime/result.h"

namespace sluis::http {

// What a part says of itself.
struct FormPart {
  std::string media_type;  // as written; empty: it does not say
  std::string file_name;   // the client's own text, UTF-8; empty: it has none
};

class FormSink {
 public:
  virtual ~FormSink() = default;
  virtual Status begin_part(FormPart part) = 0;
  virtual Status data(std::string_view bytes) = 0;
  virtual Status end_part() = 0;
};

// Strict: no preamble, no blanks behind a boundary, CRLF only; two readers of a lenient form may see different parts.
// Keeps at most one header block and a boundary's length. [Ownership] the sink outlives it. [Threading] one thread.
// [Errors] "multipart.syntax", "multipart.header", "multipart.end" the closing boundary is missing; and the sink's.
class MultipartReader {
 public:
  MultipartReader(std::string_view boundary, FormSink& sink)
      : delimiter_("\r\n--" + std::string(boundary)), sink_(sink), buffer_("\r\n") {}
  Status feed(std::string_view bytes);
  Status finish();

 private:
  enum class At { preamble, header, body, epilogue };
  // One step; false: more octets are needed.
  Result<bool> step();
  Result<bool> read_header();
  Result<bool> read_body();
  Status open_part(std::string_view block);

  const std::string delimiter_;
  FormSink& sink_;
  std::string buffer_;  // not yet read; the line end before the first boundary is put in front
  At at_ = At::preamble;
};

}  // namespace sluis::http
