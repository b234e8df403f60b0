// What a webhook is: its body, its signature, and what the other side's answer means (Standard Webhooks 1.0).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/channel/delivery.h"
#include "core/channel/outcome.h"
#include "core/message/content.h"
#include "core/net/http/client.h"
#include "core/net/http/headers.h"
#include "core/runtime/clock.h"

namespace sluis::http {

struct WebhookBody {
  std::string media_type, bytes;
};

// "answer.available" or "report": {"type", "timestamp", "data"}. `report`: the report's own JSON, which is small.
WebhookBody envelope(const Delivery& delivery, std::string_view path, std::string_view report);

// webhook-signature: "v1," and the HMAC-SHA256 of "id.timestamp.body" in base64.
std::string webhook_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                              std::string_view body);

// webhook-id: the delivery's identity, so that it is the same on every try and after a restart.
std::string webhook_id(const Delivery& delivery);

// The table of the README.
Verdict verdict_of(const net::http::ClientResult& result, const net::http::Headers& headers, std::string_view body,
                   WallTime now);

// Retry-After (RFC 9110 §10.2.3): seconds, or an IMF-fixdate. At most a day is believed.
std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

}  // namespace sluis::http
