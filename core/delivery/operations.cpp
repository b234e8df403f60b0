// What operators may do to deliveries and held messages: one command of the store each.
#include <utility>

#include "core/delivery/engine.h"
#include "core/delivery/incident_key.h"

namespace sluis {

namespace {

constexpr Duration read_deadline = 5s;

Operate order(DeliveryId delivery, std::string by, std::string reason, decltype(Operate::what) what) {
  Operate operate;
  operate.what = std::move(what);
  operate.delivery = delivery;
  operate.by = std::move(by);
  operate.reason = std::move(reason);
  return operate;
}

}  // namespace

void DeliveryEngine::operate(Operate operate, Done done) {
  operate.at = clock_.wall();
  auto incidents = operate.incidents;
  store_.submit(std::move(operate),
                back([this, incidents = std::move(incidents), done = std::move(done)](CommandResult result) {
                  want_pass();
                  if (result)
                    for (const IncidentChange& incident : incidents) opened(incident);
                  if (!done) return;
                  if (!result) return done(result.error());
                  done(std::get<Operated>(result.value()));
                }));
}

void DeliveryEngine::release(DeliveryId delivery, std::string by, std::string reason, Done done) {
  post([this, operate = order(delivery, std::move(by), std::move(reason), Operate::Release{}),
        done = std::move(done)]() mutable {
    end_condition("held", *operate.delivery, operate.incidents);
    this->operate(std::move(operate), std::move(done));
  });
}

void DeliveryEngine::cancel(DeliveryId delivery, CancelHow how, std::string by, std::string reason, Done done) {
  post([this, delivery,
        operate = order(delivery, std::move(by), std::move(reason),
                        Operate::Cancel{how.handled_elsewhere, how.even_in_doubt}),
        done = std::move(done)]() mutable {
    operate.at = clock_.wall();
    Operate again = operate;
    for (const std::string_view condition : {"held", "proof", "reply"})
      end_condition(condition, delivery, operate.incidents);
    store_.submit(operate, back([this, delivery, again = std::move(again), incidents = operate.incidents,
                                 done](CommandResult result) {
                    want_pass();
                    if (result) {
                      for (const IncidentChange& incident : incidents) opened(incident);
                      if (done) done(std::get<Operated>(result.value()));
                      return;
                    }
                    const auto at = in_flight_.find(number(delivery));
                    if (result.error().code == "delivery.sending" && at != in_flight_.end()) {
                      at->second.cancelled->store(true, std::memory_order_relaxed);
                      at->second.when_it_ends.emplace_back(again, done);
                      return;
                    }
                    if (done) done(result.error());
                  }));
  });
}

void DeliveryEngine::hold(DeliveryId delivery, std::string by, std::string reason, Done done) {
  post([this, operate = order(delivery, std::move(by), std::move(reason), Operate::Hold{}),
        done = std::move(done)]() mutable { this->operate(std::move(operate), std::move(done)); });
}

void DeliveryEngine::resend(DeliveryId delivery, bool as_new, std::string by, std::string reason, Done done) {
  post([this, delivery, as_new, operate = order(delivery, std::move(by), std::move(reason), Operate::Resend{}),
        done = std::move(done)]() mutable {
    const auto refuse = [&](const Error& error) {
      if (done) done(error);
    };
    if (as_new) {
      auto reader = store_.read(read_deadline);
      if (!reader) return refuse(reader.error());
      const auto record = (*reader)->delivery(delivery);
      if (!record) return refuse(record.error());
      if (!*record) return refuse(Error{"delivery.unknown", "there is no such delivery"});
      Delivery asked = (*record)->delivery;
      if (asked.message == nullptr) {
        const auto message = (*reader)->message((*record)->message);
        if (!message) return refuse(message.error());
        if (!*message) return refuse(Error{"message.unknown", "its message is not there any more"});
        asked.message = std::make_shared<const Message>((*message)->message);
      }
      const auto channel = channels_.find(asked.destination.channel);
      if (channel == nullptr) return refuse(Error{"channel.gone", "its channel is not there any more"});
      // Identities are made from the message's id; another id makes another identity. The option tells adapters that
      // make theirs from something else.
      const Uuid fresh = ids_.next();
      auto renamed = std::make_shared<Message>(*asked.message);
      renamed->id = fresh;
      asked.message = std::move(renamed);
      asked.id = DeliveryId{};
      asked.options.set("as-new", fresh.text());
      std::get<Operate::Resend>(operate.what).as_new = channel->identify(asked);
    }
    this->operate(std::move(operate), std::move(done));
  });
}

void DeliveryEngine::go_on(DeliveryId delivery, std::string by, std::string reason, Done done) {
  post([this, operate = order(delivery, std::move(by), std::move(reason), Operate::GoOn{}),
        done = std::move(done)]() mutable {
    end_condition("lane", *operate.delivery, operate.incidents);
    this->operate(std::move(operate), std::move(done));
  });
}

void DeliveryEngine::open_gate(DeliveryId delivery, std::string by, std::string reason, Done done) {
  post([this, operate = order(delivery, std::move(by), std::move(reason), Operate::OpenGate{}),
        done = std::move(done)]() mutable { this->operate(std::move(operate), std::move(done)); });
}

void DeliveryEngine::route_held(const MessageId& message, std::string by, std::string reason, Done done) {
  planner_.plan_held(message,
                     [weak = std::weak_ptr<int>(alive_), &executor = executor_, this, message, by = std::move(by),
                      reason = std::move(reason), done = std::move(done)](Result<ArrivalPlanner::Routed> routed) {
                       executor.post([weak, this, message, by, reason, done, routed = std::move(routed)]() mutable {
                         const auto alive = weak.lock();
                         if (!alive) return;
                         if (!routed) {
                           if (done) done(routed.error());
                           return;
                         }
                         Operate operate;
                         operate.what = std::move(routed->what);
                         operate.message = message;
                         operate.by = by;
                         operate.reason = reason;
                         operate.incidents = std::move(routed->incidents);
                         this->operate(std::move(operate), done);
                       });
                     });
}

void DeliveryEngine::cancel_held(const MessageId& message, std::string by, std::string reason, Done done) {
  post([this, message, by = std::move(by), reason = std::move(reason), done = std::move(done)]() mutable {
    Operate operate;
    operate.what = Operate::Cancel{};
    operate.message = message;
    operate.by = std::move(by);
    operate.reason = std::move(reason);
    auto reader = store_.read(read_deadline);
    const auto record = reader ? (*reader)->message(message) : Result<std::optional<MessageRecord>>{reader.error()};
    if (!record || !*record || (*record)->held.empty()) {
      if (done) done(!record ? record.error() : Error{"message.not-held", "there is no such message that waits"});
      return;
    }
    const std::string& from = (*record)->message.from;
    for (std::string key : {incident_key::conflict(from, message), incident_key::quarantine(from, message)}) {
      IncidentChange change;
      change.action = IncidentAction::close;
      change.key = std::move(key);
      change.at = clock_.wall();
      operate.incidents.push_back(std::move(change));
    }
    this->operate(std::move(operate), std::move(done));
  });
}

// Closes one condition of a delivery, if it is open.
void DeliveryEngine::end_condition(std::string_view condition, DeliveryId delivery,
                                   std::vector<IncidentChange>& changes) {
  const auto at = incidents_.find(delivery);
  if (at == incidents_.end()) return;
  const std::string part = '/' + std::string(condition) + '/';
  for (const std::string& key : at->second) {
    if (key.find(part) == std::string::npos) continue;
    IncidentChange change;
    change.action = IncidentAction::close;
    change.key = key;
    change.at = clock_.wall();
    changes.push_back(std::move(change));
  }
}

void DeliveryEngine::settled_elsewhere(DeliveryId delivery) {
  if (const auto at = in_flight_.find(number(delivery)); at != in_flight_.end())
    at->second.cancelled->store(true, std::memory_order_relaxed);
  std::vector<IncidentChange> changes;
  for (const std::string_view condition : {"held", "proof"}) end_condition(condition, delivery, changes);
  // A refusal that came from elsewhere closes its lane just as well, and a late proof opens it again.
  auto reader = store_.read(read_deadline);
  const auto record = reader ? (*reader)->delivery(delivery) : Result<std::optional<DeliveryRecord>>{reader.error()};
  if (record && *record && (*record)->lane_closed) {
    IncidentChange closed;
    closed.key = incident_key::lane((*record)->delivery.destination.channel, delivery);
    closed.text = "lane " + (*record)->lane + " waits behind a refused delivery: " + (*record)->reason;
    closed.channel = (*record)->delivery.destination.channel;
    closed.customer = (*record)->delivery.customer;
    closed.message = (*record)->message;
    closed.at = clock_.wall();
    changes.push_back(std::move(closed));
  } else if (record && *record) {
    end_condition("lane", delivery, changes);
  }
  for (IncidentChange& change : changes) {
    opened(change);
    store_.submit(std::move(change), [](const CommandResult&) {});
  }
}

// Remembers which incidents about deliveries are open; a closing one is forgotten.
void DeliveryEngine::opened(const IncidentChange& incident) {
  const auto delivery = incident_key::delivery_of(incident.key);
  if (!delivery) return;
  if (incident.action == IncidentAction::open) {
    incidents_[*delivery].insert(incident.key);
    return;
  }
  const auto at = incidents_.find(*delivery);
  if (at == incidents_.end()) return;
  at->second.erase(incident.key);
  if (at->second.empty()) incidents_.erase(at);
}

}  // namespace sluis
