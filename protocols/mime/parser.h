// A bounded, streaming MIME reader (RFC 5322, 2045, 2046, 2183; digipoort.md §3.5): bytes in, events out, no I/O.
// Memory is bounded by the limits, whatever the size of the mail.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/mime/header.h"
#include "protocols/mime/lines.h"
#include "protocols/mime/media_type.h"
#include "protocols/mime/strictness.h"
#include "protocols/mime/transfer_encoding.h"

namespace sluis::mime {

struct Limits {
  HeaderLimits header;
  std::size_t depth = 10;         // of entities inside entities; the mail itself is 0
  std::size_t parts = 100;        // entities, the mail itself included
  bool descend_messages = false;  // read message/rfc822 as structure instead of as bytes
};

// What is known of an entity when its header has been read.
struct EntityInfo {
  std::string path;  // "1" is the mail, "1.2" its second part
  std::size_t depth = 0;
  MediaType type;
  Disposition disposition;
  TransferEncoding encoding = TransferEncoding::seven_bit;
  std::string file_name;   // the peer's own text, UTF-8; never a path (safe_file_name)
  bool composite = false;  // has parts and no body() of its own
};

// Where the events go. Called from feed() and finish() only; begin and end nest; body() only between begin_entity() of
// a leaf and its end_entity(), as often as there is something, with decoded octets that are valid during the call. A
// Status that is an error stops the reading: feed() returns it. It must not call the parser.
class SLUIS_PROTOCOLS_API EntityHandler {
 public:
  virtual ~EntityHandler() = default;
  virtual Status begin_entity(const EntityInfo& info, const Headers& headers) = 0;
  virtual Status body(std::string_view decoded) = 0;
  virtual Status end_entity(const EntityInfo& info) = 0;
};

// Reads one mail. [Threading] one thread. [Ownership] the handler outlives it. [Errors] "mime.*": the mail is outside
// the bounds or not readable as strictly as was asked; the first error stays. What was read is handed on as it comes,
// so a mail is only good when finish() has said so.
class SLUIS_PROTOCOLS_API Parser {
 public:
  explicit Parser(EntityHandler& handler, Limits limits = {}, Tolerances tolerances = {});
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Status feed(std::string_view bytes);
  // The mail is complete. Once.
  Result<Findings> finish();

 private:
  enum class Reading { header, leaf, preamble, epilogue, message };
  struct Frame {
    EntityInfo info;
    Reading reading = Reading::header;
    HeaderReader header;
    std::string boundary;
    std::size_t children = 0;
    bool of_a_mail = false;
    bool in_digest = false;
  };

  Status line(std::string_view piece, bool begins, LineEnd end);
  Status take_boundary(std::size_t frame, bool closes);
  Status begin_child(Frame& parent, bool of_a_mail);
  Status begin_body();
  Status describe(Frame& frame, const Headers& headers);
  Status open_multipart(Frame& frame);
  Status leaf_piece(std::string_view piece, LineEnd end);
  Status flush(std::size_t at_least);
  Status end_top();

  EntityHandler& handler_;
  Limits limits_;
  Strictness strictness_;
  LineSplitter lines_;
  std::vector<Frame> frames_;
  std::size_t entities_ = 1;
  std::string out_;            // decoded octets on their way to body()
  std::string_view line_end_;  // of the line before: data, unless a boundary follows
  Base64Decoder base64_;
  QuotedPrintableDecoder quoted_printable_;
  Error error_;
};

}  // namespace sluis::mime
