#include "adapters/sandbox/certificates.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "adapters/sandbox/durable.h"

namespace sluis::sandbox {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

struct Extension {
  int nid;
  const char* value;
};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  return PEM_write_bio_X509(out.get(), certificate) == 1 ? text_of(out.get()) : std::string();
}

std::string pem(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  const int done = PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return done == 1 ? text_of(out.get()) : std::string();
}

Key make_key() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

bool extend(X509* certificate, X509* issuer, const Extension& wanted) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// `issuer` null: its own.
Certificate make_certificate(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, WallTime now,
                             const std::vector<Extension>& extensions) {
  Certificate made(X509_new(), X509_free);
  X509* certificate = made.get();
  const auto at = [&](std::chrono::days offset) {
    return static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(now + offset).time_since_epoch().count());
  };
  bool good = X509_set_version(certificate, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer == nullptr ? 1 : 2) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(certificate), at(std::chrono::days(-1))) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(certificate), at(std::chrono::days(365 * 5))) != nullptr &&
              X509_set_pubkey(certificate, key) == 1 &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1;
  X509* signer = issuer == nullptr ? certificate : issuer;
  good = good && X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1;
  for (const Extension& extension : extensions) good = good && extend(certificate, signer, extension);
  good = good && X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
  if (!good) made.reset();
  return made;
}

Status make(const std::filesystem::path& folder, WallTime now) {
  const Key ca_key = make_key();
  const Key key = make_key();
  if (!ca_key || !key) return Error{"sandbox.certificate", "no key could be made"};
  const Certificate ca = make_certificate("Sluis sandbox CA", ca_key.get(), nullptr, ca_key.get(), now,
                                          {{NID_basic_constraints, "critical,CA:TRUE"},
                                           {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                           {NID_subject_key_identifier, "hash"}});
  if (!ca) return Error{"sandbox.certificate", "no authority could be made"};
  const Certificate server = make_certificate("localhost", key.get(), ca.get(), ca_key.get(), now,
                                              {{NID_basic_constraints, "critical,CA:FALSE"},
                                               {NID_key_usage, "critical,digitalSignature"},
                                               {NID_ext_key_usage, "serverAuth"},
                                               {NID_subject_key_identifier, "hash"},
                                               {NID_authority_key_identifier, "keyid"},
                                               {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"}});
  if (!server) return Error{"sandbox.certificate", "no certificate could be made"};
  // ca.pem last: when it is there, all are there.
  for (const auto& [name, text] : {std::pair{"server.key", pem(key.get())}, std::pair{"server.pem", pem(server.get())},
                                   std::pair{"ca.pem", pem(ca.get())}})
    if (const Status written = write_durably(folder / name, text); !written) return written;
  return {};
}

}  // namespace

Result<std::shared_ptr<const net::TlsContext>> local_certificate(const std::filesystem::path& folder,
                                                                 const Clock& clock) {
  if (!std::filesystem::exists(folder / "ca.pem"))
    if (const Status made = make(folder, clock.wall()); !made) return made.error();
  net::TlsSettings settings;
  settings.role = net::TlsRole::server;
  settings.certificate_file = (folder / "server.pem").string();
  settings.key_file = (folder / "server.key").string();
  return net::TlsContext::make(settings);
}

}  // namespace sluis::sandbox
