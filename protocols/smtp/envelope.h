// The envelope of a mail (RFC 5321 §2.3.1) with what DSN (RFC 3461) adds to it, the same for both halves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluis::smtp {

// NOTIFY= of RFC 3461 §4.1. All false: the parameter was not given.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  [[nodiscard]] bool given() const { return never || success || failure || delay; }
  bool operator==(const Notify&) const = default;
};

// RET= of RFC 3461 §4.3.
enum class Ret { unspecified, full, headers };

// What a client asks for one transaction. `envid` and `orcpt` are plain text here; xtext is the wire's business.
// `orcpt`
// ("rfc822;a@b") is used when there is exactly one recipient; empty or otherwise: each recipient's own address.
struct Dsn {
  Ret ret = Ret::headers;
  std::string envid;
  Notify notify{false, false, true, true};
  std::string orcpt;
  bool operator==(const Dsn&) const = default;
};

struct Recipient {
  std::string address;  // without brackets; "Postmaster" may come without a domain
  Notify notify;
  std::string orcpt;  // decoded, "rfc822;a@b"; empty when not given
  bool operator==(const Recipient&) const = default;
};

struct Envelope {
  std::string reverse_path;  // without brackets; empty is the null path of reports
  std::vector<Recipient> recipients;
  std::optional<std::uint64_t> declared_size;
  bool eight_bit = false;  // BODY=8BITMIME
  Ret ret = Ret::unspecified;
  std::string envid;  // decoded; empty when not given
  bool operator==(const Envelope&) const = default;
};

}  // namespace sluis::smtp
