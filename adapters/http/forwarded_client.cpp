#include "adapters/http/forwarded_client.h"

#include <string_view>
#include <vector>

#include "core/net/forwarded.h"

namespace sluis::http {

namespace {

std::vector<std::string_view> values(const net::http::Headers& headers, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& [field, value] : headers)
    if (net::http::same_name(field, name)) out.emplace_back(value);
  return out;
}

}  // namespace

Status ForwardedClients::check(const Settings& channel) {
  const auto proxies = net::AddressSet::parse(channel.list("forwarded.from"));
  if (!proxies) return Error{"setting.forwarded", "forwarded.from: " + proxies.error().what};
  const std::string field = channel.text("forwarded.certificate");
  if (!field.empty() && !net::http::is_token(field))
    return Error{"setting.forwarded", "forwarded.certificate: is not the name of a header field"};
  if (!field.empty() && proxies->empty())
    return Error{"setting.forwarded", "forwarded.certificate: is believed from nobody, for forwarded.from is empty"};
  return {};
}

ForwardedClients::ForwardedClients(const Settings& channel)
    : standard_field_(channel.text("forwarded.field") == "forwarded"),
      certificate_field_(channel.text("forwarded.certificate")) {
  if (auto proxies = net::AddressSet::parse(channel.list("forwarded.from")); proxies) proxies_ = std::move(*proxies);
}

Result<Client> ForwardedClients::client_of(const net::http::Request& request) const {
  Client client;
  client.address = request.peer;
  if (!proxies_.contains(request.peer)) {
    if (request.tls && request.tls->peer) client.certificate = request.tls->peer->sha256;
    return client;
  }
  const auto told = values(request.headers, standard_field_ ? "Forwarded" : "X-Forwarded-For");
  auto address = standard_field_ ? net::client_of_forwarded(told, request.peer, proxies_)
                                 : net::client_of_x_forwarded_for(told, request.peer, proxies_);
  if (!address) return address.error();
  client.address = *address;
  // The certificate of this connection is the proxy's own, and no customer's.
  if (certificate_field_.empty()) return client;
  const auto shown = values(request.headers, certificate_field_);
  auto certificate = net::http::same_name(certificate_field_, "Client-Cert")
                         ? net::certificate_of_client_cert(shown, request.peer, proxies_)
                         : net::certificate_of_escaped_pem(shown, request.peer, proxies_);
  if (!certificate) return certificate.error();
  if (*certificate) client.certificate = (*certificate)->sha256;
  return client;
}

}  // namespace sluis::http
