// The content of a mail on the wire: dot transparency (RFC 5321 §4.5.2) in both directions, octet by octet.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::smtp {

// Content to wire. A state per octet, so that a dot at the edge of a piece is stuffed like any other. Refuses bare CR,
// bare LF and NUL ("smtp.data.bare_cr", "smtp.data.bare_lf", "smtp.data.nul") and lines above the limit
// ("smtp.data.line"): what is stored was checked when it came, so this is the last net, and the caller must then drop
// the connection without a final dot. [Threading] one thread.
class SLUIS_PROTOCOLS_API DotEncoder {
 public:
  // `max_line` counts the CR LF but not the stuffed dot; 0 is no limit.
  explicit DotEncoder(std::size_t max_line = 1000) : max_line_(max_line) {}
  Status encode(std::string_view content, std::string& wire);
  // The end: CR LF where the content did not end in one, then the lone dot.
  Status finish(std::string& wire);

 private:
  enum class State { line_start, text, cr };
  std::size_t max_line_;
  State state_ = State::line_start;
  std::size_t column_ = 0;
};

// Wire to content: takes exactly one leading dot off each line, ends at CR LF . CR LF and at nothing else. Refuses bare
// CR, bare LF, CR CR LF and NUL with the same codes; after these the stream is lost. After "smtp.data.line" decode()
// may be called again and goes on, so that a peer with long lines can be read to its end and answered. [Threading] one
// thread.
class SLUIS_PROTOCOLS_API DotDecoder {
 public:
  explicit DotDecoder(std::size_t max_line = 1000) : max_line_(max_line) {}
  // Appends to `content`, consumes from the front of `wire`. True: the end was read, the rest of `wire` is not content.
  Result<bool> decode(std::string_view& wire, std::string& content);

 private:
  enum class State { line_start, dot, dot_cr, text, cr };
  std::size_t max_line_;
  State state_ = State::line_start;
  std::size_t column_ = 0;
};

}  // namespace sluis::smtp
