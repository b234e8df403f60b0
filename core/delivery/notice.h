// Messages that the gateway makes itself, derived from another: escalation notices and reports to the customer.
#pragma once

#include <string>
#include <string_view>

#include "core/delivery/channel_directory.h"
#include "core/delivery/conclusion.h"
#include "core/delivery/generation.h"
#include "core/store/records.h"

namespace sluis {

namespace flow {
inline constexpr std::string_view notice = "sluis/notice";
inline constexpr std::string_view report = "sluis/report";
}  // namespace flow

// The message of one, without parts: from the gateway, about `original`, of its customer and environment.
[[nodiscard]] Message derived_message(const Message& original, MessageId id, std::string_view kind,
                                      std::string_view flow, WallTime now);

// The parts of the moment that makers of notices share. [Ownership] references to what outlives the call.
struct NoticeContext {
  const Generation& generation;
  const ChannelDirectory& channels;
  MessageId id;  // for the new message
  Moment now;
};

}  // namespace sluis
