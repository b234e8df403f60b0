#include "core/net/certificate.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

#include "core/runtime/digest.h"

namespace sluis::net {
namespace {

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  // Escapes control characters, keeps UTF-8: what a peer put into its name must not forge a log line.
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string serial_text(const ASN1_INTEGER* serial) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(ASN1_INTEGER_to_BN(serial, nullptr), BN_free);
  if (number == nullptr) return {};
  char* hex = BN_bn2hex(number.get());
  std::string text = hex != nullptr ? hex : "";
  OPENSSL_free(hex);
  return text;
}

WallTime instant(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime{std::chrono::seconds{timegm(&parts)}};
}

std::string text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::string ip_of(const ASN1_OCTET_STRING* value) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int length = ASN1_STRING_length(value);
  if (length != 4 && length != 16) return {};
  inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), text.data(), text.size());
  return text.data();
}

void read_names(const X509& certificate, PeerCertificate& into) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) into.dns_names.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_EMAIL) into.emails.push_back(text_of(name->d.rfc822Name));
    if (name->type == GEN_IPADD) into.ip_addresses.push_back(ip_of(name->d.iPAddress));
  }
  GENERAL_NAMES_free(names);
}

}  // namespace

PeerCertificate PeerCertificate::from(const x509_st& certificate) {
  PeerCertificate result;
  result.subject = name_text(X509_get_subject_name(&certificate));
  result.issuer = name_text(X509_get_issuer_name(&certificate));
  result.serial = serial_text(X509_get0_serialNumber(&certificate));
  result.not_before = instant(X509_get0_notBefore(&certificate));
  result.not_after = instant(X509_get0_notAfter(&certificate));

  unsigned char* der = nullptr;
  int size = i2d_X509(&certificate, &der);
  if (size > 0)
    result.sha256 = to_hex(sluis::sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}));
  OPENSSL_free(der);
  der = nullptr;
  size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size > 0)
    result.spki_sha256 = to_hex(sluis::sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}));
  OPENSSL_free(der);
  read_names(certificate, result);
  return result;
}

}  // namespace sluis::net
