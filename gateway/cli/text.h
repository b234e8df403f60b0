// What commands print for people, made from the JSON that the gateway answers.
#pragma once

#include <string>

#include "gateway/records_json.h"

namespace sluis::gateway {

// Text from outside on a terminal: control characters are shown, not obeyed.
std::string plain(std::string_view text);

std::string messages_text(const Json& answer);     // one line a message
std::string story_text(const Json& answer);        // a message, its deliveries, its answers, one timeline
std::string incidents_text(const Json& answer);
std::string status_text(const Json& answer);
std::string probe_text(const Json& answer, bool colour);
std::string verify_text(const Json& answer);
std::string operated_text(const Json& answer, std::string_view command);

}  // namespace sluis::gateway
