#include "adapters/http/logins.h"

#include <gtest/gtest.h>

#include "adapters/http/settings.h"

namespace sluis::http {
namespace {

std::shared_ptr<const Account> account(const std::string& customer, std::vector<std::string> tokens,
                                       std::vector<std::string> certificates = {}) {
  auto out = std::make_shared<Account>();
  out->customer = customer;
  out->settings = default_settings(account_settings);
  for (std::string& token : tokens) token = "sha256:" + to_hex(sha256(token));
  for (std::string& certificate : certificates) certificate = "sha256:" + certificate;
  out->settings.set("tokens", std::move(tokens));
  out->settings.set("certificates", std::move(certificates));
  return out;
}

const std::string fingerprint(64, 'a');

TEST(LoginIndex, FindsACustomerByAnyOfItsTokens) {
  const LoginIndex index({account("acme", {"old", "new"}), account("zeta", {"other"})});
  EXPECT_EQ(index.find("old", {})->customer, "acme");
  EXPECT_EQ(index.find("new", {})->customer, "acme");
  EXPECT_EQ(index.find("other", {})->customer, "zeta");
  EXPECT_EQ(index.find("ol", {}), nullptr);
  EXPECT_EQ(index.find("", {}), nullptr);
  EXPECT_EQ(index.find({}, {}), nullptr);
}

TEST(LoginIndex, HoldsThousandsOfCustomers) {
  std::vector<std::shared_ptr<const Account>> accounts;
  for (int i = 0; i < 5000; ++i) accounts.push_back(account("c" + std::to_string(i), {"token" + std::to_string(i)}));
  const LoginIndex index(accounts);
  for (int i = 0; i < 5000; i += 7)
    ASSERT_EQ(index.find("token" + std::to_string(i), {})->customer, "c" + std::to_string(i));
}

TEST(LoginIndex, TheHashItselfIsNoToken) {
  const LoginIndex index({account("acme", {"secret"})});
  EXPECT_EQ(index.find(to_hex(sha256("secret")), {}), nullptr);
}

TEST(LoginIndex, ATokenBoundToACertificateNeedsIt) {
  const LoginIndex index({account("acme", {"token"}, {fingerprint})});
  EXPECT_EQ(index.find("token", {}), nullptr);
  EXPECT_EQ(index.find("token", std::string(64, 'b')), nullptr);
  EXPECT_EQ(index.find("token", fingerprint)->customer, "acme");
  EXPECT_EQ(index.find({}, fingerprint), nullptr) << "and the certificate alone does not do";
}

TEST(LoginIndex, ACertificateIsALoginWhereThereAreNoTokens) {
  const LoginIndex index({account("acme", {}, {fingerprint})});
  EXPECT_EQ(index.find({}, fingerprint)->customer, "acme");
  EXPECT_EQ(index.find("guess", fingerprint), nullptr);
}

TEST(FailedLogins, AnAddressIsToldToWaitAfterItsShare) {
  ManualClock clock;
  FailedLogins failures(clock, 2);
  const auto a = *net::Address::ip("192.0.2.1", 1), b = *net::Address::ip("192.0.2.2", 1);
  EXPECT_FALSE(failures.failed(a));
  EXPECT_FALSE(failures.failed(a));
  EXPECT_EQ(failures.failed(a), Duration{60s});
  EXPECT_FALSE(failures.failed(b)) << "another's share is its own";
  clock.advance(61s);
  EXPECT_FALSE(failures.failed(a));
}

TEST(FailedLogins, AnIpv6SubscriberIsOneAddress) {
  ManualClock clock;
  FailedLogins failures(clock, 1);
  EXPECT_FALSE(failures.failed(*net::Address::ip("2001:db8::1", 1)));
  EXPECT_TRUE(failures.failed(*net::Address::ip("2001:db8::2", 1)));
}

TEST(BearerToken, IsReadFromOneFieldOfThatScheme) {
  using net::http::Headers;
  EXPECT_EQ(bearer_token(Headers{{"Authorization", "Bearer abc"}}), "abc");
  EXPECT_EQ(bearer_token(Headers{{"Authorization", "bearer  abc"}}), "abc");
  EXPECT_FALSE(bearer_token(Headers{{"Authorization", "Basic abc"}}));
  EXPECT_FALSE(bearer_token(Headers{{"Authorization", "Bearer"}}));
  EXPECT_FALSE(bearer_token(Headers{{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}}));
}

TEST(HttpAccount, ATokenInPlaceOfItsHashIsRefusedAndNotRepeated) {
  ChannelConfig config;
  config.settings = default_settings(channel_settings);
  Settings settings = default_settings(account_settings);
  settings.set("tokens", std::vector<std::string>{"my-clear-token"});
  const auto faults = check_account(config, settings);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_TRUE(faults[0].what.starts_with("tokens: "));
  EXPECT_EQ(faults[0].what.find("my-clear-token"), std::string::npos);
}

TEST(HttpAccount, AWebhookHasAnAddressAndASecretTogether) {
  ChannelConfig config;
  config.settings = default_settings(channel_settings);
  const auto faults = [&](const std::string& url, const std::string& secret) {
    Settings settings = default_settings(account_settings);
    settings.set("webhook.url", url);
    if (!secret.empty()) settings.set("webhook.secret", Secret{secret});
    std::string out;
    for (const Error& fault : check_account(config, settings)) out += fault.what + "\n";
    return out;
  };
  const std::string good = "whsec_" + std::string(32, 'A');
  EXPECT_EQ(faults("https://acme.example/hook", good), "");
  EXPECT_NE(faults("https://acme.example/hook", "").find("webhook.url: needs a webhook.secret"), std::string::npos);
  EXPECT_NE(faults("http://acme.example/hook", good).find("webhook.url: is not https"), std::string::npos);
  EXPECT_NE(faults("https://acme.example/hook", "whsec_c2hvcnQ=").find("webhook.secret: is not whsec_"),
            std::string::npos);
  EXPECT_EQ(faults("https://acme.example/hook", "whsec_c2hvcnQ=").find("c2hvcnQ"), std::string::npos);
}

}  // namespace
}  // namespace sluis::http
