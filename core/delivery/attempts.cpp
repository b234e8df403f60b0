// From claim to Finish: one attempt at one delivery.
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "core/delivery/engine.h"
#include "core/delivery/incident_key.h"

namespace sluis {

void DeliveryEngine::begin(Claim claim) {
  const DeliveryId id = claim.record.delivery.id;
  InFlight in_flight;
  in_flight.record = std::move(claim.record);
  in_flight.cancelled = std::make_shared<std::atomic<bool>>(false);
  in_flight.began = clock_.mono();
  capacity_.begin(in_flight.record.delivery.destination, in_flight.record.delivery.customer);
  in_flight_.insert_or_assign(number(id), std::move(in_flight));
  // Durable just before hand-over, never at the claim: a crash would put the whole window in doubt.
  store_.submit(Begin{id, clock_.wall()}, back([this, id](CommandResult result) { on_begun(id, std::move(result)); }));
}

void DeliveryEngine::on_begun(DeliveryId id, CommandResult result) {
  const auto at = in_flight_.find(number(id));
  if (at == in_flight_.end()) return;
  InFlight& in_flight = at->second;
  if (!result) {
    // Settled or cancelled between claim and Begin is ordinary.
    if (result.error().code != "delivery.state" && result.error().code != "lease.lost") store_trouble(result.error());
    store_.unclaim({id});
    return let_go(id);
  }
  const Begun& begun = std::get<Begun>(result.value());
  in_flight.record.delivery.attempt = begun.attempt;
  in_flight.record.delivery.in_doubt = begun.in_doubt;
  in_flight.delivery = std::make_shared<const Delivery>(in_flight.record.delivery);

  const auto fail = [&](Retry::Scope scope, std::string_view code, std::string_view what) {
    Retry retry;
    retry.scope = scope;
    retry.reason = Error{code, what};
    on_outcome(id, begun.attempt, Outcome{std::move(retry), {}, {}}, false);
  };
  if (stopping_) return fail(Retry::Scope::message, "gateway.stopping", "the gateway stops");
  const auto channel = channels_.find(in_flight.record.delivery.destination.channel);
  if (channel == nullptr) return fail(Retry::Scope::channel, "channel.gone", "the channel is not there any more");

  const int number_of_attempt = begun.attempt;
  Attempt attempt(in_flight.delivery, in_flight.cancelled,
                  [weak = std::weak_ptr<int>(alive_), &executor = executor_, this, id, number_of_attempt](
                      Outcome outcome, bool dropped) {
                    executor.post([weak, this, id, number_of_attempt, dropped, outcome = std::move(outcome)]() mutable {
                      if (const auto alive = weak.lock())
                        on_outcome(id, number_of_attempt, std::move(outcome), dropped);
                    });
                  });
  try {
    channel->deliver(std::move(attempt));
  } catch (const std::exception& e) {
    // The attempt went with the exception and ends as dropped.
    log_.error("channel.exception", e.what(),
               {{"channel", in_flight.record.delivery.destination.channel}, {"delivery", number(id)}});
  } catch (...) {
    log_.error("channel.exception", "an adapter let an exception of no known type out of deliver()",
               {{"channel", in_flight.record.delivery.destination.channel}, {"delivery", number(id)}});
  }
}

void DeliveryEngine::on_outcome(DeliveryId id, int attempt, Outcome outcome, bool dropped) {
  const auto at = in_flight_.find(number(id));
  if (at == in_flight_.end() || at->second.record.delivery.attempt != attempt) return;
  const DeliveryRecord& record = at->second.record;
  const std::string& channel = record.delivery.destination.channel;

  std::vector<Arrival> replies = std::move(outcome.replies);
  outcome.replies.clear();
  const bool stopped_by_us = stopping_ && std::holds_alternative<Retry>(outcome.verdict) &&
                             std::get<Retry>(outcome.verdict).reason.code == "gateway.stopping";
  Conclusion conclusion =
      conclude(record, std::move(outcome), dropped, generation_->policy(record.delivery.policy), moment(), random_);
  // The gateway's own stop is no failure of anyone: due again at once.
  if (stopped_by_us) {
    conclusion.finish.next = DeliveryState::queued;
    conclusion.finish.due_at = due_.now();
    conclusion.finish.incidents.clear();
    conclusion.sign = PeerSign::unknown;
  }

  metrics_
      .counter("sluis_attempts_total", "Attempts that ended, by outcome",
               {{"channel", channel}, {"outcome", std::string(conclusion.word)}})
      .add();
  metrics_.seconds("sluis_attempt_seconds", "From claim to outcome", {{"channel", channel}})
      .observe(static_cast<double>((clock_.mono() - at->second.began).count()) / 1e6);
  if (dropped) {
    metrics_
        .counter("sluis_attempts_dropped_total",
                 "Attempts that an adapter let go of without an outcome: a bug of the adapter", {{"channel", channel}})
        .add();
    log_.error("attempt.dropped", "an adapter let go of an attempt without an outcome",
               {{"channel", channel}, {"delivery", number(id)}});
  }
  log_.debug("attempt.ended", conclusion.finish.reason,
             {{"channel", channel}, {"delivery", number(id)}, {"attempt", attempt}, {"outcome", conclusion.word}});

  for (IncidentChange& change : capacity_.ended(record.delivery.destination, conclusion.sign, conclusion.finish.reason,
                                                generation_->engine, clock_.mono(), clock_.wall())) {
    log_.write(change.action == IncidentAction::open ? LogLevel::warning : LogLevel::info,
               change.action == IncidentAction::open ? "breaker.opened" : "breaker.closed", change.text,
               {{"channel", channel}});
    // Not in the Finish: what the attempt says of the peer holds also when its delivery was settled meanwhile.
    store_.submit(std::move(change), [](const CommandResult&) {});
  }
  metrics_
      .gauge("sluis_breakers_open", "Circuit breakers that are open, of the channel and its accounts",
             {{"channel", channel}})
      .set(static_cast<double>(capacity_.breakers_open(channel, clock_.mono())));
  if (conclusion.finish.next == DeliveryState::delivered || conclusion.finish.next == DeliveryState::rejected)
    for (const std::string_view condition : {"held", "proof"})
      end_condition(condition, id, conclusion.finish.incidents);

  if (replies.empty()) return submit_finish(id, std::move(conclusion.finish));

  // Every reply is planned before the Finish that carries them all.
  struct Gathering {
    Finish finish;
    std::size_t missing = 0;
  };
  const auto gathering = std::make_shared<Gathering>();  // shared by the callbacks of the replies
  gathering->finish = std::move(conclusion.finish);
  gathering->missing = replies.size();
  gathering->finish.replies.resize(replies.size());
  const auto delivery = at->second.delivery;
  for (std::size_t i = 0; i < replies.size(); ++i)
    planner_.plan_reply(
        std::move(replies[i]), delivery,
        [weak = std::weak_ptr<int>(alive_), &executor = executor_, this, id, gathering, i](Accept accept) {
          executor.post([weak, this, id, gathering, i, accept = std::move(accept)]() mutable {
            const auto alive = weak.lock();
            if (!alive) return;
            gathering->finish.replies[i] = std::move(accept);
            if (--gathering->missing == 0) submit_finish(id, std::move(gathering->finish));
          });
        });
}

void DeliveryEngine::submit_finish(DeliveryId id, Finish finish) {
  const auto at = in_flight_.find(number(id));
  if (at == in_flight_.end()) return;
  const bool queued = finish.next == DeliveryState::queued;
  Finish copy = finish;
  store_.submit(std::move(copy), back([this, id, finish = std::move(finish)](const CommandResult& result) {
                  on_finished(id, finish, result);
                }));
  // Right behind the Finish in the store's order, so that no claim comes between.
  for (auto& [operation, done] : std::exchange(at->second.when_it_ends, {})) {
    if (queued || !std::holds_alternative<Operate::Cancel>(operation.what)) {
      operate(std::move(operation), std::move(done));
    } else if (done) {
      done(Error{"delivery.sending", "it had been handed over when the cancel came"});
    }
  }
}

void DeliveryEngine::on_finished(DeliveryId id, const Finish& finish, const CommandResult& result) {
  const auto at = in_flight_.find(number(id));
  if (at == in_flight_.end()) return;
  if (!result) {
    // What happened to the peer cannot be undone, so the Finish is tried until the store takes it. A store that is down
    // needs a restart, which finds the delivery in doubt.
    store_trouble(result.error());
    if (result.error().code == "store.down" || stopping_) {
      let_go(id);
      return;
    }
    executor_.schedule(clock_.mono() + generation_->engine.tick, [weak = std::weak_ptr<int>(alive_), this, id, finish] {
      if (const auto alive = weak.lock()) submit_finish(id, finish);
    });
    return;
  }
  // Settled from elsewhere while it was sending: the attempt's own end is history, and so is what it complained of.
  if (std::get<Finished>(result.value()).applied)
    for (const IncidentChange& incident : finish.incidents) opened(incident);
  let_go(id);
}

void DeliveryEngine::let_go(DeliveryId id) {
  const auto at = in_flight_.find(number(id));
  if (at == in_flight_.end()) return;
  capacity_.end(at->second.record.delivery.destination, at->second.record.delivery.customer);
  auto waiting = std::move(at->second.when_it_ends);
  in_flight_.erase(at);
  for (auto& [operation, done] : waiting) operate(std::move(operation), std::move(done));
  if (stopping_) {
    if (in_flight_.empty()) {
      if (timer_ != TimerId::none) executor_.cancel(timer_);
      timer_ = TimerId::none;
      if (const auto done = std::exchange(stopped_, nullptr)) done();
    }
    return;
  }
  work_dirty_ = true;
  // A deadline that waited for the attempt's end waits no longer.
  if (std::erase_if(busy_wakeups_, [&](const auto& entry) {
        return std::get<0>(entry.first) == id && entry.second != MonoTime::max();
      }) > 0)
    wakeups_dirty_ = true;
  want_pass();
}

}  // namespace sluis
