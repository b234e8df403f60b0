// A mail on the wire: byte-stuffing (RFC 1939 §3) in both directions, octet by octet, so that a dot at the edge of a
// piece is a dot like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::pop3 {

// Content to wire. Refuses bare CR, bare LF and NUL ("pop3.mail.bare_cr", "pop3.mail.bare_lf", "pop3.mail.nul"): a
// client that takes a bare LF for a line end would find the end of the mail where we sent none, and NUL hangs some
// clients. With a scratch string it also tells, before a mail is put in a maildrop, whether it can be sent and how long
// it will be. [Threading] one thread.
class SLUIS_PROTOCOLS_API ByteStuffer {
 public:
  Status encode(std::string_view content, std::string& wire);
  // The end: CR LF where the content did not end in one, then the lone dot.
  Status finish(std::string& wire);
  // Octets sent so far as LIST and STAT count them: without the stuffed dots, with the CR LF that finish() added.
  [[nodiscard]] std::uint64_t octets() const { return octets_; }

 private:
  enum class State { line_start, text, cr };
  State state_ = State::line_start;
  std::uint64_t octets_ = 0;
};

// Wire to content: takes exactly one leading dot off each line, ends at CR LF . CR LF and at nothing else. What else is
// wrong with the octets does not stop it: bare CR, bare LF and NUL stay in the content as they came and are remembered,
// so that one bad mail is stored and set apart instead of standing in front of all others. [Threading] one thread.
class SLUIS_PROTOCOLS_API ByteUnstuffer {
 public:
  // Appends to `content`, consumes from the front of `wire`. True: the end was read, the rest of `wire` is not content.
  bool decode(std::string_view& wire, std::string& content);
  // A bare CR, a bare LF or a NUL was seen: the content is not canonical.
  [[nodiscard]] bool irregular() const { return irregular_; }

 private:
  enum class State { line_start, dot, dot_cr, text, cr };
  State state_ = State::line_start;
  bool irregular_ = false;
};

}  // namespace sluis::pop3
