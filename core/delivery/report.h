// What the customer is told of its message: a JSON file to where its answers go.
#pragma once

#include <string>

#include "core/delivery/notice.h"

namespace sluis {

// {"message": …, "delivery": …, "customer": …, "flow": …, "reference": …, "file": …, "state": …, "reason": …, "receipt": …, "at": …,
//  "attempts": …, "destination": …}. What is not known is left out.
[[nodiscard]] SLUIS_CORE_API std::string report_json(const DeliveryRecord& record, DeliveryState state);

// The Accept that carries the report and takes the wakeup; without deliveries when the customer has no return channel
// that is there: the caller then only takes the wakeup.
[[nodiscard]] Accept report_notice(const DueWakeup& wakeup, const NoticeContext& context);

}  // namespace sluis
