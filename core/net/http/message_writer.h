// Writes what MessageReader reads: field lines that cannot be anything else, and bodies in their framing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/http/headers.h"
#include "core/runtime/result.h"

namespace sluis::net::http {

// Appends the field lines, without the empty line. [Errors] "http.fields": a name or value that would not come out as
// one field line (a reflected CR LF is how a response is split), or a field that frames the message or belongs to the
// connection (Content-Length, Transfer-Encoding, Connection, Keep-Alive, Upgrade, TE, Trailer): those are the
// machine's. Nothing is appended then.
[[nodiscard]] Status append_fields(const Headers& headers, std::string& out);

// The body of one message on its way out. Writing needs no parser's care, so it is done here and not by Beast's
// serializer, which wants to own head and body. [Threading] a value. [Errors] "http.body-length": more or less than was
// announced; the connection is then of no more use.
class BodyWriter {
 public:
  enum class Framing { none, length, chunked, until_close };

  BodyWriter() = default;
  static BodyWriter none() { return {}; }
  // A body that is measured but not sent (HEAD, 304).
  static BodyWriter suppressed() { return BodyWriter(Framing::none, true); }
  static BodyWriter length(std::uint64_t octets) {
    BodyWriter writer(Framing::length, false);
    writer.left_ = octets;
    return writer;
  }
  static BodyWriter chunked() { return BodyWriter(Framing::chunked, false); }
  static BodyWriter until_close() { return BodyWriter(Framing::until_close, false); }

  // Content-Length, Transfer-Encoding or nothing.
  void append_framing(std::string& out) const;
  [[nodiscard]] Status write(std::string_view bytes, std::string& out);
  [[nodiscard]] Status end(std::string& out);
  [[nodiscard]] Framing framing() const { return framing_; }

 private:
  BodyWriter(Framing framing, bool suppressed) : framing_(framing), suppressed_(suppressed) {}
  Framing framing_ = Framing::none;
  bool suppressed_ = false;
  std::uint64_t left_ = 0;
};

}  // namespace sluis::net::http
