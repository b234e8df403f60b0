#include "core/delivery/planning.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/delivery/conclusion.h"
#include "core/delivery/incident_key.h"
#include "core/delivery/new_delivery.h"

namespace sluis {

namespace {

constexpr Duration read_deadline = 10s;
constexpr std::string_view demux_prefix = "demux.";

bool contains(const std::vector<Reference>& references, const Reference& reference) {
  return std::find(references.begin(), references.end(), reference) != references.end();
}

}  // namespace

Planning::Planning(const Surroundings& around, Arrival arrival, MessageId id, const Delivery* reply_to)
    : around_(around),
      arrival_(std::move(arrival)),
      reply_to_(reply_to),
      channel_(arrival_.from.channel),
      message_(std::make_shared<Message>()) {
  message_->id = id;
  message_->received_at = around.now;
  message_->from = channel_;
  message_->customer = arrival_.from.customer;
  message_->attributes = std::move(arrival_.attributes);
  message_->parts = std::move(arrival_.parts);
  message_->attributes.set(attribute::from, channel_);
  if (const auto config = around.generation.channels.find(channel_); config != around.generation.channels.end())
    message_->attributes.set(attribute::environment, to_string(config->second.environment));
  // A channel's word on its own peer counts; a submission is one whatever it says of itself.
  if (arrival_.from.submission) message_->attributes.set(attribute::kind, "submission");
  if (!message_->customer.empty()) message_->attributes.set(attribute::customer, message_->customer);

  accept.dedupe = std::move(arrival_.key);
  accept.references = arrival_.references;
  accept.settles = std::move(arrival_.settles);
  accept.responses = std::move(arrival_.responses);
  accept.state = std::move(arrival_.state);
}

Planning::Planning(const Surroundings& around, const Message& held)
    : around_(around),
      reply_to_(nullptr),
      again_(true),
      channel_(held.from),
      message_(std::make_shared<Message>(held)) {
  arrival_.from = {held.from, held.customer, held.attributes.get(attribute::kind) == "submission"};
}

std::optional<Refusal> Planning::run() {
  const auto steps = [&] {
    if (!arrival_.quarantine.empty())
      return hold("quarantine: " + arrival_.quarantine, incident_key::quarantine(channel_, message_->id),
                  Severity::critical);
    for (const auto step : {&Planning::recognise, &Planning::correlate_it, &Planning::find_customer, &Planning::route})
      if ((this->*step)() == Way::ended) return Way::ended;
    return Way::on;
  };
  const Way way = steps();
  if (refusal_) return refusal_;
  if (accept.held.empty() && way == Way::on && !again_) key_duplicates();

  std::string text = fmt::format("accepted from {}", channel_.empty() ? "the gateway" : channel_);
  if (!message_->customer.empty()) text += fmt::format(" for {}", message_->customer);
  accept.timeline.push_back({around_.now, "accepted", std::nullopt, std::move(text), {}});
  for (std::size_t i = 0; i < accept.deliveries.size(); ++i)
    accept.timeline.push_back({around_.now,
                               "routed",
                               std::nullopt,
                               fmt::format("route {} to {}", routes[i], accept.deliveries[i].destination.channel),
                               {}});
  accept.message = *message_;
  return std::nullopt;
}

Status Planning::read_heads(std::vector<std::string>& heads) {
  for (const Part& part : message_->parts) {
    std::string& head = heads.emplace_back();
    if (part.content.bytes != nullptr) {
      head = part.content.bytes->substr(0, inline_content_limit);
      continue;
    }
    auto content = around_.store.open(part.content);
    if (!content) return content.error();
    head.resize(std::min(part.content.size, inline_content_limit));
    std::size_t have = 0;
    while (have < head.size()) {
      const auto n = (*content)->read(std::span<char>(head).subspan(have));
      if (!n) return n.error();
      if (*n == 0) break;
      have += *n;
    }
    head.resize(have);
  }
  return {};
}

Planning::Way Planning::recognise() {
  std::vector<std::string> heads;
  if (const Status read = read_heads(heads); !read) return come_again(read.error());
  const std::vector<std::string_view> views(heads.begin(), heads.end());
  recognised_ = around_.generation.routing->recognise(*message_, views);
  // Content does not say by which door it came, nor for whom the door was opened.
  for (const std::string_view name : {attribute::from, attribute::environment, attribute::customer})
    if (const auto known = message_->attributes.find(name))
      recognised_.attributes.set(name, *known);
    else
      recognised_.attributes.erase(name);
  if (arrival_.from.submission) recognised_.attributes.set(attribute::kind, "submission");
  message_->attributes = recognised_.attributes;
  for (const Reference& reference : recognised_.references)
    if (!contains(accept.references, reference)) accept.references.push_back(reference);
  if (!recognised_.conflict.empty())
    return hold("conflict: " + recognised_.conflict, incident_key::conflict(channel_, message_->id));
  return Way::on;
}

Planning::Way Planning::correlate_it() {
  std::vector<Reference> keys = recognised_.answers_to;
  // What an authority's message carries may be our own reference, given back. A customer's own reference used again is
  // a duplicate and no answer.
  if (!arrival_.from.submission)
    for (const Reference& reference : arrival_.references)
      if (!contains(keys, reference)) keys.push_back(reference);

  if (!keys.empty() || reply_to_ != nullptr || (again_ && message_->in_reply_to)) {
    if (reader() == nullptr) return come_again(reader_error_);
    Result<Correlation> found = Correlation{};
    if (again_ && message_->in_reply_to)
      found = correlated_to(*reader(), *message_->in_reply_to, std::nullopt);
    else if (!keys.empty())
      found = correlate(*reader(), keys, message_->customer, channel_, around_.generation);
    if (found && !found->original && found->conflict.empty() && reply_to_ != nullptr && reply_to_->message != nullptr)
      found = correlated_to(*reader(), reply_to_->message->id, reply_to_->id);
    if (!found) return come_again(found.error());
    correlation_ = std::move(*found);
  }
  if (!correlation_.conflict.empty())
    return hold("conflict: " + correlation_.conflict, incident_key::conflict(channel_, message_->id));
  if (!correlation_.original) return Way::on;

  const Message& original = correlation_.original->message;
  message_->in_reply_to = original.id;
  // An answer whose content does not name its flow is of the flow that it answers: the customer's `return` goes by it.
  for (const std::string_view inherited : {attribute::authority, attribute::flow})
    if (const auto value = original.attributes.find(inherited)) message_->attributes.set_if_absent(inherited, *value);
  if (!arrival_.from.submission) {
    message_->attributes.set_if_absent(attribute::kind, "answer");
    if (!again_) settle_original();
  }
  return Way::on;
}

// Whose is it: as the channel knows, else whose message it answers, else as its content addresses it. Where two of
// these are there they agree, or nobody guesses.
Planning::Way Planning::find_customer() {
  std::string customer = message_->customer;
  if (customer.empty() && correlation_.original) customer = correlation_.original->message.customer;
  if (!arrival_.from.submission)
    for (const auto& [name, value] : message_->attributes) {
      if (!name.starts_with(demux_prefix)) continue;
      const std::string addressed = around_.customers.find(std::string_view{name}.substr(demux_prefix.size()), value);
      if (addressed.empty() || addressed == customer) continue;
      if (!customer.empty()) {
        // What an answer that may be another's settles is not to be believed either, nor does it open any gate.
        accept.settles.clear();
        std::erase_if(accept.incidents,
                      [](const IncidentChange& incident) { return incident.action == IncidentAction::close; });
        message_->in_reply_to.reset();
        return hold(fmt::format("conflict: {} {} is customer {}, and the message belongs to customer {}",
                                std::string_view{name}.substr(demux_prefix.size()), value, addressed, customer),
                    incident_key::conflict(channel_, message_->id));
      }
      customer = addressed;
    }
  message_->customer = customer;
  if (!customer.empty()) message_->attributes.set(attribute::customer, customer);
  return Way::on;
}

void Planning::settle_original() {
  if (!correlation_.delivery) return;
  const DeliveryRecord& record = *correlation_.delivery;
  const std::string answer(message_->attributes.get(attribute::answer));
  const std::string text = fmt::format("answer {}{}{}", message_->id.text(), answer.empty() ? "" : ": ", answer);
  if (record.settled_by_answer && answer == "refused") {
    const std::string_view said = message_->attributes.get("answer.reason");
    accept.settles.push_back({record.delivery.id, Rejected{std::string(message_->attributes.get("answer.code")),
                                                           said.empty() ? text : std::string(said)}});
  } else if (record.settled_by_answer && (answer == "accepted" || answer == "received")) {
    accept.settles.push_back({record.delivery.id, Delivered{Receipt{text, {}}}});
  } else {
    accept.settles.push_back({record.delivery.id, Noted{text}});
  }
  if (reply_within(record.delivery, around_.generation.policy(record.delivery.policy))) {
    IncidentChange silence;
    silence.action = IncidentAction::close;
    silence.key = incident_key::reply(record.delivery.destination.channel, record.delivery.id);
    silence.at = around_.now;
    accept.incidents.push_back(std::move(silence));
  }
}

// The same bytes, or the same interchange, handed in again by the same customer.
void Planning::key_duplicates() {
  if (!arrival_.from.submission) return;
  const FlowRules rules = around_.generation.routing->rules(message_->attributes.get(attribute::flow));
  if (rules.duplicate_content != DuplicateRule::accept && !message_->parts.empty()) {
    Sha256Stream all;
    for (const Part& part : message_->parts)
      if (part.role != PartRole::original)  // the mail around it has another date each time
        all.update({reinterpret_cast<const char*>(part.content.sha256.data()), part.content.sha256.size()});
    accept.business.push_back({"content/" + to_hex(all.finish()), rules.duplicate_content});
  }
  if (rules.duplicate_reference != DuplicateRule::accept)
    for (const Reference& reference : recognised_.references)
      // An MRN that it echoes is the case it belongs to, not its own number.
      if (!contains(recognised_.answers_to, reference))
        accept.business.push_back({"reference/" + reference.key(), rules.duplicate_reference});
}

Planning::Way Planning::route() {
  RouteDecision decision = around_.generation.routing->decide(*message_);
  if (const auto* unrouted = std::get_if<Unrouted>(&decision))
    return refuse_or_hold("intake.unrouted", unrouted->reason,
                          incident_key::unrouted(channel_, message_->attributes.get(attribute::flow)));
  if (const auto* conflict = std::get_if<RouteConflict>(&decision))
    return hold("conflict: " + conflict->reason, incident_key::conflict(channel_, message_->id));
  return plan_deliveries(std::get<RoutePlan>(decision));
}

Planning::Way Planning::plan_deliveries(const RoutePlan& plan) {
  const std::string unrouted = incident_key::unrouted(channel_, message_->attributes.get(attribute::flow));
  const auto source = around_.generation.channels.find(channel_);
  for (const PlannedDelivery& planned : plan.deliveries) {
    const std::string& to = planned.destination.channel;
    const auto config = around_.generation.channels.find(to);
    if (config == around_.generation.channels.end())
      return refuse_or_hold("intake.unrouted",
                            fmt::format("route {} goes to channel {}, which is not configured", planned.route, to),
                            unrouted);
    if (source != around_.generation.channels.end() && source->second.environment != config->second.environment)
      return hold(fmt::format("environments never mix: {} is {} and {} is {}", channel_,
                              to_string(source->second.environment), to, to_string(config->second.environment)),
                  incident_key::conflict(channel_, message_->id), Severity::critical);
    const auto channel = around_.channels.find(to);
    if (channel == nullptr)
      return come_again(Error{"intake.channel", fmt::format("channel {} could not be made, see its incident", to)});

    const Policy& policy = around_.generation.policy(planned.policy);
    const Owes owes = planned.to_customer        ? Owes::nothing
                      : arrival_.from.submission ? Owes::report_and_escalation
                                                 : Owes::escalation;
    NewDelivery made = make_delivery(message_, planned, policy, *channel, owes, {around_.now, around_.now});
    made.gates = gates_of(planned);
    accept.deliveries.push_back(std::move(made));
    routes.push_back(planned.route);
  }
  return Way::on;
}

// A gate waits for an answer to what the message refers to; one that refers to nothing waits for an answer to itself,
// which another of its deliveries brings.
std::vector<Gate> Planning::gates_of(const PlannedDelivery& planned) const {
  constexpr std::string_view by_attribute = "attribute:";
  const MessageId about = message_->in_reply_to.value_or(message_->id);
  std::vector<Gate> gates;
  for (const std::string& gate : planned.gates) {
    if (gate == "answer")
      gates.push_back({Gate::OpenedBy::acceptance, about, {}});
    else if (gate.starts_with(by_attribute))
      gates.push_back({Gate::OpenedBy::attribute, about, gate.substr(by_attribute.size())});
    else
      gates.push_back({Gate::OpenedBy::operator_only, message_->id, {}});
  }
  return gates;
}

Planning::Way Planning::refuse_or_hold(std::string_view code, const std::string& reason, std::string key) {
  if (again_ || (arrival_.from.submission && reply_to_ == nullptr)) {
    refusal_ = Refusal{Error{code, reason}, false};
    return Way::ended;
  }
  return hold(reason, std::move(key));
}

Planning::Way Planning::come_again(Error error) {
  // A reply has no second time: the peer has given it.
  if (reply_to_ != nullptr)
    return hold(error.what, incident_key::unrouted(channel_, message_->attributes.get(attribute::flow)));
  refusal_ = Refusal{std::move(error), true};
  return Way::ended;
}

Planning::Way Planning::hold(const std::string& reason, std::string key, Severity severity) {
  if (again_) {
    refusal_ = Refusal{Error{"intake.conflict", reason}, false};
    return Way::ended;
  }
  accept.held = reason;
  accept.deliveries.clear();
  routes.clear();
  IncidentChange incident;
  incident.key = std::move(key);
  incident.severity = severity;
  incident.text = reason;
  incident.channel = channel_;
  incident.customer = message_->customer;
  incident.message = message_->id;
  incident.at = around_.now;
  accept.incidents.push_back(std::move(incident));
  return Way::ended;
}

Reader* Planning::reader() {
  if (reader_ != nullptr) return reader_.get();
  auto opened = around_.store.read(read_deadline);
  if (!opened) {
    reader_error_ = opened.error();
    return nullptr;
  }
  reader_ = std::move(*opened);
  return reader_.get();
}

}  // namespace sluis
