// Cuts a byte stream into lines, with memory for one piece of a line whatever the peer sends. Internal to
// protocols/mime.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/runtime/result.h"
#include "protocols/mime/strictness.h"

namespace sluis::mime {

// What followed a piece: nothing yet (the line goes on), a line end, or the end of the mail.
enum class LineEnd { none, crlf, lf, eof };

inline constexpr std::size_t line_limit = 998;  // RFC 5322 §2.1.1, without the CRLF

// Delivers (piece, begins_line, LineEnd) to a sink. A line of up to 998 octets always comes whole, however the input
// was cut, so what is recognised by line cannot depend on the network. [Threading] one thread.
class LineSplitter {
 public:
  explicit LineSplitter(Strictness& strictness) : strictness_(strictness) {}

  template <class Sink>
  Status feed(std::string_view bytes, Sink&& sink) {
    while (!bytes.empty()) {
      const std::size_t lf = bytes.find('\n');
      std::string_view piece = bytes.substr(0, lf);
      bytes.remove_prefix(lf == std::string_view::npos ? bytes.size() : lf + 1);
      if (lf == std::string_view::npos) {
        buffer_.append(piece);
        if (const Status s = shed(sink); !s) return s;
        continue;
      }
      if (!buffer_.empty()) {
        buffer_.append(piece);
        piece = buffer_;
      }
      LineEnd end = LineEnd::lf;
      if (piece.ends_with('\r')) {
        piece.remove_suffix(1);
        end = LineEnd::crlf;
      }
      const Status s = deliver(piece, end, sink);
      buffer_.clear();
      if (!s) return s;
    }
    return {};
  }
  template <class Sink>
  Status finish(Sink&& sink) {
    if (buffer_.empty()) return {};
    return deliver(buffer_, LineEnd::eof, sink);
  }

 private:
  static constexpr std::size_t piece_limit = 8192;

  // A line without end must not grow the buffer. What is left is never empty, so a CR at the very end waits for its LF.
  template <class Sink>
  Status shed(Sink& sink) {
    std::size_t at = 0;
    while (buffer_.size() - at > piece_limit) {
      if (const Status s = deliver(std::string_view{buffer_}.substr(at, piece_limit), LineEnd::none, sink); !s)
        return s;
      at += piece_limit;
    }
    buffer_.erase(0, at);
    return {};
  }
  template <class Sink>
  Status deliver(std::string_view piece, LineEnd end, Sink& sink) {
    if (end == LineEnd::lf || piece.find('\r') != std::string_view::npos)
      if (const Status s = strictness_.tolerate(Tolerance::bare_line_ends, "mime.bare_line_end",
                                                "a CR or LF that stands alone (RFC 5322 §2.3)");
          !s)
        return s;
    if (piece.find('\0') != std::string_view::npos)
      if (const Status s = strictness_.tolerate(Tolerance::nul, "mime.nul", "a NUL octet (RFC 5322 §2.2)"); !s)
        return s;
    const bool was_long = length_ > line_limit;
    length_ += piece.size();
    if (length_ > line_limit && !was_long)
      if (const Status s = strictness_.tolerate(Tolerance::long_lines, "mime.line_length",
                                                "a line of more than 998 octets (RFC 5322 §2.1.1)");
          !s)
        return s;
    const bool begins = begins_;
    begins_ = end != LineEnd::none;
    if (begins_) length_ = 0;
    return sink(piece, begins, end);
  }

  Strictness& strictness_;
  std::string buffer_;
  std::size_t length_ = 0;  // of the line so far
  bool begins_ = true;
};

}  // namespace sluis::mime
