// SMTP replies (RFC 5321 §4.2) with enhanced status codes (RFC 2034, RFC 3463): reading and writing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/smtp/line_reader.h"

namespace sluis::smtp {

// A value. `lines` holds the text without codes; `enhanced` is "5.7.1" or empty.
struct SLUIS_PROTOCOLS_API Reply {
  int code = 0;  // 0: there was no reply
  std::string enhanced;
  std::vector<std::string> lines;

  Reply() = default;
  Reply(int code_, std::string_view enhanced_, std::string_view text);
  [[nodiscard]] bool positive() const { return code >= 200 && code < 300; }
  [[nodiscard]] bool intermediate() const { return code >= 300 && code < 400; }
  [[nodiscard]] bool transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool permanent() const { return code >= 500 && code < 600; }
  // The text as one line, lines joined by a space; safe to log.
  [[nodiscard]] std::string text() const;
  // "550 5.7.1 text", for logs and for what an operator reads.
  [[nodiscard]] std::string summary() const;
  bool operator==(const Reply&) const = default;
};

// What goes on the wire. The text is made harmless (control and non-ASCII octets become '?'), and no line passes 512
// octets (RFC 5321 §4.5.3.1.5): longer text continues on further lines. The enhanced code stands on every line (RFC
// 2034 §4).
SLUIS_PROTOCOLS_API std::string write_reply(const Reply& reply);

struct ReplyLimits {
  std::size_t line = 1000;
  std::size_t total = 65536;
};

// Reads replies from octets cut anywhere. Errors: those of LineReader, "smtp.reply.syntax", "smtp.reply.size"; after
// one the session is desynchronised and must be closed. Memory is bounded by ReplyLimits::total. [Threading] one
// thread.
class SLUIS_PROTOCOLS_API ReplyReader {
 public:
  explicit ReplyReader(ReplyLimits limits = {}) : limits_(limits), lines_(limits.line) {}
  // Consumes from the front of `input`, at most up to the end of one reply.
  Result<std::optional<Reply>> next(std::string_view& input);

 private:
  Status take_line(std::string_view line);

  ReplyLimits limits_;
  LineReader lines_;
  Reply reply_;
  std::size_t total_ = 0;
  bool last_ = false;
};

}  // namespace sluis::smtp
