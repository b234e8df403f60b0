#include "adapters/http/multipart.h"

#include <algorithm>
#include <utility>

#include "protocols/mime/header.h"
#include "protocols/mime/media_type.h"

namespace sluis::http {

namespace {

constexpr std::size_t largest_header = 8 * 1024;

Error syntax(std::string_view what) {
  return Error{"multipart.syntax", what};
}

}  // namespace

Status MultipartReader::feed(std::string_view bytes) {
  if (at_ == At::epilogue) return {};  // RFC 2046 §5.1.1: it says nothing
  buffer_ += bytes;
  for (;;) {
    const Result<bool> more = step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

Status MultipartReader::finish() {
  if (at_ == At::epilogue) return {};
  return Error{"multipart.end", "the form ends without its closing boundary"};
}

Result<bool> MultipartReader::step() {
  switch (at_) {
    case At::header: return read_header();
    case At::preamble:
    case At::body: return read_body();
    case At::epilogue: break;
  }
  buffer_.clear();
  return false;
}

Result<bool> MultipartReader::read_header() {
  // A part without fields begins with the empty line.
  const bool none = buffer_.starts_with("\r\n");
  const std::size_t end = none ? 0 : buffer_.find("\r\n\r\n");
  if (std::min(end, buffer_.size()) > largest_header)
    return Error{"multipart.header", "the header of a part is longer than 8 KiB"};
  if (end == std::string::npos) return false;
  if (Status opened = open_part(std::string_view(buffer_).substr(0, none ? 0 : end + 2)); !opened)
    return opened.error();
  buffer_.erase(0, none ? 2 : end + 4);
  at_ = At::body;
  return true;
}

Status MultipartReader::open_part(std::string_view block) {
  FormPart part;
  if (!block.empty()) {
    // Browsers and curl write file names in raw UTF-8 (RFC 7578 §4.2).
    mime::Strictness strictness{mime::Tolerances{mime::Tolerance::eight_bit_headers}, {}};
    const auto headers = mime::parse_headers(block, strictness);
    if (!headers) return Error{"multipart.header", headers.error().what};
    mime::Disposition disposition;
    if (const std::string* text = headers->find("Content-Disposition")) {
      auto parsed = mime::parse_disposition(*text);
      if (!parsed) return Error{"multipart.header", parsed.error().what};
      disposition = std::move(*parsed);
    }
    if (const std::string* text = headers->find("Content-Type")) part.media_type = *text;
    // RFC 7578 §4.7: deprecated, and a second layer in which content could hide.
    if (headers->find("Content-Transfer-Encoding") != nullptr)
      return Error{"multipart.header", "a part with a Content-Transfer-Encoding"};
    part.file_name = mime::file_name(disposition, {});
  }
  return sink_.begin_part(std::move(part));
}

Result<bool> MultipartReader::read_body() {
  const std::size_t found = buffer_.find(delimiter_);
  if (found == std::string::npos) {
    if (at_ == At::preamble && buffer_.size() >= delimiter_.size())
      return syntax("the form does not begin with its boundary");
    if (buffer_.size() < delimiter_.size()) return false;
    const std::size_t sure = buffer_.size() - delimiter_.size() + 1;
    if (Status written = sink_.data(std::string_view(buffer_).substr(0, sure)); !written) return written.error();
    buffer_.erase(0, sure);
    return false;
  }
  if (buffer_.size() < found + delimiter_.size() + 2) return false;
  const std::string_view mark = std::string_view(buffer_).substr(found + delimiter_.size(), 2);
  if (mark != "\r\n" && mark != "--") return syntax("a boundary is followed by something else than a line end");
  if (at_ == At::preamble) {
    if (found != 0) return syntax("something stands before the first boundary");
  } else {
    if (Status written = sink_.data(std::string_view(buffer_).substr(0, found)); !written) return written.error();
    if (Status ended = sink_.end_part(); !ended) return ended.error();
  }
  at_ = mark == "--" ? At::epilogue : At::header;
  buffer_.erase(0, found + delimiter_.size() + 2);
  return true;
}

}  // namespace sluis::http
