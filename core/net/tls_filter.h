// TLS as a byte filter: cipher bytes in, plain bytes out, and the reverse. No sockets, so that tests and fuzzers can
// drive it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/tls.h"
#include "core/runtime/clock.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

// One TLS session over memory BIOs.
// [Ownership] shares the context. [Threading] one thread at a time.
// [Errors] after the first error only take_output() makes sense: the alert for the peer.
//   "tls.verify"   the peer's certificate: chain, validity or name
//   "tls.pin"      a valid certificate, but not a pinned one
//   "tls.version"  no version or cipher in common, or no TLS at all
//   "tls.alert"    the peer refused us
//   "tls.handshake", "tls.protocol"   anything else, during and after the handshake
class SLUIS_CORE_API TlsFilter {
 public:
  // `host` is the name (RFC 6125; subjectAltName only, no partial wildcards) or IP address the certificate must be for.
  // `now` is when it must be valid.
  static Result<std::unique_ptr<TlsFilter>> client(std::shared_ptr<const TlsContext> context, std::string_view host,
                                                   WallTime now);
  static Result<std::unique_ptr<TlsFilter>> server(std::shared_ptr<const TlsContext> context, WallTime now);
  ~TlsFilter();
  TlsFilter(const TlsFilter&) = delete;
  TlsFilter& operator=(const TlsFilter&) = delete;

  void feed(std::string_view cipher);
  // Goes on with the handshake as far as the bytes allow; established() tells whether it is done.
  Status handshake();
  [[nodiscard]] bool established() const { return established_; }
  // Up to `size` plain octets; 0 when there are none for the moment or ever: peer_closed() tells.
  Result<std::size_t> read(char* to, std::size_t size);
  // Takes up to one record (16 KiB) and returns how much it took. [Preconditions] established, plain not empty.
  Result<std::size_t> write(std::string_view plain);
  void close_notify();

  // Appends what must go to the peer.
  void take_output(std::string& to);
  [[nodiscard]] bool peer_closed() const { return peer_closed_; }  // a close_notify came: the end is authentic
  [[nodiscard]] std::size_t pending_input() const;                 // octets fed and not yet read
  [[nodiscard]] TlsInfo info() const;

 private:
  struct State;
  TlsFilter(std::shared_ptr<const TlsContext> context, std::string_view host);
  static Result<std::unique_ptr<TlsFilter>> make(std::shared_ptr<const TlsContext> context, std::string_view host,
                                                 WallTime now);
  Error failure(bool in_handshake) const;

  std::unique_ptr<State> state_;
  std::string host_;
  bool established_ = false;
  bool peer_closed_ = false;
};

}  // namespace sluis::net
