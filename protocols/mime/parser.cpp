#include "protocols/mime/parser.h"

#include <algorithm>
#include <utility>

#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

constexpr std::size_t flush_octets = 16 * 1024;
constexpr std::size_t boundary_limit = 70;  // RFC 2046 §5.1.1

// bchars (RFC 2046 §5.1.1); the last one is no blank.
bool is_boundary(std::string_view text) {
  return !text.empty() && text.back() != ' ' && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view{"'()+_,-./:=? "}.find(c) != std::string_view::npos;
  });
}

enum class Match { none, lookalike, part, close };

// The line against one boundary: exact, up to blanks that a gateway may have added (`padded`).
Match match(std::string_view line, std::string_view boundary, bool& padded) {
  line.remove_prefix(2);
  if (!line.starts_with(boundary)) return Match::none;
  line.remove_prefix(boundary.size());
  const bool closes = line.starts_with("--");
  if (closes) line.remove_prefix(2);
  padded = !line.empty();
  if (!std::all_of(line.begin(), line.end(), is_wsp)) return Match::lookalike;
  return closes ? Match::close : Match::part;
}

}  // namespace

Parser::Parser(EntityHandler& handler, Limits limits, Tolerances tolerances)
    : handler_(handler), limits_(limits), strictness_{tolerances, {}}, lines_(strictness_) {
  Frame mail;
  mail.info.path = "1";
  mail.header = HeaderReader(limits_.header);
  mail.of_a_mail = true;
  frames_.push_back(std::move(mail));
}

Status Parser::feed(std::string_view bytes) {
  if (!error_.code.empty()) return error_;
  Status s =
      lines_.feed(bytes, [this](std::string_view piece, bool begins, LineEnd end) { return line(piece, begins, end); });
  if (!s) error_ = s.error();
  return s;
}

Result<Findings> Parser::finish() {
  if (!error_.code.empty()) return error_;
  Status s =
      lines_.finish([this](std::string_view piece, bool begins, LineEnd end) { return line(piece, begins, end); });
  // More than once: begin_body() of a message that is descended into opens a header of its own.
  while (s && frames_.back().reading == Reading::header) s = begin_body();
  while (s && !frames_.empty()) s = end_top();
  if (!s) {
    error_ = s.error();
    return error_;
  }
  return strictness_.findings;
}

Status Parser::line(std::string_view piece, bool begins, LineEnd end) {
  if (begins && end != LineEnd::none && piece.size() <= line_limit && piece.starts_with("--")) {
    bool lookalike = false;
    for (std::size_t i = frames_.size(); i-- > 0;) {
      if (frames_[i].boundary.empty() || frames_[i].reading == Reading::epilogue) continue;
      bool padded = false;
      const Match m = match(piece, frames_[i].boundary, padded);
      lookalike = lookalike || m == Match::lookalike;
      if (m != Match::part && m != Match::close) continue;
      if (padded)
        if (Status s = strictness_.tolerate(Tolerance::boundary_padding, "mime.boundary", "blanks behind a boundary");
            !s)
          return s;
      return take_boundary(i, m == Match::close);
    }
    if (lookalike) strictness_.findings.note(Ambiguity::boundary_lookalike);
  }
  Frame& top = frames_.back();
  switch (top.reading) {
    case Reading::header:
      if (Status s = top.header.line(piece, begins, end, strictness_); !s) return s;
      return top.header.done() ? begin_body() : Status{};
    case Reading::leaf: return leaf_piece(piece, end);
    case Reading::epilogue:
      if (!std::all_of(piece.begin(), piece.end(), is_wsp)) strictness_.findings.note(Ambiguity::text_after_close);
      return {};
    case Reading::preamble:
    case Reading::message: return {};
  }
  return {};
}

Status Parser::take_boundary(std::size_t frame, bool closes) {
  line_end_ = {};  // the line end before a boundary belongs to the boundary (RFC 2046 §5.1.1)
  while (frames_.size() > frame + 1) {
    if (frames_.back().reading == Reading::header) {
      strictness_.findings.note(Ambiguity::header_without_end);
      if (Status s = begin_body(); !s) return s;
      continue;
    }
    if (Status s = end_top(); !s) return s;
  }
  Frame& multipart = frames_.back();
  if (closes) {
    multipart.reading = Reading::epilogue;
    return {};
  }
  return begin_child(multipart, false);
}

Status Parser::begin_child(Frame& parent, bool of_a_mail) {
  if (++entities_ > limits_.parts) return Error{"mime.parts", "more than " + std::to_string(limits_.parts) + " parts"};
  Frame child;
  child.info.depth = parent.info.depth + 1;
  if (child.info.depth > limits_.depth)
    return Error{"mime.depth", "parts nested more than " + std::to_string(limits_.depth) + " deep"};
  child.info.path = parent.info.path + "." + std::to_string(++parent.children);
  child.header = HeaderReader(limits_.header);
  child.of_a_mail = of_a_mail;
  child.in_digest = parent.info.type.is("multipart/digest");
  frames_.push_back(std::move(child));
  return {};
}

Status Parser::begin_body() {
  Frame& frame = frames_.back();
  auto headers = frame.header.finish(frame.of_a_mail, strictness_);
  if (!headers) return headers.error();
  // Only of the mail itself: what someone forwards may be older than the rule.
  if (frame.of_a_mail && frames_.size() == 1)
    for (const std::string_view name : {"Date", "From"})
      if (headers->count(name) == 0)
        if (Status s = strictness_.tolerate(Tolerance::missing_date_or_from, "mime.header.missing",
                                            "no " + std::string(name) + " (RFC 5322 §3.6)");
            !s)
          return s;
  if (Status s = describe(frame, *headers); !s) return s;
  frame.header = HeaderReader(limits_.header);
  frame.reading = Reading::leaf;
  line_end_ = {};
  base64_ = {};
  quoted_printable_ = {};
  if (frame.info.type.type == "multipart")
    if (Status s = open_multipart(frame); !s) return s;
  const bool message =
      frame.info.type.is("message/rfc822") && limits_.descend_messages && is_identity(frame.info.encoding);
  if (message) frame.reading = Reading::message;
  frame.info.composite = frame.reading != Reading::leaf;
  if (Status s = handler_.begin_entity(frame.info, *headers); !s) return s;
  return message ? begin_child(frames_.back(), true) : Status{};
}

Status Parser::describe(Frame& frame, const Headers& headers) {
  EntityInfo& info = frame.info;
  Findings& findings = strictness_.findings;
  if (frame.in_digest) {
    info.type.type = "message";  // RFC 2046 §5.1.5
    info.type.subtype = "rfc822";
  }
  if (const std::string* value = headers.find("Content-Type")) {
    auto type = parse_media_type(*value);
    if (!type || type->parameters.ambiguous) findings.note(Ambiguity::malformed_content_type);
    if (type) {
      info.type = std::move(*type);
    } else {
      // Not text/plain (RFC 2045 §5.2 allows either): what cannot be named is bytes.
      info.type.type = "application";
      info.type.subtype = "octet-stream";
    }
  }
  if (const std::string* value = headers.find("Content-Disposition")) {
    auto disposition = parse_disposition(*value);
    if (!disposition || disposition->parameters.ambiguous) findings.note(Ambiguity::malformed_content_disposition);
    if (disposition) info.disposition = std::move(*disposition);
  }
  bool first = true;
  for (const HeaderField& field : headers.fields()) {
    if (!equals_ignoring_case(field.name, "Content-Transfer-Encoding")) continue;
    const TransferEncoding encoding = parse_transfer_encoding(field.value);
    if (first) info.encoding = encoding;
    if (!first && encoding != info.encoding) findings.note(Ambiguity::conflicting_transfer_encoding);
    first = false;
  }
  if (info.encoding == TransferEncoding::unknown) findings.note(Ambiguity::unknown_transfer_encoding);
  info.file_name = file_name(info.disposition, info.type);
  const bool composite = info.type.type == "multipart" || info.type.is("message/rfc822");
  if (composite && !is_identity(info.encoding)) findings.note(Ambiguity::encoded_composite);
  return {};
}

Status Parser::open_multipart(Frame& frame) {
  const std::string* boundary = frame.info.type.parameters.find("boundary");
  if (boundary == nullptr || boundary->empty()) {
    strictness_.findings.note(Ambiguity::missing_boundary_parameter);
    return {};
  }
  if (boundary->size() > boundary_limit)
    return Error{"mime.boundary", "a boundary of more than 70 characters (RFC 2046 §5.1.1)"};
  if (!is_boundary(*boundary)) return Error{"mime.boundary", "a boundary with characters that RFC 2046 §5.1.1 forbids"};
  for (const Frame& other : frames_)
    if (other.boundary == *boundary) strictness_.findings.note(Ambiguity::repeated_boundary);
  frame.boundary = *boundary;
  frame.reading = Reading::preamble;
  return {};
}

Status Parser::leaf_piece(std::string_view piece, LineEnd end) {
  const std::string_view ending = end == LineEnd::crlf ? "\r\n" : end == LineEnd::lf ? "\n" : "";
  switch (frames_.back().info.encoding) {
    case TransferEncoding::base64:
      if (Status s = base64_.decode(piece, out_, strictness_); !s) return s;
      break;
    case TransferEncoding::quoted_printable:
      out_ += line_end_;
      line_end_ = {};
      if (Status s = quoted_printable_.decode(piece, end != LineEnd::none, out_, strictness_); !s) return s;
      if (quoted_printable_.hard_break()) line_end_ = ending;
      break;
    default:
      out_ += line_end_;
      out_ += piece;
      line_end_ = ending;
  }
  return flush(flush_octets);
}

Status Parser::flush(std::size_t at_least) {
  if (out_.empty() || out_.size() < at_least) return {};
  const Status s = handler_.body(out_);
  out_.clear();
  return s;
}

Status Parser::end_top() {
  const Frame& frame = frames_.back();
  if (frame.reading == Reading::leaf) {
    out_ += std::exchange(line_end_, {});
    if (frame.info.encoding == TransferEncoding::base64)
      if (Status s = base64_.finish(); !s) return s;
    if (Status s = flush(0); !s) return s;
  }
  if (frame.reading == Reading::preamble) strictness_.findings.note(Ambiguity::missing_closing_boundary);
  const EntityInfo info = frame.info;
  frames_.pop_back();
  return handler_.end_entity(info);
}

}  // namespace sluis::mime
