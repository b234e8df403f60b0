// What an HTTP proxy says of its client in header fields: the address, and the certificate of a TLS that it ended.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/net/address.h"
#include "core/net/certificate.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

// All of them: `values` are the field's values in the order in which they came, `peer` is whom the connection is from
// (Connection::remote()), `proxies` whom the configuration names. From a peer that is not named nothing is believed,
// nothing is read and nothing is refused.
// [Security] ask only for the one field that the proxy is known to write: another it may pass on as the client sent it.
// [Threading] pure. [Errors] "net.forwarded": a named proxy said what cannot be read or does not say who it was; then
// the request is to be refused, for neither the proxy nor anybody else may stand for the client.

// The client: from the right, the first address that is not a named proxy, since everything left of it is only what
// that one claims. All named: the leftmost. No such field: the proxy speaks for itself. X-Forwarded-For: addresses with
// or without port, separated by commas. Where no port is given it is 0.
SLUIS_CORE_API Result<Address> client_of_x_forwarded_for(std::span<const std::string_view> values, const Address& peer,
                                                         const AddressSet& proxies);
// Forwarded: RFC 7239 §4 and §6; only `for` is looked at.
SLUIS_CORE_API Result<Address> client_of_forwarded(std::span<const std::string_view> values, const Address& peer,
                                                   const AddressSet& proxies);

// The client's certificate; nothing when it showed none. It is the proxy that has verified it, chain and possession:
// what stands here says only what it was.
// Client-Cert: RFC 9440 §2.2, DER between colons in base64.
SLUIS_CORE_API Result<std::optional<PeerCertificate>> certificate_of_client_cert(
    std::span<const std::string_view> values, const Address& peer, const AddressSet& proxies);
// nginx's $ssl_client_escaped_cert, under whatever field name: PEM with %-escapes. Only of a server whose
// ssl_verify_client is `on` or `optional`: with `optional_no_ca` nobody has verified it.
SLUIS_CORE_API Result<std::optional<PeerCertificate>> certificate_of_escaped_pem(
    std::span<const std::string_view> values, const Address& peer, const AddressSet& proxies);

}  // namespace sluis::net
