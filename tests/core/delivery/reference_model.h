// What deliveries should be after each thing that happens, in the plainest words: vectors and ifs, no store, no engine,
// no table of transitions. The model test compares the real gateway with it.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/channel/delivery.h"

namespace sluis::test {

struct ModelPolicy {
  std::string name;
  Duration retry_first, retry_most, proof_within;
  int attempts_most = 0;
  bool hold_in_doubt = false;
  bool by_answer = false;
  bool lane_closes = false;
};

struct ModelDelivery {
  DeliveryId id{};
  std::size_t message = 0;
  const ModelPolicy* policy = nullptr;
  DeliveryState state = DeliveryState::queued;
  int attempt = 0;
  bool in_doubt = false;
  bool open_attempt = false;  // an attempt is in the channel's hands, whatever the state
  bool cancel_waits = false, cancel_even_in_doubt = false;
  WallTime due, expires;
  std::string lane;
  bool closes_lane = false;  // it was refused in front, and those behind it wait
  std::set<std::string> gates;
  std::optional<WallTime> proof_at;
  bool proof_retries = false;
  std::optional<DeliveryId> resent_as;
  bool held_incident = false, proof_incident = false, lane_incident = false;
};

class ReferenceModel {
 public:
  using S = DeliveryState;
  static constexpr Duration expire_after = 7200s + 500ms;  // half a second beside everything else, so that nothing ties

  std::map<DeliveryId, ModelDelivery> deliveries;
  std::set<DeliveryId> live;                             // not final, or with an attempt still out
  std::map<std::string, std::vector<DeliveryId>> lanes;  // the front one may go
  WallTime now;

  ModelDelivery& at(DeliveryId id) { return deliveries.at(id); }

  void add(ModelDelivery made) {
    made.expires = now + expire_after;
    made.due = now;
    const DeliveryId id = made.id;
    if (!made.lane.empty()) lanes[made.lane].push_back(id);
    made.state = S::blocked;
    deliveries.emplace(id, std::move(made));
    live.insert(id);
    move_on();
  }

  // The attempt's end.
  void delivered(DeliveryId id) {
    ModelDelivery& d = end_attempt(id);
    if (d.state != S::sending) return after_attempt(d);
    if (d.policy->by_answer)
      await(d, now + d.policy->proof_within, false);
    else
      finish(d, S::delivered);
    after_attempt(d);
  }
  void handed_over(DeliveryId id, std::optional<WallTime> until, bool then_retry) {
    ModelDelivery& d = end_attempt(id);
    if (d.state == S::sending) await(d, until.value_or(now + d.policy->proof_within), then_retry);
    after_attempt(d);
  }
  void retry(DeliveryId id, bool doubt, std::optional<Duration> not_before) {
    ModelDelivery& d = end_attempt(id);
    if (d.state == S::sending) {
      d.in_doubt = d.in_doubt || doubt;
      if ((doubt && d.policy->hold_in_doubt) || (d.policy->attempts_most > 0 && d.attempt >= d.policy->attempts_most)) {
        hold_by_attempt(d);
      } else {
        Duration wait = d.policy->retry_first;
        for (int i = 1; i < d.attempt && wait < d.policy->retry_most; ++i) wait *= 2;
        wait = std::min(wait, d.policy->retry_most);
        if (not_before) wait = std::max(wait, *not_before);
        d.state = S::queued;
        d.due = now + wait;
        if (d.cancel_waits && (d.cancel_even_in_doubt || !d.in_doubt)) finish(d, S::cancelled);
      }
    }
    after_attempt(d);
  }
  void rejected(DeliveryId id) {
    ModelDelivery& d = end_attempt(id);
    if (d.state == S::sending) finish(d, S::rejected);
    after_attempt(d);
  }
  void held(DeliveryId id) {
    ModelDelivery& d = end_attempt(id);
    if (d.state == S::sending) hold_by_attempt(d);
    after_attempt(d);
  }

  // From elsewhere.
  bool settle_delivered(DeliveryId id) {
    ModelDelivery& d = at(id);
    if (d.state == S::blocked || d.state == S::cancelled) return false;
    if (d.state != S::delivered) finish(d, S::delivered);
    move_on();
    return true;
  }
  bool settle_rejected(DeliveryId id) {
    ModelDelivery& d = at(id);
    if (d.state == S::blocked || d.state == S::cancelled || d.state == S::expired) return false;
    if (d.state != S::rejected) finish(d, S::rejected);
    move_on();
    return true;
  }

  // Operators; false: refused.
  bool release(DeliveryId id) {
    ModelDelivery& d = at(id);
    if (d.state != S::held) return false;
    d.held_incident = false;
    d.state = S::blocked;
    d.due = now;
    move_on();
    return true;
  }
  bool hold(DeliveryId id) {
    ModelDelivery& d = at(id);
    if (d.state == S::held) return true;
    if (d.state != S::queued && d.state != S::blocked) return false;
    d.state = S::held;
    return true;
  }
  // none: it waits for the attempt's end.
  std::optional<bool> cancel(DeliveryId id, bool even_in_doubt) {
    ModelDelivery& d = at(id);
    if (d.state == S::cancelled) return true;
    if (d.state == S::sending) {
      d.cancel_waits = true;
      d.cancel_even_in_doubt = d.cancel_even_in_doubt || even_in_doubt;
      return std::nullopt;
    }
    if (is_final(d.state) || (d.in_doubt && !even_in_doubt)) return false;
    finish(d, S::cancelled);
    move_on();
    return true;
  }
  void open_gates(DeliveryId id) {
    at(id).gates.clear();
    move_on();
  }
  void open_gate(const std::string& key) {
    for (const DeliveryId id : live)
      if (!is_final(at(id).state)) at(id).gates.erase(key);
    move_on();
  }
  bool go_on(DeliveryId id) {
    ModelDelivery& d = at(id);
    if (!d.closes_lane) return false;
    open_lane(d);
    d.lane_incident = false;
    move_on();
    return true;
  }
  // Whether a resend makes a new delivery; the caller adds it.
  [[nodiscard]] bool resend_makes_one(DeliveryId id) {
    const ModelDelivery& d = at(id);
    return !d.resent_as || is_final(at(*d.resent_as).state);
  }

  void crash() {
    for (const DeliveryId id : live) {
      ModelDelivery& d = at(id);
      d.open_attempt = false;
      d.cancel_waits = d.cancel_even_in_doubt = false;
      if (d.state != S::sending) continue;
      d.in_doubt = true;
      d.due = now;
      d.state = S::queued;
      if (d.policy->hold_in_doubt) hold_by_attempt(d);
    }
    move_on();
  }

  // Time passes; what falls due on the way happens in its order.
  void advance_to(WallTime end) {
    for (;;) {
      WallTime next = end;
      for (const DeliveryId id : live) {
        const ModelDelivery& d = at(id);
        if (is_final(d.state)) continue;
        if (d.state == S::queued) next = std::min(next, std::max(d.due, now));
        if (d.state != S::sending) next = std::min(next, std::max(d.expires, now));
        if (d.state == S::awaiting && d.proof_at) next = std::min(next, std::max(*d.proof_at, now));
      }
      now = next;
      move_on();
      if (now >= end) return;
    }
  }

  // Everything that can happen now, happens.
  void move_on() {
    for (bool moved = true; moved;) {
      moved = false;
      std::erase_if(live, [&](DeliveryId id) { return is_final(at(id).state) && !at(id).open_attempt; });
      for (const DeliveryId id : live) {
        ModelDelivery& d = at(id);
        if (is_final(d.state)) continue;
        if (d.state != S::sending && d.expires <= now) {
          finish(d, S::expired);
          moved = true;
        } else if (d.state == S::awaiting && d.proof_at && *d.proof_at <= now) {
          d.proof_at.reset();
          if (d.proof_retries) {
            d.state = S::queued;
            d.due = now;
            d.in_doubt = true;
          } else {
            d.proof_incident = true;
          }
          moved = true;
        } else if (d.state == S::blocked && in_front(d) && d.gates.empty()) {
          d.state = S::queued;
          moved = true;
        } else if (d.state == S::queued && d.due <= now && !d.open_attempt) {
          d.state = S::sending;
          ++d.attempt;
          d.open_attempt = true;
          moved = true;
        }
      }
    }
  }

 private:
  [[nodiscard]] bool in_front(const ModelDelivery& d) const {
    if (d.lane.empty()) return true;
    const auto lane = lanes.find(d.lane);
    return lane == lanes.end() || lane->second.empty() || lane->second.front() == d.id;
  }
  ModelDelivery& end_attempt(DeliveryId id) {
    ModelDelivery& d = at(id);
    d.open_attempt = false;
    return d;
  }
  void after_attempt(ModelDelivery& d) {
    d.cancel_waits = d.cancel_even_in_doubt = false;
    move_on();
  }
  void await(ModelDelivery& d, WallTime until, bool then_retry) {
    d.state = S::awaiting;
    d.proof_at = until;
    d.proof_retries = then_retry;
  }
  void hold_by_attempt(ModelDelivery& d) {
    d.state = S::held;
    d.held_incident = true;
  }
  void finish(ModelDelivery& d, S next) {
    const bool was_final = is_final(d.state);
    const bool front = in_front(d);
    d.state = next;
    d.proof_at.reset();
    d.held_incident = d.proof_incident = false;
    d.gates.clear();
    if (d.lane.empty()) return;
    if (d.closes_lane) {
      if (next == S::delivered) {
        open_lane(d);
        d.lane_incident = false;
      }
      return;
    }
    if (was_final) return;
    if (front && next == S::rejected && d.policy->lane_closes) {
      d.closes_lane = d.lane_incident = true;
      return;
    }
    std::erase(lanes[d.lane], d.id);
  }
  void open_lane(ModelDelivery& d) {
    d.closes_lane = false;
    std::erase(lanes[d.lane], d.id);
  }
};

}  // namespace sluis::test
