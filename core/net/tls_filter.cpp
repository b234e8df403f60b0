#include "core/net/tls_filter.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "core/net/address.h"
#include "core/net/openssl_error.h"

namespace sluis::net {

struct TlsFilter::State {
  std::shared_ptr<const TlsContext> context;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
  BIO* in = nullptr;  // both owned by ssl
  BIO* out = nullptr;
};

TlsFilter::TlsFilter(std::shared_ptr<const TlsContext> context, std::string_view host)
    : state_(std::make_unique<State>()), host_(host) {
  state_->context = std::move(context);
}

TlsFilter::~TlsFilter() = default;

Result<std::unique_ptr<TlsFilter>> TlsFilter::make(std::shared_ptr<const TlsContext> context, std::string_view host,
                                                   WallTime now) {
  ERR_clear_error();
  std::unique_ptr<TlsFilter> filter(new TlsFilter(std::move(context), host));
  State& state = *filter->state_;
  state.ssl.reset(SSL_new(state.context->native()));
  state.in = BIO_new(BIO_s_mem());
  state.out = BIO_new(BIO_s_mem());
  if (state.ssl == nullptr || state.in == nullptr || state.out == nullptr) {
    BIO_free(state.in);
    BIO_free(state.out);
    return Error{"tls.handshake", fmt::format("no TLS session: {}", take_openssl_reason())};
  }
  // "Nothing more for now", not "the end": where the end is, the connection knows.
  BIO_set_mem_eof_return(state.in, -1);
  BIO_set_mem_eof_return(state.out, -1);
  SSL_set_bio(state.ssl.get(), state.in, state.out);
  X509_VERIFY_PARAM_set_time(
      SSL_get0_param(state.ssl.get()),
      static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()));
  return filter;
}

Result<std::unique_ptr<TlsFilter>> TlsFilter::client(std::shared_ptr<const TlsContext> context, std::string_view host,
                                                     WallTime now) {
  if (context == nullptr || context->role() != TlsRole::client)
    return Error{"tls.settings", "the client's end of TLS needs a client's context"};
  if (host.empty()) return Error{"tls.settings", "TLS without a name to verify is not possible"};
  if (host.back() == '.') host.remove_suffix(1);  // RFC 6066 §3: names in SNI and certificates have no trailing dot
  Result<std::unique_ptr<TlsFilter>> made = make(std::move(context), host, now);
  if (!made) return made;
  SSL* ssl = made.value()->state_->ssl.get();
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  // The common name is never a host name (RFC 9525 §2): many issuers let customers write anything into it.
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const std::string name(host);
  const bool numeric = Address::ip(host, 0).ok();
  const bool set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1
                           : X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size()) == 1 &&
                                 SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;  // SNI is for names only
  if (!set)
    return Error{"tls.settings", fmt::format("\"{}\" cannot be verified as a name: {}", name, take_openssl_reason())};
  SSL_set_connect_state(ssl);
  return made;
}

Result<std::unique_ptr<TlsFilter>> TlsFilter::server(std::shared_ptr<const TlsContext> context, WallTime now) {
  if (context == nullptr || context->role() != TlsRole::server)
    return Error{"tls.settings", "the server's end of TLS needs a server's context"};
  Result<std::unique_ptr<TlsFilter>> made = make(std::move(context), {}, now);
  if (made) SSL_set_accept_state(made.value()->state_->ssl.get());
  return made;
}

void TlsFilter::feed(std::string_view cipher) {
  if (!cipher.empty()) BIO_write(state_->in, cipher.data(), static_cast<int>(cipher.size()));
}

Error TlsFilter::failure(bool in_handshake) const {
  SSL* ssl = state_->ssl.get();
  const std::string peer = host_.empty() ? "the peer" : host_;
  const unsigned long first = ERR_peek_error();
  const int reason = ERR_GET_LIB(first) == ERR_LIB_SSL ? ERR_GET_REASON(first) : 0;
  const std::string words = take_openssl_reason();

  const long verdict = SSL_get_verify_result(ssl);
  if (in_handshake && verdict != X509_V_OK) {
    std::string subject;
    if (const X509* certificate = SSL_get0_peer_certificate(ssl); certificate != nullptr)
      subject = fmt::format(" ({})", PeerCertificate::from(*certificate).subject);
    return {"tls.verify", fmt::format("the certificate of {}{} is refused: {}", peer, subject,
                                      X509_verify_cert_error_string(verdict))};
  }
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {"tls.verify", "the client sent no certificate, and one is required"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_UNKNOWN_SSL_VERSION:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return {"tls.version", fmt::format("no TLS version and cipher in common with {}: {}", peer, words)};
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      if (in_handshake) return {"tls.version", fmt::format("{} does not speak TLS here: {}", peer, words)};
      break;
    default: break;
  }
  // Reasons above this offset are alerts that came from the other side.
  if (reason >= SSL_AD_REASON_OFFSET) return {"tls.alert", fmt::format("{} refused: {}", peer, words)};
  return in_handshake ? Error{"tls.handshake", fmt::format("the TLS handshake with {} failed: {}", peer, words)}
                      : Error{"tls.protocol", fmt::format("TLS with {} broke: {}", peer, words)};
}

Status TlsFilter::handshake() {
  if (established_) return {};
  ERR_clear_error();
  SSL* ssl = state_->ssl.get();
  const int done = SSL_do_handshake(ssl);
  if (done != 1) {
    const int why = SSL_get_error(ssl, done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {};
    return failure(true);
  }
  if (const X509* certificate = SSL_get0_peer_certificate(ssl); certificate != nullptr)
    if (Status pinned = state_->context->check_pins(PeerCertificate::from(*certificate)); !pinned) return pinned;
  established_ = true;
  return {};
}

Result<std::size_t> TlsFilter::read(char* to, std::size_t size) {
  ERR_clear_error();
  SSL* ssl = state_->ssl.get();
  std::size_t count = 0;
  if (SSL_read_ex(ssl, to, size, &count) == 1) return count;
  switch (SSL_get_error(ssl, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return std::size_t{0};
    case SSL_ERROR_ZERO_RETURN: peer_closed_ = true; return std::size_t{0};
    default: return failure(false);
  }
}

Result<std::size_t> TlsFilter::write(std::string_view plain) {
  ERR_clear_error();
  std::size_t count = 0;
  if (SSL_write_ex(state_->ssl.get(), plain.data(), std::min<std::size_t>(plain.size(), 16'384), &count) == 1)
    return count;
  return failure(false);  // into memory nothing ever has to wait
}

void TlsFilter::close_notify() {
  ERR_clear_error();
  if (established_) SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

void TlsFilter::take_output(std::string& to) {
  const std::size_t size = BIO_ctrl_pending(state_->out);
  if (size == 0) return;
  const std::size_t before = to.size();
  to.resize(before + size);
  BIO_read(state_->out, to.data() + before, static_cast<int>(size));
}

std::size_t TlsFilter::pending_input() const {
  return BIO_ctrl_pending(state_->in) + static_cast<std::size_t>(SSL_pending(state_->ssl.get()));
}

TlsInfo TlsFilter::info() const {
  SSL* ssl = state_->ssl.get();
  TlsInfo info;
  info.version = SSL_get_version(ssl);
  info.cipher = SSL_get_cipher_name(ssl);
  if (const X509* certificate = SSL_get0_peer_certificate(ssl); certificate != nullptr)
    info.peer = PeerCertificate::from(*certificate);
  return info;
}

}  // namespace sluis::net
