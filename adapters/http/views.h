// What the API says of messages and answers, as JSON. adapters/http/openapi.yaml describes it, and a test compares.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/channel/context.h"
#include "core/channel/messages.h"
#include "core/net/http/messages.h"

namespace sluis::http {

using Json = nlohmann::ordered_json;

// `path`: where the API is served, for links ("/v1").
Json message_json(const Messages::OneMessage& message, std::string_view path);
// With replies and timeline.
Json message_details_json(const Messages::OneMessage& message, std::string_view path);
Json answer_json(DeliveryId delivery, const Message& message, DeliveryState state, std::string_view path);

// Text that need not be UTF-8 (a peer's words) is written with U+FFFD, never refused.
net::http::Response json_response(int status, const Json& json);

}  // namespace sluis::http
