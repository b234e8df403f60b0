#include "protocols/mime/header.h"

#include <algorithm>
#include <array>

#include "protocols/mime/encoded_word.h"
#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

// RFC 5322 §3.6, the rows with a maximum of one.
constexpr std::array<std::string_view, 11> once_in_a_mail{
    "Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject"};
// RFC 2045 §3, RFC 2183 §2.10: one of each in any entity.
constexpr std::array<std::string_view, 6> once_in_an_entity{"Content-Type",        "Content-Transfer-Encoding",
                                                            "Content-ID",          "Content-Disposition",
                                                            "Content-Description", "MIME-Version"};

}  // namespace

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [&](const HeaderField& f) { return equals_ignoring_case(f.name, name); }));
}

const std::string* Headers::find(std::string_view name) const {
  for (const HeaderField& f : fields_)
    if (equals_ignoring_case(f.name, name)) return &f.value;
  return nullptr;
}

Result<std::string> Headers::only(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return Error{"mime.header.missing", "no " + std::string(name)};
  if (count(name) > 1) return Error{"mime.header.duplicate", "more than one " + std::string(name)};
  return *value;
}

std::string Headers::decoded(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? "" : decode_words(*value);
}

Status HeaderReader::line(std::string_view piece, bool begins, LineEnd end, Strictness& strictness) {
  const std::size_t end_octets = end == LineEnd::crlf ? 2 : end == LineEnd::lf ? 1 : 0;
  octets_ += piece.size() + end_octets;
  if (octets_ > limits_.block)
    return Error{"mime.header.size", "a header of more than " + std::to_string(limits_.block) + " octets"};
  if (std::any_of(piece.begin(), piece.end(), is_eight_bit))
    if (Status s = strictness.tolerate(Tolerance::eight_bit_headers, "mime.header.eight_bit",
                                       "octets above 127 in the header (RFC 5322 §2.2)");
        !s)
      return s;
  if (begins) {
    if (piece.empty() && end != LineEnd::none && end != LineEnd::eof) {
      done_ = true;
      return {};
    }
    line_ = 0;
    blank_ = true;
    const bool continues = !piece.empty() && is_wsp(piece.front());
    if (!continues || !has_open_) {
      if (Status s = close_field(strictness); !s) return s;
      has_open_ = true;
      open_.clear();
      if (++count_ > limits_.count)
        return Error{"mime.header.count", "more than " + std::to_string(limits_.count) + " header fields"};
    }
  }
  line_ += piece.size();
  blank_ = blank_ && std::all_of(piece.begin(), piece.end(), is_wsp);
  open_ += piece;
  if (end != LineEnd::none && blank_ && line_ > 0) strictness.findings.note(Ambiguity::blank_folded_line);
  return {};
}

Status HeaderReader::close_field(Strictness& strictness) {
  if (!has_open_) return {};
  has_open_ = false;
  const std::string_view text = open_;
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), is_ftext)) {
    // Includes "Name :", which RFC 5322 §4 calls obsolete and which readers take for different names.
    if (Status s = strictness.tolerate(Tolerance::malformed_headers, "mime.header.syntax",
                                       "a line of the header is not a field (RFC 5322 §2.2)");
        !s)
      return s;
    strictness.findings.note(Ambiguity::malformed_header);
    return {};
  }
  headers_.add({std::string(name), std::string(trim(text.substr(colon + 1)))});
  return {};
}

Result<Headers> HeaderReader::finish(bool of_a_mail, Strictness& strictness) {
  if (Status s = close_field(strictness); !s) return s.error();
  const auto enforce = [&](std::string_view name) -> Status {
    if (headers_.count(name) < 2) return {};
    if (Status s = strictness.tolerate(Tolerance::duplicate_headers, "mime.header.duplicate",
                                       "more than one " + std::string(name) + " (RFC 5322 §3.6)");
        !s)
      return s;
    strictness.findings.note(Ambiguity::duplicate_header);
    return {};
  };
  for (const std::string_view name : once_in_an_entity)
    if (Status s = enforce(name); !s) return s.error();
  if (of_a_mail)
    for (const std::string_view name : once_in_a_mail)
      if (Status s = enforce(name); !s) return s.error();
  return std::move(headers_);
}

Result<Headers> parse_headers(std::string_view text, Strictness& strictness, HeaderLimits limits) {
  HeaderReader reader(limits);
  LineSplitter lines(strictness);
  const auto sink = [&](std::string_view piece, bool begins, LineEnd end) -> Status {
    return reader.done() ? Status{} : reader.line(piece, begins, end, strictness);
  };
  if (Status s = lines.feed(text, sink); !s) return s.error();
  if (Status s = lines.finish(sink); !s) return s.error();
  return reader.finish(false, strictness);
}

}  // namespace sluis::mime
