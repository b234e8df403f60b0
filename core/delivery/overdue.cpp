// Wakeups: what falls due by itself. Each is taken in the transaction of what it causes, so it acts once.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/delivery/engine.h"
#include "core/delivery/escalation.h"
#include "core/delivery/incident_key.h"
#include "core/delivery/report.h"

namespace sluis {

namespace {
constexpr Duration read_deadline = 5s;
}

void DeliveryEngine::handle_wakeups() {
  wakeups_dirty_ = false;
  next_wakeup_.reset();
  const MonoTime now = clock_.mono();
  std::erase_if(busy_wakeups_, [&](const auto& entry) { return entry.second <= now; });
  auto reader = store_.read(read_deadline);
  if (!reader) {
    wakeups_dirty_ = true;
    return store_trouble(reader.error());
  }
  constexpr std::size_t window = 256;
  const WallTime due = due_.now();
  const auto wakeups = (*reader)->wakeups(due, window + busy_wakeups_.size());
  if (!wakeups) {
    wakeups_dirty_ = true;
    return store_trouble(wakeups.error());
  }
  const auto next = (*reader)->next_wakeup();
  if (!next) {
    wakeups_dirty_ = true;
    return store_trouble(next.error());
  }
  next_wakeup_ = *next;
  if (next_wakeup_ && *next_wakeup_ <= due) {
    // One that is due may have to wait (its attempt runs); the first that is not due yet sets the timer.
    const auto further = (*reader)->wakeups(WallTime::max(), wakeups->size() + 1);
    if (!further) {
      wakeups_dirty_ = true;
      return store_trouble(further.error());
    }
    next_wakeup_.reset();
    if (further->size() > wakeups->size()) next_wakeup_ = further->back().at;
  }
  reader->reset();  // the snapshot must not be held open while the handlers read theirs
  const WallTime wall = clock_.wall();
  std::size_t acted = 0;
  for (const DueWakeup& wakeup : *wakeups) {
    const WakeupTuple key{wakeup.key.delivery, wakeup.key.kind, wakeup.key.step};
    if (busy_wakeups_.contains(key)) continue;
    if (wakeup.at > wall && wakeup.key.kind != WakeupKind::report) {
      // The due clock runs ahead of a wall clock that stepped back; a deadline is the wall's.
      later(wakeup.key, std::min<Duration>(wakeup.at - wall, 1min));
      continue;
    }
    ++acted;
    handle(wakeup);
  }
  if (acted >= window) {
    wakeups_dirty_ = true;
    want_pass();
  }
}

void DeliveryEngine::handle(const DueWakeup& wakeup) {
  const DeliveryRecord& record = wakeup.delivery;
  // Being sent: its end is near and says what becomes of it; let_go() looks again.
  if (in_flight_.contains(number(wakeup.key.delivery)) && wakeup.key.kind != WakeupKind::report &&
      wakeup.key.kind != WakeupKind::escalate)
    return later(wakeup.key, generation_->engine.tick);
  switch (wakeup.key.kind) {
    case WakeupKind::expire: {
      if (is_final(record.state)) return take(wakeup);
      Operate expire;
      expire.what = Operate::Expire{};
      expire.reason = "its time is over";
      for (const std::string_view condition : {"held", "proof"})
        end_condition(condition, wakeup.key.delivery, expire.incidents);
      return operate_wakeup(wakeup, std::move(expire));
    }
    case WakeupKind::escalate: return handle_escalation(wakeup);
    case WakeupKind::proof: return handle_proof(wakeup);
    case WakeupKind::reply: return handle_reply(wakeup);
    case WakeupKind::report: return handle_report(wakeup);
  }
}

void DeliveryEngine::handle_escalation(const DueWakeup& wakeup) {
  const DeliveryRecord& record = wakeup.delivery;
  const Policy& policy = generation_->policy(record.delivery.policy);
  const auto step = static_cast<std::size_t>(wakeup.key.step);
  if (is_final(record.state) || step >= policy.escalate.size()) return take(wakeup);
  auto accept = escalation_notice(wakeup, policy.escalate[step], {*generation_, channels_, ids_.next(), moment()});
  if (!accept) {
    // The deadline stands: tried again until the channel is there, and a human is told.
    log_.error("escalation.failed", accept.error().what, {{"delivery", number(wakeup.key.delivery)}});
    IncidentChange incident;
    incident.key = policy.escalate[step].to + "/escalation";
    incident.severity = Severity::critical;
    incident.text = accept.error().what;
    incident.channel = policy.escalate[step].to;
    incident.message = record.message;
    incident.at = clock_.wall();
    store_.submit(std::move(incident), [](const CommandResult&) {});
    return later(wakeup.key, 1min);
  }
  log_.warning(
      "escalation.step", "a delivery is not settled in time",
      {{"delivery", number(wakeup.key.delivery)}, {"step", wakeup.key.step + 1}, {"to", policy.escalate[step].to}});
  const bool stops = policy.escalation_stops_original && step + 1 == policy.escalate.size();
  const std::string by = "policy " + policy.name;
  submit_wakeup(wakeup, std::move(*accept));
  // Right behind the notice, in one batch of the store: whoever was told may now act for the message.
  if (stops)
    cancel(wakeup.key.delivery, {.handled_elsewhere = false, .even_in_doubt = true}, by,
           "escalated; the policy stops the original", {});
}

void DeliveryEngine::handle_proof(const DueWakeup& wakeup) {
  const DeliveryRecord& record = wakeup.delivery;
  const ProofStep step = unpack_proof_step(wakeup.key.step);
  // Proof of an earlier attempt, or it came meanwhile.
  if (record.state != DeliveryState::awaiting || record.delivery.attempt != step.attempt) return take(wakeup);
  if (step.then == HandedOver::Then::retry) {
    Operate requeue;
    requeue.what = Operate::Requeue{due_.now()};
    requeue.reason = "the proof is overdue";
    return operate_wakeup(wakeup, std::move(requeue));
  }
  if (keeps_silent(record)) return later(wakeup.key, 1min);
  IncidentChange incident;
  incident.key = incident_key::proof(record.delivery.destination.channel, wakeup.key.delivery);
  incident.text =
      record.settled_by_answer ? "handed over, and no answer has come" : "handed over, and the proof is overdue";
  incident.channel = record.delivery.destination.channel;
  incident.customer = record.delivery.customer;
  incident.message = record.message;
  incident.at = clock_.wall();
  take(wakeup, {std::move(incident)});
}

// A pause and a maintenance window open no incident: the answer may be there, and nobody has looked.
bool DeliveryEngine::keeps_silent(const DeliveryRecord& record) const {
  return channels_.resting(record.delivery.destination.channel);
}

void DeliveryEngine::handle_reply(const DueWakeup& wakeup) {
  const DeliveryRecord& record = wakeup.delivery;
  const bool handed_over = record.state == DeliveryState::delivered || record.state == DeliveryState::awaiting;
  if (!handed_over || record.delivery.attempt != wakeup.key.step || answered(record.message)) return take(wakeup);
  if (keeps_silent(record)) return later(wakeup.key, 1min);
  IncidentChange incident;
  incident.key = incident_key::reply(record.delivery.destination.channel, wakeup.key.delivery);
  incident.text = "no answer has come in the time that the route allows";
  incident.channel = record.delivery.destination.channel;
  incident.customer = record.delivery.customer;
  incident.message = record.message;
  incident.at = clock_.wall();
  take(wakeup, {std::move(incident)});
}

void DeliveryEngine::handle_report(const DueWakeup& wakeup) {
  const DeliveryRecord& record = wakeup.delivery;
  const Policy& policy = generation_->policy(record.delivery.policy);
  const auto state = static_cast<DeliveryState>(wakeup.key.step);
  if (!record.report || std::find(policy.report.begin(), policy.report.end(), state) == policy.report.end())
    return take(wakeup);
  Accept accept = report_notice(wakeup, {*generation_, channels_, ids_.next(), moment()});
  if (accept.deliveries.empty()) {
    log_.warning("report.nowhere", "the customer has no return channel for a report",
                 {{"customer", record.delivery.customer}});
    return take(wakeup);
  }
  submit_wakeup(wakeup, std::move(accept));
}

bool DeliveryEngine::answered(const MessageId& message) {
  auto reader = store_.read(read_deadline);
  if (!reader) return false;
  const auto replies = (*reader)->replies(message);
  if (!replies) return false;
  for (const MessageId& id : *replies) {
    const auto reply = (*reader)->message(id);
    // Notices and reports are replies of our own making, and a customer's next message is no answer to its last.
    if (reply && *reply && !(*reply)->message.from.empty() &&
        (*reply)->message.attributes.get(attribute::kind) != "submission")
      return true;
  }
  return false;
}

void DeliveryEngine::take(const DueWakeup& wakeup, std::vector<IncidentChange> incidents) {
  Operate consume;
  consume.what = Operate::Consume{};
  consume.incidents = std::move(incidents);
  operate_wakeup(wakeup, std::move(consume));
}

void DeliveryEngine::operate_wakeup(const DueWakeup& wakeup, Operate operate) {
  operate.delivery = wakeup.key.delivery;
  operate.by = "policy " + generation_->policy(wakeup.delivery.delivery.policy).name;
  operate.at = clock_.wall();
  operate.consumes = wakeup.key;
  auto incidents = operate.incidents;
  submit_wakeup(wakeup, std::move(operate), [this, incidents = std::move(incidents)] {
    for (const IncidentChange& incident : incidents) opened(incident);
  });
}

void DeliveryEngine::submit_wakeup(const DueWakeup& wakeup, Command command, std::function<void()> then) {
  const WakeupTuple key{wakeup.key.delivery, wakeup.key.kind, wakeup.key.step};
  busy_wakeups_[key] = MonoTime::max();
  store_.submit(std::move(command), back([this, key, wakeup, then = std::move(then)](CommandResult result) {
                  busy_wakeups_.erase(key);
                  if (result) {
                    const auto* accepted = std::get_if<AcceptDone>(&result.value());
                    // Told before, and the wakeup was left behind.
                    if (accepted != nullptr && accepted->accepted.duplicate) return take(wakeup);
                    if (then) then();
                    wakeups_dirty_ = true;
                    return want_pass();
                  }
                  if (result.error().code == "wakeup.gone") return;
                  // "delivery.sending" ends with the attempt; everything else with the store's trouble.
                  if (result.error().code != "delivery.sending") store_trouble(result.error());
                  later(wakeup.key, generation_->engine.tick);
                }));
}

void DeliveryEngine::later(const WakeupKey& key, Duration wait) {
  busy_wakeups_[{key.delivery, key.kind, key.step}] = clock_.mono() + wait;
}

}  // namespace sluis
