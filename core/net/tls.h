// TLS contexts: trust, certificate, key and rules, loaded once per configuration generation and shared read-only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/certificate.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "core/runtime/secret.h"

struct ssl_ctx_st;

namespace sluis::net {

enum class TlsRole { client, server };
enum class TlsVersion { tls12, tls13 };
// What a server asks of its clients: none; request: verified when it comes; require: no certificate, no connection.
enum class ClientCertificate { none, request, require };

// Where text and a file are both possible, one of them is given; text is PEM too.
struct TlsSettings {
  TlsRole role = TlsRole::client;
  TlsVersion minimum = TlsVersion::tls12;

  // Whom to trust. A client without any of these uses the system's store. A server needs them for client certificates.
  std::string ca_file;
  std::string ca_directory;  // with names hashed by `openssl rehash`
  std::string ca_pem;
  bool system_store = false;  // besides the ones above

  // Who we are: the certificate with its chain behind it, and its key. Obligatory for a server.
  std::string certificate_file;
  std::string certificate_pem;
  std::string key_file;
  Secret key_pem;
  Secret key_password;  // of an encrypted key

  ClientCertificate client_certificate = ClientCertificate::none;  // servers only
  // "spki:sha256:<hex>" or "leaf:sha256:<hex>": besides a valid chain and name, the peer's certificate must be one of
  // these.
  std::vector<std::string> pins;
};

// TLS 1.3, and 1.2 with ECDHE and AEAD only (NCSC-NL ICT security guidelines for TLS 2.1, "good" and "sufficient"); no
// renegotiation, no compression, no early data, no session resumption.
// [Ownership] shared_ptr: every connection of a configuration generation holds it, and a reload must not pull it away
// from them. [Threading] immutable; any thread. [Errors] "tls.settings", "tls.ca", "tls.certificate", "tls.key", each
// naming the file and the reason.
class SLUIS_CORE_API TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> make(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] TlsRole role() const;
  // Our own certificate, for watching when it expires.
  [[nodiscard]] const std::optional<PeerCertificate>& certificate() const;
  // Ok when no pin is set or the certificate is one of them; else "tls.pin".
  [[nodiscard]] Status check_pins(const PeerCertificate& peer) const;
  [[nodiscard]] ssl_ctx_st* native() const;  // for TlsFilter; SSL_new is the only thing done with it

 private:
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What a finished handshake agreed on.
struct TlsInfo {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
  std::optional<PeerCertificate> peer;
};

}  // namespace sluis::net
