#include "core/net/http/field_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/net/http/headers.h"

namespace sluis::net::http {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7F;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

constexpr std::string_view line_ending_words = "a line that does not end in CR LF";

}  // namespace

bool FieldSection::refuse(int status, std::string_view code, std::string_view what) {
  refusal_ = {status, std::string(code), std::string(what)};
  return false;
}

FieldSection::State FieldSection::look(std::string_view bytes) {
  while (looked_ < bytes.size()) {
    const std::size_t lf = bytes.find('\n', looked_);
    const std::size_t upto = std::min(lf, bytes.size());
    if (!check_size(upto - line_)) return State::refused;
    if (lf == std::string_view::npos) {
      // A CR is settled with the octet behind it.
      const std::size_t cr = bytes.substr(0, bytes.size() - 1).find('\r', looked_);
      if (cr != std::string_view::npos) return refuse(400, "http.line-ending", line_ending_words), State::refused;
      looked_ = bytes.back() == '\r' ? bytes.size() - 1 : bytes.size();
      return State::incomplete;
    }
    const std::string_view line = bytes.substr(line_, lf - line_);
    if (line.empty() || line.find('\r') != line.size() - 1)
      return refuse(400, "http.line-ending", line_ending_words), State::refused;
    looked_ = line_ = lf + 1;
    if (line.size() == 1) {
      // RFC 9112 §2.2: one empty line before a request line is forgiven; the reader drops it. Here a second one came.
      if (!start_line_seen_) return refuse(400, "http.start-line", "an empty start line"), State::refused;
      return State::complete;
    }
    if (!check_line(line.substr(0, line.size() - 1))) return State::refused;
  }
  return State::incomplete;
}

bool FieldSection::check_size(std::size_t unfinished) {
  if (!start_line_seen_) {
    if (unfinished <= limits_->start_line) return true;
    return kind_ == MessageKind::request
               ? refuse(414, "http.start-line-size", fmt::format("a start line above {} octets", limits_->start_line))
               : refuse(502, "http.start-line-size", fmt::format("a start line above {} octets", limits_->start_line));
  }
  const std::size_t most = trailers_ ? limits_->trailer_bytes : limits_->header_bytes;
  if (line_ - fields_begin_ + unfinished <= most + 2) return true;  // the empty line is none of the fields
  return refuse(431, "http.header-size", fmt::format("header fields above {} octets", most));
}

bool FieldSection::check_line(std::string_view line) {
  if (!start_line_seen_) {
    start_line_seen_ = true;
    fields_begin_ = line_;
    return check_start_line(line);
  }
  return check_field(line);
}

bool FieldSection::check_start_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  if (kind_ == MessageKind::response) {
    // HTTP-version SP 3DIGIT SP [ reason-phrase ]
    if (!check_version(line.substr(0, first))) return false;
    if (first == std::string_view::npos || line.size() < first + 5 || !all_digits(line.substr(first + 1, 3)) ||
        line[first + 4] != ' ' || line[first + 1] < '1' || line[first + 1] > '5' || !is_field_value(line))
      return refuse(502, "http.start-line", "not a status line");
    return true;
  }
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse(400, "http.start-line", "not a request line of method, target and version");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(line.substr(0, first)) || target.empty() || !std::all_of(target.begin(), target.end(), is_visible))
    return refuse(400, "http.start-line", "not a request line of method, target and version");
  return check_version(line.substr(last + 1));
}

bool FieldSection::check_version(std::string_view version) {
  http_1_0_ = version == "HTTP/1.0";
  if (http_1_0_ || version == "HTTP/1.1") return true;
  if (version.size() == 8 && version.starts_with("HTTP/") && all_digits(version.substr(5, 1)) && version[6] == '.' &&
      all_digits(version.substr(7)))
    return refuse(505, "http.version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
  return refuse(kind_ == MessageKind::request ? 400 : 502, "http.start-line", "not an HTTP version");
}

bool FieldSection::check_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t')
    return refuse(400, "http.fold", "a header field that goes on in the next line");
  if (++fields_ > limits_->header_fields)
    return refuse(431, "http.header-count", fmt::format("more than {} header fields", limits_->header_fields));
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name))
    return refuse(400, "http.field-name", "a header field without a proper name before its colon");
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) return refuse(400, "http.field-value", "a control character in a header field");
  return check_framing(name, value);
}

bool FieldSection::check_framing(std::string_view name, std::string_view value) {
  const bool length = same_name(name, "Content-Length");
  const bool transfer = same_name(name, "Transfer-Encoding");
  if (!length && !transfer) return true;
  // RFC 9110 §6.5.1: fields that frame the message must not come after it.
  if (trailers_) return refuse(400, "http.framing", "Content-Length or Transfer-Encoding as a trailer");
  if ((length && chunked_) || (transfer && content_length_))
    return refuse(400, "http.framing", "Content-Length and Transfer-Encoding together");
  if (length) {
    if (content_length_) return refuse(400, "http.content-length", "more than one Content-Length");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (!all_digits(value) || error != std::errc{} || end != value.data() + value.size())
      return refuse(400, "http.content-length", "a Content-Length that is not one number");
    content_length_ = number;
    return true;
  }
  if (http_1_0_) return refuse(400, "http.transfer-encoding", "Transfer-Encoding in an HTTP/1.0 message");
  if (chunked_ || !same_name(value, "chunked"))
    return refuse(501, "http.transfer-encoding", "a transfer coding other than chunked");
  chunked_ = true;
  return true;
}

ChunkLine ChunkLine::look(std::string_view bytes, const MessageLimits& limits) {
  constexpr std::size_t most_digits = 16;
  const auto refused = [](std::string_view code, std::string_view what) {
    ChunkLine line;
    line.state = FieldSection::State::refused;
    line.refusal = {400, std::string(code), std::string(what)};
    return line;
  };
  std::size_t digits = 0;
  while (digits < bytes.size() && digits <= most_digits && is_hex(bytes[digits])) ++digits;
  if (digits > most_digits) return refused("http.chunk-size", "a chunk size above 16 digits");
  if (digits == bytes.size()) return {};
  if (digits == 0) return refused("http.chunk-size", "a chunk without its size");
  if (bytes[digits] != '\r' && bytes[digits] != ';')
    return refused(bytes[digits] == '\n' ? "http.line-ending" : "http.chunk-size", "octets behind a chunk size");
  const std::size_t lf = bytes.find('\n', digits);
  const std::string_view extension = bytes.substr(digits, lf == std::string_view::npos ? lf : lf - digits);
  if (extension.size() > limits.chunk_extension + 1)
    return refused("http.chunk-extension", fmt::format("a chunk extension above {} octets", limits.chunk_extension));
  const std::size_t cr = extension.find('\r');
  if (lf == std::string_view::npos) {
    if (cr != std::string_view::npos && cr + 1 != extension.size())
      return refused("http.line-ending", line_ending_words);
    return {};
  }
  if (cr == std::string_view::npos || cr + 1 != extension.size()) return refused("http.line-ending", line_ending_words);
  if (!is_field_value(extension.substr(0, cr)))
    return refused("http.chunk-extension", "a control character in a chunk extension");
  ChunkLine line;
  line.state = FieldSection::State::complete;
  line.size = lf + 1;
  line.last = bytes.substr(0, digits).find_first_not_of('0') == std::string_view::npos;
  return line;
}

}  // namespace sluis::net::http
