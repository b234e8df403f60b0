#include "tests/core/net/test_certificates.h"

#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace sluis::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("test certificates: ") + what);
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  require(PEM_write_bio_X509(out.get(), certificate) == 1, "write certificate");
  return text_of(out.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  require(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write key");
  return text_of(out.get());
}

Key make_key(bool rsa) {
  EVP_PKEY* key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  require(key != nullptr, "make key");
  return {key, EVP_PKEY_free};
}

void set_time(const ASN1_TIME* field, WallTime at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  require(ASN1_TIME_set(const_cast<ASN1_TIME*>(field), static_cast<time_t>(seconds)) != nullptr, "set time");
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate begin(const CertificateWish& wish, EVP_PKEY* key, long serial) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  set_time(X509_get0_notBefore(certificate.get()), wish.not_before);
  set_time(X509_get0_notAfter(certificate.get()), wish.not_after);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0) == 1,
          "set name");
  return certificate;
}

std::string alternative_names(const CertificateWish& wish) {
  std::string names;
  for (const std::string& name : wish.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& name : wish.ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + name;
  return names;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluis-test-XXXXXX").string();
  require(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // a test that removed it itself is fine
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& text) const {
  const std::string full = (path_ / name).string();
  std::ofstream out(full, std::ios::binary);
  out << text;
  out.close();
  require(out.good() && ::chmod(full.c_str(), S_IRUSR | S_IWUSR) == 0, "write file");
  return full;
}

struct TestAuthority::Keys {
  Key key{nullptr, EVP_PKEY_free};
  Certificate certificate{nullptr, X509_free};
};

TestAuthority::TestAuthority(const std::string& name) : keys_(std::make_unique<Keys>()) {
  CertificateWish wish;
  wish.common_name = name;
  keys_->key = make_key(false);
  keys_->certificate = begin(wish, keys_->key.get(), 1);
  X509* self = keys_->certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  extend(self, self, NID_basic_constraints, "critical,CA:TRUE");
  extend(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(self, self, NID_subject_key_identifier, "hash");
  require(X509_sign(self, keys_->key.get(), EVP_sha256()) > 0, "sign CA");
  pem_ = pem_of(self);
  file_ = directory_.write("ca.pem", pem_);
}

TestAuthority::~TestAuthority() = default;

IssuedCertificate TestAuthority::issue(const CertificateWish& wish) {
  const long serial = next_serial_++;
  const Key key = make_key(wish.rsa);
  const Certificate certificate = begin(wish, key.get(), serial);
  X509* issuer = wish.self_signed ? certificate.get() : keys_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  extend(certificate.get(), issuer, NID_basic_constraints, "CA:FALSE");
  extend(certificate.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  if (const std::string names = alternative_names(wish); !names.empty())
    extend(certificate.get(), issuer, NID_subject_alt_name, names);
  require(X509_sign(certificate.get(), wish.self_signed ? key.get() : keys_->key.get(), EVP_sha256()) > 0, "sign");

  IssuedCertificate issued;
  issued.certificate_pem = pem_of(certificate.get());
  const std::string key_pem = pem_of(key.get());
  issued.key_pem = Secret(key_pem);
  issued.certificate_file = directory_.write(std::to_string(serial) + ".pem", issued.certificate_pem);
  issued.key_file = directory_.write(std::to_string(serial) + ".key", key_pem);
  return issued;
}

IssuedCertificate TestAuthority::server(std::vector<std::string> dns_names) {
  CertificateWish wish;
  wish.common_name = "localhost";
  wish.dns_names = std::move(dns_names);
  wish.dns_names.emplace_back("localhost");
  wish.ip_addresses = {"127.0.0.1", "::1"};
  return issue(wish);
}

IssuedCertificate TestAuthority::client(const std::string& common_name) {
  CertificateWish wish;
  wish.common_name = common_name;
  return issue(wish);
}

IssuedCertificate TestAuthority::expired_server() {
  CertificateWish wish;
  wish.common_name = "localhost";
  wish.dns_names = {"localhost"};
  wish.ip_addresses = {"127.0.0.1"};
  wish.not_after = wish.not_before + std::chrono::days{365};
  return issue(wish);
}

}  // namespace sluis::test
