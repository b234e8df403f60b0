// The header of a mail or of a part of it: fields as they came, unfolded, within bounds (RFC 5322 §2.2, §3.6).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/mime/lines.h"
#include "protocols/mime/strictness.h"

namespace sluis::mime {

struct HeaderLimits {
  std::size_t block = 64 * 1024;  // octets of one header block, with its line ends
  std::size_t count = 500;        // fields in it
};

struct HeaderField {
  std::string name;   // as written
  std::string value;  // unfolded (RFC 5322 §2.2.3), blanks at both ends taken off, not decoded
};

// The fields of one header, in order. A value. Names compare in any case.
class SLUIS_PROTOCOLS_API Headers {
 public:
  void add(HeaderField field) { fields_.push_back(std::move(field)); }
  [[nodiscard]] const std::vector<HeaderField>& fields() const { return fields_; }
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // The first one's value, or null.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  // The only one's value: "mime.header.missing", "mime.header.duplicate".
  [[nodiscard]] Result<std::string> only(std::string_view name) const;
  // The first one's value with encoded words decoded, for people; empty when there is none.
  [[nodiscard]] std::string decoded(std::string_view name) const;

 private:
  std::vector<HeaderField> fields_;
};

// Reads one header line by line. [Threading] one thread. [Errors] "mime.header.size", "mime.header.count",
// "mime.header.syntax", "mime.header.eight_bit", "mime.header.duplicate", each unless the tolerance of that name is
// allowed (the two bounds have none).
class SLUIS_PROTOCOLS_API HeaderReader {
 public:
  explicit HeaderReader(HeaderLimits limits = {}) : limits_(limits) {}

  Status line(std::string_view piece, bool begins, LineEnd end, Strictness& strictness);
  // The empty line has been read.
  [[nodiscard]] bool done() const { return done_; }
  // Closes the last field and enforces single instances: of Content-* fields always, of the originator, destination,
  // identification and informational fields of RFC 5322 §3.6 when this is the header of a mail.
  Result<Headers> finish(bool of_a_mail, Strictness& strictness);

 private:
  Status close_field(Strictness& strictness);

  HeaderLimits limits_;
  Headers headers_;
  std::string open_;  // the field being read, unfolded
  bool has_open_ = false;
  std::size_t octets_ = 0;
  std::size_t count_ = 0;
  std::size_t line_ = 0;  // octets of the line so far
  bool blank_ = true;     // the line so far is white space only
  bool done_ = false;
};

// A header block that stands alone, as in text/rfc822-headers or a group of message/delivery-status; `text` may end
// with or without the empty line.
SLUIS_PROTOCOLS_API Result<Headers> parse_headers(std::string_view text, Strictness& strictness,
                                                  HeaderLimits limits = {});

}  // namespace sluis::mime
