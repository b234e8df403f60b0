#include "protocols/pop3/byte_stuffing.h"

namespace sluis::pop3 {

namespace {
Error bare_cr() {
  return Error{"pop3.mail.bare_cr", "the mail has a CR that no LF follows"};
}
}  // namespace

Status ByteStuffer::encode(std::string_view content, std::string& wire) {
  wire.reserve(wire.size() + content.size() + content.size() / 64);
  for (const char c : content) {
    if (c == '\0') return Error{"pop3.mail.nul", "the mail has a NUL octet"};
    if (state_ == State::cr && c != '\n') return bare_cr();
    if (state_ != State::cr && c == '\n') return Error{"pop3.mail.bare_lf", "the mail has an LF that no CR precedes"};
    if (c == '.' && state_ == State::line_start) wire += '.';
    state_ = c == '\r' ? State::cr : c == '\n' ? State::line_start : State::text;
    wire += c;
    ++octets_;
  }
  return {};
}

Status ByteStuffer::finish(std::string& wire) {
  if (state_ == State::cr) return bare_cr();
  if (state_ == State::text) {
    wire += "\r\n";
    octets_ += 2;
  }
  state_ = State::line_start;
  wire += ".\r\n";
  return {};
}

bool ByteUnstuffer::decode(std::string_view& wire, std::string& content) {
  std::size_t at = 0;
  while (at < wire.size()) {
    const char c = wire[at++];
    if (c == '\n' && state_ == State::dot_cr) {
      wire.remove_prefix(at);
      return true;
    }
    if (c == '\n' && state_ == State::cr) {
      content += "\r\n";
      state_ = State::line_start;
      continue;
    }
    if (state_ == State::cr || state_ == State::dot_cr) {  // the CR held back turned out to be a bare one
      content += '\r';
      irregular_ = true;
      state_ = State::text;
    }
    if (c == '\r') {
      state_ = state_ == State::dot ? State::dot_cr : State::cr;
    } else if (c == '.' && state_ == State::line_start) {
      state_ = State::dot;
    } else {
      if (c == '\n' || c == '\0') irregular_ = true;
      state_ = State::text;
      content += c;
    }
  }
  wire = {};
  return false;
}

}  // namespace sluis::pop3
