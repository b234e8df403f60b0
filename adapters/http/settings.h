// The tables of the kind `http`, and what they mean as values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/adapter.h"

namespace sluis::http {

inline constexpr std::array<std::string_view, 2> forwarded_fields{"x-forwarded-for", "forwarded"};
inline constexpr std::array<std::string_view, 2> webhook_bodies{"envelope", "content"};

inline constexpr std::array channel_settings{
    SettingSpec{.name = "listener",
                .type = SettingType::listener_name,
                .sentence = "The listener that the API is served on.",
                .required = true},
    SettingSpec{.name = "path",
                .type = SettingType::text,
                .sentence = "The path that the API is served under.",
                .otherwise = "/v1"},
    SettingSpec{.name = "max-size",
                .type = SettingType::bytes,
                .sentence = "A larger message is refused.",
                .otherwise = "100MiB",
                .least = 1},
    SettingSpec{.name = "require-idempotency-key",
                .type = SettingType::boolean,
                .sentence = "Whether a message without an Idempotency-Key is refused; without one, a customer who got "
                            "no answer cannot safely send again.",
                .otherwise = "true"},
    SettingSpec{
        .name = "clear-text",
        .type = SettingType::boolean,
        .sentence =
            "Whether requests that come without TLS are served: behind a proxy that ends TLS, or in a rehearsal.",
        .otherwise = "false"},
    SettingSpec{.name = "forwarded.from",
                .type = SettingType::text_list,
                .sentence = "Networks of the proxies that are believed when they name their client in a header field."},
    SettingSpec{.name = "forwarded.field",
                .type = SettingType::choice,
                .sentence = "The field in which they name its address.",
                .otherwise = "x-forwarded-for",
                .choices = forwarded_fields},
    SettingSpec{.name = "forwarded.certificate",
                .type = SettingType::text,
                .sentence = "The field in which they hand on its verified certificate: Client-Cert (RFC 9440), or "
                            "another name for nginx's $ssl_client_escaped_cert."},
    SettingSpec{.name = "login-failures",
                .type = SettingType::integer,
                .sentence = "Failed logins a minute from one address, after which it is told to wait.",
                .otherwise = "20",
                .least = 1,
                .most = 100'000},
    SettingSpec{.name = "fetch-within",
                .type = SettingType::duration,
                .sentence = "How long an answer may wait to be fetched and acknowledged before an incident says so.",
                .otherwise = "3d",
                .least = 1'000'000},
    SettingSpec{.name = "threads",
                .type = SettingType::integer,
                .sentence = "Threads that read and write the store.",
                .otherwise = "4",
                .least = 1,
                .most = 64},
    SettingSpec{
        .name = "webhook.ca",
        .type = SettingType::path,
        .sentence = "The authorities that customers' webhooks are checked by, a PEM file; by default the system's."},
    SettingSpec{.name = "webhook.clear-text",
                .type = SettingType::boolean,
                .sentence = "Whether a webhook may be at an http: address, as in a rehearsal.",
                .otherwise = "false"},
    SettingSpec{.name = "webhook.timeout",
                .type = SettingType::duration,
                .sentence = "How long a webhook may take to answer.",
                .otherwise = "30s",
                .least = 100'000,
                .most = 600'000'000},
};

inline constexpr std::array account_settings{
    SettingSpec{.name = "tokens",
                .type = SettingType::text_list,
                .sentence = "The SHA-256 of each bearer token the customer may use, as sha256:HEX."},
    SettingSpec{.name = "certificates",
                .type = SettingType::text_list,
                .sentence = "The SHA-256 fingerprints of client certificates, as sha256:HEX; with tokens both are "
                            "needed, without them the certificate is the login."},
    SettingSpec{.name = "flow", .type = SettingType::text, .sentence = "The flow of messages that do not say theirs."},
    SettingSpec{.name = "webhook.url",
                .type = SettingType::text,
                .sentence = "Where answers and reports are posted; none: they wait to be fetched."},
    SettingSpec{.name = "webhook.secret",
                .type = SettingType::secret,
                .sentence = "The key that webhooks are signed with: whsec_ and 24 to 64 octets in base64."},
    SettingSpec{.name = "webhook.body",
                .type = SettingType::choice,
                .sentence = "What is posted: an envelope in JSON with links, or the payload itself.",
                .otherwise = "envelope",
                .choices = webhook_bodies},
};

inline constexpr std::array<std::string_view, 3> unique_settings{"tokens", "certificates", "webhook.secret"};

// "sha256:" and 64 hexadecimal digits, as 32 octets; nothing for anything else.
std::optional<Sha256> parse_fingerprint(std::string_view text);
// The octets behind "whsec_". Error "webhook.secret", without the secret in it.
Result<std::string> parse_webhook_secret(std::string_view text);

std::vector<Error> check_channel(const ChannelConfig& config);
std::vector<Error> check_account(const ChannelConfig& config, const Settings& account);

}  // namespace sluis::http
