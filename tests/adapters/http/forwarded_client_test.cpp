// Who is asking behind a proxy: only a named one is believed, and the proxy itself is never taken for a customer.
#include "adapters/http/forwarded_client.h"

#include <gtest/gtest.h>

#include "adapters/http/settings.h"
#include "core/runtime/base64.h"
#include "core/runtime/digest.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::http {
namespace {

Settings settings(const std::string& field = "x-forwarded-for", const std::string& certificate = {}) {
  Settings out = default_settings(channel_settings);
  out.set("forwarded.from", std::vector<std::string>{"10.0.0.0/8"});
  out.set("forwarded.field", field);
  if (!certificate.empty()) out.set("forwarded.certificate", certificate);
  return out;
}

net::http::Request request(const std::string& peer, net::http::Headers headers, const std::string& certificate = {}) {
  net::http::Request out;
  out.peer = *net::Address::ip(peer, 4242);
  out.headers = std::move(headers);
  out.tls.emplace();
  if (!certificate.empty()) {
    out.tls->peer.emplace();
    out.tls->peer->sha256 = certificate;
  }
  return out;
}

std::string asks(const Settings& channel, const net::http::Request& asked) {
  const auto client = ForwardedClients(channel).client_of(asked);
  if (!client) return client.error().code;
  return client->address.host() + " " + client->certificate.value_or("-");
}

TEST(ForwardedClients, ANamedProxyIsBelieved) {
  EXPECT_EQ(asks(settings(), request("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9, 192.0.2.7"}})), "192.0.2.7 -");
  EXPECT_EQ(asks(settings("forwarded"), request("10.0.0.1", {{"Forwarded", "for=192.0.2.7;proto=https"}})),
            "192.0.2.7 -");
}

TEST(ForwardedClients, NobodyElseIs) {
  EXPECT_EQ(asks(settings("x-forwarded-for", "Client-Cert"),
                 request("198.51.100.1", {{"X-Forwarded-For", "192.0.2.7"}, {"Client-Cert", ":AAAA:"}}, "own")),
            "198.51.100.1 own");
}

TEST(ForwardedClients, TheOtherFieldSaysNothing) {
  EXPECT_EQ(asks(settings("forwarded"), request("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}})), "10.0.0.1 -");
}

TEST(ForwardedClients, WhatANamedProxySaysMustBeReadable) {
  EXPECT_EQ(asks(settings(), request("10.0.0.1", {{"X-Forwarded-For", "unknown"}})), "net.forwarded");
  EXPECT_EQ(asks(settings("x-forwarded-for", "Client-Cert"), request("10.0.0.1", {{"Client-Cert", "x"}})),
            "net.forwarded");
}

TEST(ForwardedClients, TheProxysOwnCertificateIsNoCustomers) {
  EXPECT_EQ(asks(settings(), request("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}}, "the-proxys")), "192.0.2.7 -");
}

TEST(ForwardedClients, ACertificateIsHandedOnInItsField) {
  test::TestAuthority authority;
  std::string pem = authority.issue({.common_name = "acme"}).certificate_pem;
  std::string body;
  for (std::size_t at = pem.find('\n') + 1; at < pem.find("-----END"); ++at)
    if (pem[at] != '\n') body += pem[at];
  const std::string fingerprint = to_hex(sha256(*base64_decode(body)));
  EXPECT_EQ(asks(settings("x-forwarded-for", "Client-Cert"),
                 request("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}, {"Client-Cert", ":" + body + ":"}})),
            "192.0.2.7 " + fingerprint);
  EXPECT_EQ(asks(settings(), request("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}, {"Client-Cert", ":" + body + ":"}})),
            "192.0.2.7 -")
      << "not configured, not looked at";
}

TEST(ForwardedClients, SettingsThatCannotBeUsedAreFound) {
  Settings broken = settings();
  broken.set("forwarded.from", std::vector<std::string>{"10.0.0.1/8"});
  EXPECT_TRUE(ForwardedClients::check(broken).error().what.starts_with("forwarded.from: "));
  Settings nobody = settings("x-forwarded-for", "Client-Cert");
  nobody.set("forwarded.from", std::vector<std::string>{});
  EXPECT_TRUE(ForwardedClients::check(nobody).error().what.starts_with("forwarded.certificate: "));
  EXPECT_TRUE(ForwardedClients::check(settings()).ok());
  EXPECT_TRUE(ForwardedClients::check(default_settings(channel_settings)).ok());
}

}  // namespace
}  // namespace sluis::http
