// Content-Transfer-Encoding (RFC 2045 §6) as streams: memory does not grow with what passes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/mime/strictness.h"

namespace sluis::mime {

enum class TransferEncoding { seven_bit, eight_bit, binary, base64, quoted_printable, unknown };

// Any case, comments and blanks around it allowed. uuencode and yEnc are "unknown": never decoded (digipoort.md §3.5).
SLUIS_PROTOCOLS_API TransferEncoding parse_transfer_encoding(std::string_view value);
constexpr bool is_identity(TransferEncoding e) {
  return e != TransferEncoding::base64 && e != TransferEncoding::quoted_printable;
}

// RFC 2045 §6.8, strict: an octet outside the alphabet, data behind the padding, a group cut short or bits left over
// are Error "mime.base64"; blanks need the tolerance. Line ends are not fed. [Threading] one thread.
class SLUIS_PROTOCOLS_API Base64Decoder {
 public:
  Status decode(std::string_view piece, std::string& out, Strictness& strictness);
  Status finish() const;

 private:
  std::uint32_t group_ = 0;
  unsigned have_ = 0;  // characters of the group, padding included
  unsigned padding_ = 0;
  bool ended_ = false;
};

// RFC 2045 §6.7. Fed a piece of a line at a time; blanks at a line's end are dropped (rule 3). [Threading] one thread.
class SLUIS_PROTOCOLS_API QuotedPrintableDecoder {
 public:
  // `line_ends`: this piece is the line's last. Afterwards hard_break() says whether the line end is data.
  Status decode(std::string_view piece, bool line_ends, std::string& out, Strictness& strictness);
  [[nodiscard]] bool hard_break() const { return hard_break_; }

 private:
  std::string held_;  // blanks, or "=" and at most one digit, that may mean something else at the line's end
  bool hard_break_ = true;
};

// base64 in lines of 76 characters that end in CRLF. [Threading] one thread.
class SLUIS_PROTOCOLS_API Base64Lines {
 public:
  std::string encode(std::string_view bytes);  // what is complete so far
  std::string finish();                        // the rest; the encoder may be used again
  // Exactly what encode() and finish() together return for this many octets.
  static std::uint64_t encoded_size(std::uint64_t octets);

 private:
  static constexpr std::size_t line_octets = 57;  // 76 characters
  std::string held_;
};

}  // namespace sluis::mime
