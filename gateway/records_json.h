// Records of the store as JSON: what the control socket answers and `--output json` prints. Keys use the words of DESIGN §1.
#pragma once

#include <nlohmann/json.hpp>

#include "core/store/records.h"

namespace sluis::gateway {

using Json = nlohmann::ordered_json;

Json to_json(const Attributes& attributes);
Json to_json(const Part& part);
Json to_json(const DeliveryRecord& record);
Json to_json(const MessageRecord& record);
Json to_json(const TimelineRecord& record);
Json to_json(const Tombstone& record);
Json to_json(const IncidentRecord& record);
Json to_json(const VerifyReport& report);
// Text that need not be UTF-8 (a peer's words) is written with U+FFFD, never refused.
std::string dump(const Json& json, int indent = -1);

}  // namespace sluis::gateway
