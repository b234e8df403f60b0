// What a certificate says, in words for logs, screens and the mapping of client certificates to customers.
#pragma once

#include <string>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/export.h"

struct x509_st;

namespace sluis::net {

// [Threading] a value.
struct SLUIS_CORE_API PeerCertificate {
  std::string subject;  // RFC 2253 order, UTF-8, control characters escaped
  std::string issuer;
  std::string serial;       // hexadecimal, upper case, as `openssl x509 -serial` prints it
  std::string sha256;       // fingerprint of the whole certificate, lower-case hexadecimal
  std::string spki_sha256;  // of its public key (RFC 7469 §2.4), lower-case hexadecimal
  WallTime not_before{};
  WallTime not_after{};
  std::vector<std::string> dns_names;  // subjectAltName
  std::vector<std::string> ip_addresses;
  std::vector<std::string> emails;

  static PeerCertificate from(const x509_st& certificate);
};

}  // namespace sluis::net
