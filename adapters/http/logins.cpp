#include "adapters/http/logins.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

#include "adapters/http/settings.h"

namespace sluis::http {

namespace {

constexpr Duration window = 60s;
constexpr std::size_t most_addresses = 10'000;  // further ones share one count

bool same(const Sha256& a, const Sha256& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string key_of(const net::Address& peer) {
  const std::string_view bytes = peer.ip_bytes();
  return std::string(bytes.size() == 16 ? bytes.substr(0, 8) : bytes);  // of IPv6: what one subscriber gets
}

}  // namespace

std::size_t LoginIndex::FirstOctets::operator()(const Sha256& digest) const {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

LoginIndex::LoginIndex(const std::vector<std::shared_ptr<const Account>>& accounts) {
  for (const auto& account : accounts) {
    if (account->customer.empty()) continue;
    std::vector<Sha256> tokens, certificates;
    for (const std::string& text : account->settings.list("tokens"))
      if (const auto hash = parse_fingerprint(text)) tokens.push_back(*hash);
    for (const std::string& text : account->settings.list("certificates"))
      if (const auto hash = parse_fingerprint(text)) certificates.push_back(*hash);
    for (const Sha256& token : tokens) by_token_.emplace(token, Login{token, account, certificates});
    if (tokens.empty())
      for (const Sha256& certificate : certificates)
        by_certificate_.emplace(certificate, Login{certificate, account, {}});
  }
}

const LoginIndex::Login* LoginIndex::look_up(const Table& table, const Sha256& hash) {
  const auto at = table.find(hash);
  return at != table.end() && same(at->second.hash, hash) ? &at->second : nullptr;
}

std::shared_ptr<const Account> LoginIndex::find(std::optional<std::string_view> token,
                                                std::optional<std::string_view> certificate) const {
  std::optional<Sha256> shown;
  if (certificate) shown = parse_fingerprint("sha256:" + std::string(*certificate));
  if (token) {
    const Login* login = look_up(by_token_, sha256(*token));
    if (login == nullptr) return nullptr;
    if (login->certificates.empty()) return login->account;
    const bool bound = shown && std::any_of(login->certificates.begin(), login->certificates.end(),
                                            [&](const Sha256& one) { return same(one, *shown); });
    return bound ? login->account : nullptr;
  }
  if (!shown) return nullptr;
  const Login* login = look_up(by_certificate_, *shown);
  return login == nullptr ? nullptr : login->account;
}

std::optional<Duration> FailedLogins::failed(const net::Address& peer) {
  const std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  if (now - since_ >= window) {
    counts_.clear();
    since_ = now;
  }
  std::string key = key_of(peer);
  if (counts_.size() >= most_addresses && !counts_.contains(key)) key.clear();
  if (++counts_[key] <= most_) return std::nullopt;
  return since_ + window - now;
}

std::optional<std::string_view> bearer_token(const net::http::Headers& headers) {
  if (headers.count("Authorization") != 1) return std::nullopt;
  std::string_view value = headers.get("Authorization");
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos || !net::http::same_name(value.substr(0, space), "Bearer")) return std::nullopt;
  value.remove_prefix(space);
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (value.empty() || value.size() > 512) return std::nullopt;
  return value;
}

}  // namespace sluis::http
