#include "core/net/tls.h"

#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/net/openssl_error.h"

namespace sluis::net {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-"
    "POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
constexpr const char* groups = "X25519:P-256:P-384";

Bio memory(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// OpenSSL's own default would ask on the terminal.
int give_password(char* to, int size, int /*writing*/, void* secret) {
  const std::string_view password = static_cast<const Secret*>(secret)->reveal();
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(to, password.data(), password.size());
  return static_cast<int>(password.size());
}

Result<Secret> read_text(const std::string& file, std::string_view code) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{code, fmt::format("{}: cannot be opened: {}", file, std::strerror(errno))};
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return Error{code, fmt::format("{}: cannot be read: {}", file, std::strerror(errno))};
  return Secret(std::move(text));
}

// Every certificate of a bundle becomes an anchor. X509_STORE_load_file would do, but says less when it fails.
Status trust_pem(SSL_CTX* context, std::string_view pem, const std::string& where) {
  const Bio in = memory(pem);
  int count = 0;
  for (;;) {
    const Certificate one(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    if (one == nullptr) {
      const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      const std::string reason = take_openssl_reason();
      if (count == 0) return Error{"tls.ca", fmt::format("{}: no CA certificate in PEM: {}", where, reason)};
      if (!end) return Error{"tls.ca", fmt::format("{}: certificate {} cannot be read: {}", where, count + 1, reason)};
      return {};
    }
    ++count;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get()) != 1)
      return Error{"tls.ca", fmt::format("{}: certificate {}: {}", where, count, take_openssl_reason())};
  }
}

Status load_trust(SSL_CTX* context, const TlsSettings& settings) {
  const bool own = !settings.ca_file.empty() || !settings.ca_directory.empty() || !settings.ca_pem.empty();
  const bool needed = settings.role == TlsRole::client || settings.client_certificate != ClientCertificate::none;
  if (settings.role == TlsRole::server && needed && !own)
    return Error{"tls.settings", "client certificates are asked for, but no CA is set that issues them"};
  if (!settings.ca_file.empty()) {
    const Result<Secret> text = read_text(settings.ca_file, "tls.ca");
    if (!text) return text.error();
    if (Status trusted = trust_pem(context, text->reveal(), settings.ca_file); !trusted) return trusted;
  }
  if (!settings.ca_pem.empty())
    if (Status trusted = trust_pem(context, settings.ca_pem, "CA text"); !trusted) return trusted;
  if (!settings.ca_directory.empty() &&
      X509_STORE_load_path(SSL_CTX_get_cert_store(context), settings.ca_directory.c_str()) != 1)
    return Error{"tls.ca", fmt::format("{}: {}", settings.ca_directory, take_openssl_reason())};
  if ((settings.system_store || (needed && !own)) && SSL_CTX_set_default_verify_paths(context) != 1)
    return Error{"tls.ca", fmt::format("the system's certificate store: {}", take_openssl_reason())};
  // What the operator put into the bundle is trusted as it stands, also an intermediate or a peer's own certificate.
  if (own) X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);

  if (settings.role == TlsRole::server && needed) {
    // The names we send with the request, so that the client can choose among its certificates.
    STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i)
      if (X509* anchor = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)); anchor != nullptr)
        SSL_CTX_add_client_CA(context, anchor);
  }
  return {};
}

Status load_certificate(SSL_CTX* context, std::string_view pem, const std::string& where) {
  const Bio in = memory(pem);
  const Certificate leaf(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
  if (leaf == nullptr)
    return Error{"tls.certificate", fmt::format("{}: no certificate in PEM: {}", where, take_openssl_reason())};
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return Error{"tls.certificate", fmt::format("{}: refused: {}", where, take_openssl_reason())};
  for (;;) {
    const Certificate issuer(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    if (issuer == nullptr) {
      const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      const std::string reason = take_openssl_reason();
      if (end) return {};
      return Error{"tls.certificate",
                   fmt::format("{}: a certificate behind the first cannot be read: {}", where, reason)};
    }
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1)
      return Error{"tls.certificate", fmt::format("{}: chain refused: {}", where, take_openssl_reason())};
  }
}

Status load_key(SSL_CTX* context, std::string_view pem, const Secret& password, const std::string& where,
                const std::string& certificate_where) {
  const Bio in = memory(pem);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, const_cast<Secret*>(&password)),
                EVP_PKEY_free);
  if (key == nullptr)
    return Error{"tls.key", fmt::format("{}: no usable private key in PEM: {}", where, take_openssl_reason())};
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return Error{"tls.key", fmt::format("{}: does not belong to the certificate of {}: {}", where, certificate_where,
                                        take_openssl_reason())};
  return {};
}

Status load_identity(SSL_CTX* context, const TlsSettings& settings) {
  const bool certificate = !settings.certificate_file.empty() || !settings.certificate_pem.empty();
  const bool key = !settings.key_file.empty() || !settings.key_pem.empty();
  if (!certificate && !key) {
    if (settings.role == TlsRole::client) return {};
    return Error{"tls.settings", "a server needs a certificate and its key"};
  }
  if (!certificate) return Error{"tls.settings", "there is a key but no certificate for it"};
  if (!key) return Error{"tls.settings", "there is a certificate but no key for it"};

  const std::string certificate_where =
      settings.certificate_file.empty() ? "certificate text" : settings.certificate_file;
  Result<Secret> text = settings.certificate_file.empty() ? Result<Secret>(Secret(settings.certificate_pem))
                                                          : read_text(settings.certificate_file, "tls.certificate");
  if (!text) return text.error();
  if (Status loaded = load_certificate(context, text->reveal(), certificate_where); !loaded) return loaded;

  Result<Secret> key_text =
      settings.key_file.empty() ? Result<Secret>(settings.key_pem) : read_text(settings.key_file, "tls.key");
  if (!key_text) return key_text.error();
  return load_key(context, key_text->reveal(), settings.key_password,
                  settings.key_file.empty() ? "key text" : settings.key_file, certificate_where);
}

Status set_rules(SSL_CTX* context, const TlsSettings& settings) {
  const int minimum = settings.minimum == TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_clear_options(context, SSL_CTX_get_options(context));  // SSL_OP_ALL of Poco switches old workarounds on
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_NO_TICKET | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_security_level(context, 2);  // RSA of 2048 bits and no SHA-1 signatures at the least
  const bool set =
      SSL_CTX_set_min_proto_version(context, minimum) == 1 && SSL_CTX_set_max_proto_version(context, 0) == 1 &&
      SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1 && SSL_CTX_set1_groups_list(context, groups) == 1 &&
      SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1;
  if (!set) return Error{"tls.settings", fmt::format("OpenSSL refuses the rules for TLS: {}", take_openssl_reason())};

  int verify = SSL_VERIFY_PEER;
  if (settings.role == TlsRole::server) {
    if (settings.client_certificate == ClientCertificate::none) verify = SSL_VERIFY_NONE;
    if (settings.client_certificate == ClientCertificate::require) verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, verify, nullptr);  // no callback: nothing may overrule the verdict
  return {};
}

Status check_pin_syntax(const std::vector<std::string>& pins) {
  for (const std::string& pin : pins) {
    const std::string_view text = pin;
    const bool known = text.starts_with("spki:sha256:") || text.starts_with("leaf:sha256:");
    const std::string_view hex = known ? text.substr(12) : std::string_view{};
    if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string_view::npos)
      return Error{
          "tls.settings",
          fmt::format("pin \"{}\": write spki:sha256: or leaf:sha256: and 64 lower-case hexadecimal digits", pin)};
  }
  return {};
}

}  // namespace

struct TlsContext::State {
  TlsRole role = TlsRole::client;
  std::vector<std::string> pins;
  std::optional<PeerCertificate> certificate;
  Poco::AutoPtr<Poco::Net::Context> context;
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsSettings& settings) {
  if (Status pins = check_pin_syntax(settings.pins); !pins) return pins.error();
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->role = settings.role;
  state->pins = settings.pins;
  try {
    Poco::Net::Context::Params params;
    params.verificationMode = Poco::Net::Context::VERIFY_NONE;  // set_rules() says what is verified
    state->context = new Poco::Net::Context(
        settings.role == TlsRole::client ? Poco::Net::Context::TLS_CLIENT_USE : Poco::Net::Context::TLS_SERVER_USE,
        params);
  } catch (const Poco::Exception& failure) {
    return Error{"tls.settings", fmt::format("no TLS context: {}", failure.displayText())};
  }
  SSL_CTX* context = state->context->sslContext();
  if (Status rules = set_rules(context, settings); !rules) return rules.error();
  if (Status trust = load_trust(context, settings); !trust) return trust.error();
  if (Status identity = load_identity(context, settings); !identity) return identity.error();
  if (const X509* own = SSL_CTX_get0_certificate(context); own != nullptr)
    state->certificate = PeerCertificate::from(*own);
  ERR_clear_error();
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
}

TlsRole TlsContext::role() const {
  return state_->role;
}
const std::optional<PeerCertificate>& TlsContext::certificate() const {
  return state_->certificate;
}
ssl_ctx_st* TlsContext::native() const {
  return state_->context->sslContext();
}

Status TlsContext::check_pins(const PeerCertificate& peer) const {
  if (state_->pins.empty()) return {};
  const bool pinned = std::any_of(state_->pins.begin(), state_->pins.end(), [&peer](const std::string& pin) {
    return pin == "spki:sha256:" + peer.spki_sha256 || pin == "leaf:sha256:" + peer.sha256;
  });
  if (pinned) return {};
  return Error{"tls.pin",
               fmt::format("the certificate of {} is not one of the pinned ones; it is leaf:sha256:{}, spki:sha256:{}",
                           peer.subject, peer.sha256, peer.spki_sha256)};
}

}  // namespace sluis::net
