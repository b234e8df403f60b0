#include "protocols/smtp/dot_stuffing.h"

namespace sluis::smtp {

namespace {

Error bare_cr() {
  return Error{"smtp.data.bare_cr", "the content has a CR that no LF follows (RFC 5321 §2.3.8)"};
}
Error bare_lf() {
  return Error{"smtp.data.bare_lf", "the content has an LF that no CR precedes (RFC 5321 §2.3.8)"};
}
Error nul() {
  return Error{"smtp.data.nul", "the content has a NUL octet"};
}
Error long_line(std::size_t limit) {
  return Error{"smtp.data.line", "the content has a line longer than " + std::to_string(limit) + " octets"};
}

}  // namespace

Status DotEncoder::encode(std::string_view content, std::string& wire) {
  wire.reserve(wire.size() + content.size() + content.size() / 64);
  for (const char c : content) {
    if (state_ == State::cr) {
      if (c != '\n') return bare_cr();
      wire += c;
      state_ = State::line_start;
      column_ = 0;
      continue;
    }
    if (c == '\n') return bare_lf();
    if (c == '\0') return nul();
    if (c == '.' && state_ == State::line_start) wire += '.';
    state_ = c == '\r' ? State::cr : State::text;
    if (c != '\r' && ++column_ + 2 > max_line_ && max_line_ != 0) return long_line(max_line_);
    wire += c;
  }
  return {};
}

Status DotEncoder::finish(std::string& wire) {
  if (state_ == State::cr) return bare_cr();
  if (state_ == State::text) wire += "\r\n";
  wire += ".\r\n";
  return {};
}

Result<bool> DotDecoder::decode(std::string_view& wire, std::string& content) {
  std::size_t at = 0;
  const auto stop = [&](Result<bool> outcome) {
    wire.remove_prefix(at);
    return outcome;
  };
  while (at < wire.size()) {
    const char c = wire[at++];
    if (c == '\0') return stop(nul());
    if (state_ == State::cr || state_ == State::dot_cr) {
      if (c != '\n') return stop(bare_cr());
      const bool end = state_ == State::dot_cr;
      state_ = State::line_start;
      column_ = 0;
      if (end) return stop(true);
      content += "\r\n";
      continue;
    }
    if (c == '\n') return stop(bare_lf());
    if (c == '\r') {
      state_ = state_ == State::dot ? State::dot_cr : State::cr;
      continue;
    }
    if (c == '.' && state_ == State::line_start) {
      state_ = State::dot;
      continue;
    }
    state_ = State::text;
    ++column_;
    content += c;
    if (max_line_ != 0 && column_ + 2 == max_line_ + 1) return stop(long_line(max_line_));
  }
  return stop(false);
}

}  // namespace sluis::smtp
