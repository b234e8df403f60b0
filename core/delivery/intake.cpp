// The door: an arrival is planned on a thread that may block, committed, and only then answered.
//
// Safe after a crash: until the commit nothing is kept but spooled content, which no Accept names and the store clears.
// The peer that got no answer comes again, and the dedupe key finds what it had handed in.
#include "core/delivery/intake.h"

#include <utility>

#include "core/delivery/incident_key.h"
#include "core/delivery/planning.h"

namespace sluis {

namespace {

class Door final : public Intake {
 public:
  Door(MessageIntake& intake, std::string channel) : intake_(intake), channel_(std::move(channel)) {}
  void accept(Arrival arrival, IntakeCallback done) override {
    arrival.from.channel = channel_;
    intake_.accept(std::move(arrival), std::move(done));
  }
  Result<std::shared_ptr<void>> enter(const std::string& customer) override { return intake_.enter(customer); }

 private:
  MessageIntake& intake_;
  std::string channel_;
};

Refusal refusal_of(const Error& error) {
  // Only the two that more trying cannot mend are final.
  return Refusal{error, error.code != "intake.duplicate" && error.code != "intake.invalid"};
}

}  // namespace

MessageIntake::MessageIntake(Store& store, BlockingWork work, const Clock& clock, Random& random,
                             Generations& generations, const ChannelDirectory& channels, Log log, Metrics& metrics)
    : store_(store),
      strands_(work),
      work_(std::move(work)),
      clock_(clock),
      generations_(generations),
      channels_(channels),
      log_(std::move(log)),
      metrics_(metrics),
      ids_(clock, random) {}

std::unique_ptr<Intake> MessageIntake::door(std::string channel) {
  return std::make_unique<Door>(*this, std::move(channel));
}

void MessageIntake::accept(Arrival arrival, IntakeCallback done) {
  const std::string channel = arrival.from.channel;
  if (arrival.from.submission && !arrival.from.customer.empty()) {
    std::uint64_t octets = 0;
    for (const Part& part : arrival.parts) octets += part.content.size;
    if (auto over = quotas_.take(arrival.from.customer, octets, *generations_.current(), clock_.mono())) {
      count(channel, "over-quota");
      log_.warning("intake.quota", over->error.what, {{"channel", channel}, {"customer", arrival.from.customer}});
      return done(*std::move(over));
    }
  }
  const std::string strand = channel + '\x1f' + arrival.from.customer;
  const auto shared_arrival = std::make_shared<Arrival>(std::move(arrival));  // shared: a task is copied
  const bool taken = strands_.post(strand, [this, shared_arrival, channel, done] {
    auto planned = plan(std::move(*shared_arrival));
    if (auto* refusal = std::get_if<Refusal>(&planned)) {
      count(channel, "refused");
      log_.info("intake.refused", refusal->error.what, {{"channel", channel}, {"code", refusal->error.code}});
      return done(std::move(*refusal));
    }
    commit(std::move(std::get<Plan>(planned).accept), channel, done);
  });
  if (!taken) {
    count(channel, "refused");
    done(Refusal{Error{"intake.busy", "too much waits to be accepted, or the gateway stops"}, true});
  }
}

Result<std::shared_ptr<void>> MessageIntake::enter(const std::string& customer) {
  auto place = quotas_.enter(customer, *generations_.current());
  if (!place) {
    metrics_.counter("sluis_intake_connections_refused_total", "Connections beyond the customer's quota").add();
    log_.warning("intake.quota", place.error().what, {{"customer", customer}});
  }
  return place;
}

void MessageIntake::commit(Accept accept, const std::string& channel, IntakeCallback done) {
  const std::string held = accept.held;
  const MessageId id = accept.message.id;
  const std::string customer = accept.message.customer, reference{accept.message.attributes.get(attribute::reference)};
  const Part* payload = accept.message.payload();
  const std::string file = payload != nullptr ? payload->file_name : std::string{};
  store_.submit(std::move(accept), [this, channel, held, id, customer, reference, file, done = std::move(done)](CommandResult result) {
    if (!result) {
      count(channel, "refused");
      log_.warning("intake.refused", result.error().what, {{"channel", channel}, {"code", result.error().code}});
      return done(refusal_of(result.error()));
    }
    AcceptDone& accepted = std::get<AcceptDone>(result.value());
    if (accepted.accepted.duplicate) {
      count(channel, "duplicate");
    } else if (!held.empty()) {
      count(channel, "held");
      log_.warning("intake.held", held, {{"channel", channel}, {"message", id.text()}});
    } else {
      count(channel, "accepted");
      // The log leaves the machine: after a restore it tells what the restored copy has never seen.
      log_.info("intake.accepted", "accepted",
                {{"channel", channel}, {"customer", customer}, {"message", id.text()}, {"reference", reference}, {"file", file}});
    }
    done(std::move(accepted.accepted));
  });
}

std::variant<MessageIntake::Plan, Refusal> MessageIntake::plan(Arrival arrival, const Delivery* reply_to) {
  const GenerationPtr generation = generations_.current();
  const auto index = customers(generation);
  const Planning::Surroundings around{store_, *generation, *index, channels_, clock_.wall()};
  Planning planning(around, std::move(arrival), ids_.next(), reply_to);
  if (auto refusal = planning.run()) return std::move(*refusal);
  return Plan{std::move(planning.accept), std::move(planning.routes)};
}

void MessageIntake::plan_reply(Arrival reply, std::shared_ptr<const Delivery> to, std::function<void(Accept)> done) {
  reply.from.channel = to->destination.channel;
  reply.from.submission = false;
  if (reply.from.customer.empty()) reply.from.customer = to->customer;
  const Task task = [this, reply = std::move(reply), to = std::move(to), done = std::move(done)] {
    auto planned = plan(reply, to.get());
    Accept accept = std::move(std::get<Plan>(planned).accept);
    // It is here already: a rule for what customers hand in cannot send it back.
    accept.business.clear();
    count(to->destination.channel, accept.held.empty() ? "reply" : "held");
    done(std::move(accept));
  };
  // The attempt waits for it, so it is planned here when the pool has stopped.
  if (!work_(task)) task();
}

void MessageIntake::plan_held(const MessageId& message, std::function<void(Result<Routed>)> done) {
  const Task task = [this, message, done] {
    const auto route = [&]() -> Result<Routed> {
      auto reader = store_.read(10s);
      if (!reader) return reader.error();
      const auto record = (*reader)->message(message);
      if (!record) return record.error();
      if (!*record) return Error{"message.unknown", "there is no such message"};
      if ((*record)->held.empty()) return Error{"message.not-held", "the message does not wait"};
      const Message& held = (*record)->message;
      const GenerationPtr generation = generations_.current();
      const auto index = customers(generation);
      const Planning::Surroundings around{store_, *generation, *index, channels_, clock_.wall()};
      Planning planning(around, held);
      if (const auto refusal = planning.run()) return refusal->error;

      Routed routed;
      routed.what = {std::move(planning.accept.deliveries), planning.accept.message.customer};
      const auto close = [&](std::string key) {
        IncidentChange change;
        change.action = IncidentAction::close;
        change.key = std::move(key);
        change.at = clock_.wall();
        routed.incidents.push_back(std::move(change));
      };
      close(incident_key::conflict(held.from, held.id));
      close(incident_key::quarantine(held.from, held.id));
      // One incident stands for all unrouted messages of a flow: the last that leaves closes it.
      MessageFilter alike;
      alike.from = held.from;
      alike.flow = held.attributes.get(attribute::flow);
      alike.held_messages = true;
      alike.limit = 2;
      const auto others = (*reader)->messages(alike);
      if (!others) return others.error();
      if (others->size() <= 1) close(incident_key::unrouted(held.from, held.attributes.get(attribute::flow)));
      return routed;
    };
    done(route());
  };
  if (!work_(task)) done(Error{"intake.busy", "too much waits to be accepted, or the gateway stops"});
}

std::shared_ptr<const CustomerIndex> MessageIntake::customers(const GenerationPtr& generation) {
  const std::lock_guard lock(mutex_);
  if (customers_ == nullptr || customers_->generation() != generation)
    customers_ = std::make_shared<const CustomerIndex>(generation);
  return customers_;
}

void MessageIntake::count(const std::string& channel, std::string_view result) {
  metrics_
      .counter("sluis_intake_total", "Arrivals, by what became of them",
               {{"channel", channel}, {"result", std::string(result)}})
      .add();
}

}  // namespace sluis
