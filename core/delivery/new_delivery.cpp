#include "core/delivery/new_delivery.h"

namespace sluis {

NewDelivery make_delivery(const std::shared_ptr<const Message>& message, const PlannedDelivery& planned,
                          const Policy& policy, const Channel& channel, Owes owes, Moment now) {
  NewDelivery made;
  made.destination = planned.destination;
  made.customer = message->customer;
  made.route = planned.route;
  made.policy = policy.name;
  made.options = planned.options;
  if (planned.reply_within) made.options.set(option_reply_within, format_duration(*planned.reply_within));
  // Two customers may number their lanes alike; one must not wait behind the other.
  if (!planned.lane.empty()) made.lane = message->customer + '/' + planned.lane;
  made.lane_first = planned.lane_first;
  made.due_at = now.due;
  made.settled_by_answer = policy.settled_by == Policy::SettledBy::answer;
  made.lane_closes_on_refusal = policy.after_refusal == Policy::AfterRefusal::hold;
  made.report = owes == Owes::report_and_escalation && !policy.report.empty();

  made.wakeups.push_back({now.wall + policy.expire_after, WakeupKind::expire, 0});
  if (owes != Owes::nothing)
    for (std::size_t step = 0; step < policy.escalate.size(); ++step)
      made.wakeups.push_back({now.wall + policy.escalate[step].after, WakeupKind::escalate, static_cast<int>(step)});

  Delivery delivery;
  delivery.message = message;
  delivery.destination = made.destination;
  delivery.customer = made.customer;
  delivery.route = made.route;
  delivery.policy = made.policy;
  delivery.options = made.options;
  delivery.created_at = now.wall;
  made.identity = channel.identify(delivery);
  return made;
}

}  // namespace sluis
