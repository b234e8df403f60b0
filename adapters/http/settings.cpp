#include "adapters/http/settings.h"

#include <fmt/format.h>

#include "adapters/http/forwarded_client.h"
#include "core/net/http/client.h"
#include "core/net/http/target.h"
#include "core/runtime/base64.h"

namespace sluis::http {

namespace {

constexpr std::string_view fingerprint_mark = "sha256:";
constexpr std::string_view secret_mark = "whsec_";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Sha256> parse_fingerprint(std::string_view text) {
  if (!text.starts_with(fingerprint_mark)) return std::nullopt;
  text.remove_prefix(fingerprint_mark.size());
  Sha256 out{};
  if (text.size() != out.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

Result<std::string> parse_webhook_secret(std::string_view text) {
  // Standard Webhooks, "Symmetric": 24 to 64 octets.
  const Error bad{"webhook.secret", "is not whsec_ followed by 24 to 64 octets in base64"};
  if (!text.starts_with(secret_mark)) return bad;
  auto key = base64_decode(text.substr(secret_mark.size()));
  if (!key || key->size() < 24 || key->size() > 64) return bad;
  return key;
}

std::vector<Error> check_channel(const ChannelConfig& config) {
  std::vector<Error> out;
  const std::string path = config.settings.text("path");
  const auto decoded = net::http::decode_path(path);
  if (!decoded || *decoded != path || path.size() < 2 || path.ends_with('/'))
    out.push_back(
        Error{"setting.path", fmt::format("path: \"{}\" is no path; write /v1, without a slash at the end", path)});
  if (Status forwarded = ForwardedClients::check(config.settings); !forwarded) out.push_back(forwarded.error());
  return out;
}

std::vector<Error> check_account(const ChannelConfig& config, const Settings& account) {
  std::vector<Error> out;
  // What is wrong may be the token itself: it is not repeated.
  for (const char* name : {"tokens", "certificates"})
    for (const std::string& text : account.list(name))
      if (!parse_fingerprint(text))
        out.push_back(Error{
            "setting.fingerprint",
            fmt::format(
                "{}: an item is not sha256: followed by 64 hexadecimal digits; write the hash, never the {} itself",
                name, std::string_view(name) == "tokens" ? "token" : "certificate")});
  const std::string url = account.text("webhook.url");
  const Secret secret = account.secret("webhook.secret");
  if (url.empty() != secret.empty())
    out.push_back(Error{"setting.webhook", url.empty() ? "webhook.secret: there is no webhook.url to use it for"
                                                       : "webhook.url: needs a webhook.secret to sign with"});
  if (!secret.empty())
    if (const auto key = parse_webhook_secret(secret.reveal()); !key)
      out.push_back(Error{"setting.webhook", "webhook.secret: " + key.error().what});
  if (!url.empty()) {
    const auto parsed = net::http::Url::parse(url);
    if (!parsed)
      out.push_back(Error{"setting.webhook", "webhook.url: " + parsed.error().what});
    else if (!parsed->origin.tls && !config.settings.boolean("webhook.clear-text"))
      out.push_back(
          Error{"setting.webhook",
                "webhook.url: is not https; in a rehearsal the channel may say webhook: { clear-text: true }"});
  }
  if (url.empty() && account.list("tokens").empty() && account.list("certificates").empty())
    out.push_back(Error{
        "setting.account",
        "tokens: there are none, and no certificates and no webhook: the customer can neither log in nor be reached"});
  return out;
}

}  // namespace sluis::http
