#include "core/delivery/conclusion.h"

#include <utility>

#include <fmt/format.h>

#include "core/delivery/backoff.h"
#include "core/delivery/incident_key.h"

namespace sluis {

namespace {

class Concluder {
 public:
  Concluder(const DeliveryRecord& record, const Policy& policy, Moment now, Random& random)
      : record_(record), policy_(policy), now_(now), random_(random) {
    Finish& finish = conclusion_.finish;
    finish.delivery = record.delivery.id;
    finish.attempt = record.delivery.attempt;
    finish.at = now.wall;
    finish.due_at = now.due;
    // Doubt is not taken away by a later try that clearly failed: the earlier one may still have arrived.
    finish.in_doubt = record.delivery.in_doubt;
  }

  void operator()(Delivered& delivered) {
    conclusion_.word = "delivered";
    conclusion_.finish.receipt = std::move(delivered.receipt);
    if (record_.settled_by_answer)
      await(now_.wall + policy_.proof_within, HandedOver::Then::incident);
    else
      conclusion_.finish.next = DeliveryState::delivered;
    expect_reply();
  }

  void operator()(HandedOver& handed) {
    conclusion_.word = "handed_over";
    conclusion_.finish.receipt = std::move(handed.receipt);
    await(handed.proof_until.value_or(now_.wall + policy_.proof_within), handed.then);
    expect_reply();
  }

  void operator()(Retry& retry) {
    conclusion_.word = "retry";
    Finish& finish = conclusion_.finish;
    finish.reason = fmt::format("{}: {}", retry.reason.code, retry.reason.what);
    finish.in_doubt = finish.in_doubt || retry.in_doubt;
    switch (retry.scope) {
      case Retry::Scope::message: conclusion_.sign = PeerSign::alive; break;
      case Retry::Scope::account: conclusion_.sign = PeerSign::account_trouble; break;
      case Retry::Scope::channel: conclusion_.sign = PeerSign::channel_trouble; break;
    }
    if (retry.in_doubt && policy_.in_doubt == Policy::InDoubt::hold) {
      hold(fmt::format("in doubt: {}", finish.reason));
    } else if (policy_.attempts_most > 0 && finish.attempt >= policy_.attempts_most) {
      hold(fmt::format("{} attempts are used up: {}", finish.attempt, finish.reason));
    } else {
      finish.next = DeliveryState::queued;
      finish.due_at = now_.due + backoff(policy_, finish.attempt, retry.not_before, random_);
    }
  }

  void operator()(Rejected& rejected) {
    conclusion_.word = "rejected";
    conclusion_.finish.next = DeliveryState::rejected;
    conclusion_.finish.reason =
        rejected.code.empty() ? rejected.reason : fmt::format("{}: {}", rejected.code, rejected.reason);
    if (!record_.lane.empty() && policy_.after_refusal == Policy::AfterRefusal::hold)
      open(incident_key::lane(record_.delivery.destination.channel, record_.delivery.id),
           fmt::format("lane {} waits behind a refused delivery: {}", record_.lane, conclusion_.finish.reason));
  }

  void operator()(Held& held) {
    conclusion_.word = "held";
    hold(held.reason);
  }

  Conclusion take() && { return std::move(conclusion_); }
  Conclusion& so_far() { return conclusion_; }

 private:
  void await(WallTime until, HandedOver::Then then) {
    conclusion_.finish.next = DeliveryState::awaiting;
    conclusion_.finish.wakeups.push_back({until, WakeupKind::proof, pack({record_.delivery.attempt, then})});
  }
  void expect_reply() {
    if (const auto within = reply_within(record_.delivery, policy_))
      conclusion_.finish.wakeups.push_back({now_.wall + *within, WakeupKind::reply, record_.delivery.attempt});
  }
  void hold(std::string reason) {
    conclusion_.finish.next = DeliveryState::held;
    conclusion_.finish.reason = std::move(reason);
    open(incident_key::held(record_.delivery.destination.channel, record_.delivery.id),
         fmt::format("held: {}", conclusion_.finish.reason));
  }
  void open(std::string key, std::string text) {
    IncidentChange incident;
    incident.key = std::move(key);
    incident.text = std::move(text);
    incident.channel = record_.delivery.destination.channel;
    incident.customer = record_.delivery.customer;
    incident.message = record_.message;
    incident.at = now_.wall;
    conclusion_.finish.incidents.push_back(std::move(incident));
  }

  const DeliveryRecord& record_;
  const Policy& policy_;
  Moment now_;
  Random& random_;
  Conclusion conclusion_;
};

}  // namespace

Conclusion conclude(const DeliveryRecord& record, Outcome outcome, bool dropped, const Policy& policy, Moment now,
                    Random& random) {
  Concluder concluder(record, policy, now, random);
  std::visit(concluder, outcome.verdict);
  concluder.so_far().finish.learned = std::move(outcome.learned);
  if (dropped) concluder.so_far().sign = PeerSign::unknown;
  return std::move(concluder).take();
}

std::optional<Duration> reply_within(const Delivery& delivery, const Policy& policy) {
  if (const auto own = delivery.options.find(option_reply_within)) {
    const auto parsed = parse_duration(*own);
    if (parsed) return *parsed;
  }
  return policy.reply_within;
}

}  // namespace sluis
