// Builds the mail that carries a payload (digipoort.md §1.3, "MIME form"). Deterministic: Date, Message-ID and boundary
// come from the caller, so the same input is the same octets on every attempt. Streaming: size is never memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/mime/address.h"
#include "protocols/mime/transfer_encoding.h"

namespace sluis::mime {

enum class Form {
  body,        // the payload is the mail: one part
  attachment,  // multipart/mixed, a text/plain part first
};

struct PartSpec {
  std::string media_type = "application/octet-stream";  // application/EDIFACT (RFC 1767), application/xml (RFC 7303), …
  std::string charset;                                  // as the payload declares it; none when empty
  std::string file_name;                                // UTF-8; no disposition's file name when empty
  bool attachment = true;                               // Content-Disposition: attachment, else inline
};

struct MailSpec {
  Mailbox from;
  std::vector<Mailbox> to;
  WallTime date;
  std::string message_id;                                  // without < and >
  std::string subject;                                     // UTF-8
  std::vector<std::pair<std::string, std::string>> extra;  // further fields, after the others: name, UTF-8 text
  Form form = Form::body;
  std::string boundary;         // Form::attachment; no base64 line can hold "--", so any will do
  std::string cover_text;       // Form::attachment; UTF-8, lines ended by LF or CRLF
  std::vector<PartSpec> parts;  // exactly one for Form::body, at least one for Form::attachment
};

// Writes one mail. Call in order: begin(); for each part begin_part(), encode() as often as needed, end_part(); end().
// Each returns octets for the wire, CRLF lines, base64 in lines of 76. [Threading] one thread.
class SLUIS_PROTOCOLS_API MailWriter {
 public:
  // [Errors] "mime.injection": CR, LF, NUL or another control character in anything that becomes a header, so that no
  // text from outside can add a field; "mime.charset": text that is not UTF-8; "mime.spec": what is missing or
  // malformed; "mime.address".
  static Result<MailWriter> create(const MailSpec& spec);

  std::string begin() const { return head_; }
  std::string begin_part();
  std::string encode(std::string_view octets) { return base64_.encode(octets); }
  std::string end_part() { return base64_.finish(); }
  std::string end() const { return tail_; }

  // The exact number of octets of the whole mail, for SIZE= and for limits, before a single one is encoded.
  // [Precondition] one size for each part.
  [[nodiscard]] std::uint64_t encoded_size(const std::vector<std::uint64_t>& part_octets) const;

 private:
  MailWriter() = default;

  std::string head_;
  std::vector<std::string> part_heads_;
  std::string tail_;
  std::size_t next_part_ = 0;
  Base64Lines base64_;
};

// The whole mail of small payloads, one for each part.
SLUIS_PROTOCOLS_API Result<std::string> build_mail(const MailSpec& spec, const std::vector<std::string_view>& payloads);

// The header of a mail as far as any mail has it: Date, From, To, Message-ID, Subject, the extra fields, MIME-Version.
// An extra field that is one of these or Content-* is refused: what counts twice is read in two ways.
SLUIS_PROTOCOLS_API Result<std::string> write_message_header(const MailSpec& spec);

// text/plain; charset=utf-8 in base64: the header of the part, the empty line and the lines. [Errors] "mime.charset".
SLUIS_PROTOCOLS_API Result<std::string> write_text_part(std::string_view text);

// 1 to 70 of A-Z a-z 0-9 - _ . = : a boundary that no reader stumbles over (RFC 2046 §5.1.1).
SLUIS_PROTOCOLS_API bool is_safe_boundary(std::string_view text);

// A header field, checked and encoded: `Name: value` CRLF. Folds structured values at ", " and unstructured ones at
// blanks, to lines of 78 characters where the text allows.
SLUIS_PROTOCOLS_API Result<std::string> write_field(std::string_view name, std::string_view text);

}  // namespace sluis::mime
