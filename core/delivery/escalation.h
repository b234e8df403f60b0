// Escalation is delivery (DESIGN §2): at a policy's deadline a notice leaves as an ordinary durable delivery, once.
#pragma once

#include <string>
#include <string_view>

#include "core/delivery/notice.h"

namespace sluis {

// {message} {flow} {customer} {reference} {since} {reason}; any other brace stands for itself.
[[nodiscard]] SLUIS_CORE_API std::string fill_escalation_text(std::string_view text, const DeliveryRecord& record);

// The Accept that carries the step's notice and takes the wakeup. Its dedupe key names delivery and step, so that a
// crash between two commits, or two nodes, cannot tell it twice. Error "escalation.channel" when step.to is not there.
[[nodiscard]] Result<Accept> escalation_notice(const DueWakeup& wakeup, const EscalationStep& step,
                                               const NoticeContext& context);

}  // namespace sluis
