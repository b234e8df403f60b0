#include "gateway/requests.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/message/flow_pattern.h"

namespace sluis::gateway {

namespace {

constexpr Duration read_deadline = 30s;

std::string text_of(const Json& request, const char* name) {
  const auto at = request.find(name);
  return at != request.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

bool flag_of(const Json& request, const char* name) {
  const auto at = request.find(name);
  return at != request.end() && at->is_boolean() && at->get<bool>();
}

// A delivery's number, with or without '#'.
std::optional<DeliveryId> delivery_number(std::string_view text) {
  if (!text.empty() && text.front() == '#') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value <= 0) return std::nullopt;
  return DeliveryId{value};
}

struct Target {
  std::optional<DeliveryId> delivery;
  std::optional<MessageId> held_message;
};

// What an operator's ID names: a delivery's number, or a message's id: then its one delivery that `fits`, or the held
// message itself.
Result<Target> find_target(Store& store, const std::string& id, const std::function<bool(const DeliveryRecord&)>& fits, std::string_view fitting) {
  if (const auto delivery = delivery_number(id)) return Target{delivery, std::nullopt};
  const auto message = Uuid::parse(id);
  if (!message) return Error{"id.syntax", fmt::format("\"{}\" is neither a message's id nor a delivery's number", id)};
  auto reader = store.read(read_deadline);
  if (!reader) return reader.error();
  const auto record = (*reader)->message(*message);
  if (!record) return record.error();
  if (!record->has_value()) return Error{"message.unknown", fmt::format("there is no message {}", id)};
  if (!(*record)->held.empty()) return Target{std::nullopt, *message};
  Target target;
  std::string numbers;
  std::size_t count = 0;
  for (const DeliveryRecord& delivery : (*record)->deliveries) {
    if (!fits(delivery)) continue;
    target.delivery = delivery.delivery.id;
    numbers += fmt::format(" {} ({})", number(delivery.delivery.id), delivery.delivery.destination.channel);
    ++count;
  }
  if (count == 1) return target;
  if (count == 0) return Error{"delivery.none", fmt::format("message {} has no delivery that is {}", id, fitting)};
  return Error{"delivery.several", fmt::format("message {} has several deliveries; name one by its number:{}", id, numbers)};
}

Json ok() { return {{"ok", true}}; }

}  // namespace

Requests::Requests(Parts parts) : parts_(std::move(parts)) {
  commands_ = {{"status", &Requests::status},     {"reload", &Requests::reload},     {"messages", &Requests::messages},
               {"show", &Requests::show},         {"incidents", &Requests::incidents}, {"probe", &Requests::probe},
               {"verify", &Requests::verify},     {"metrics", &Requests::metrics},   {"release", &Requests::operate},
               {"cancel", &Requests::operate},    {"hold", &Requests::operate},      {"resend", &Requests::operate},
               {"go-on", &Requests::operate},     {"open-gate", &Requests::operate},
               {"pause", &Requests::pause},       {"resume", &Requests::resume}};
}

void Requests::handle(const Json& request, const std::string& by, ControlServer::Reply reply) {
  const std::string command = text_of(request, "command");
  const auto at = commands_.find(command);
  if (at == commands_.end()) return reply(failure(Error{"control.command", fmt::format("this gateway has no command \"{}\"", command)}));
  (this->*at->second)(request, by, reply);
}

void Requests::status(const Json&, const std::string&, const ControlServer::Reply& reply) {
  const GenerationPtr generation = parts_.generations.current();
  Json out = ok();
  out["gateway"] = generation->gateway;
  out["version"] = parts_.version;
  out["pid"] = ::getpid();
  out["started_at"] = to_rfc3339(parts_.started_at);
  out["generation"] = generation->number;
  out["customers"] = generation->customers.size();
  out["trouble"] = parts_.store.trouble();
  out["channels"] = Json::array();
  for (const auto& host : parts_.hosts.all()) {
    const Health health = host->health();
    Json row = {{"channel", host->config().name}, {"kind", host->config().kind},
                {"environment", to_string(host->config().environment)}, {"health", to_string(health.state)}, {"text", health.text}};
    if (const auto window = host->maintenance())
      row["maintenance"] = {{"from", to_rfc3339(window->from)}, {"until", to_rfc3339(window->until)}, {"reason", window->reason}};
    out["channels"].push_back(std::move(row));
  }
  out["pauses"] = Json::array();
  for (const Pause& pause : parts_.pauses.all()) {
    Json row = {{"channel", pause.channel}, {"reason", pause.reason}, {"by", pause.by}, {"since", to_rfc3339(pause.since)}};
    if (!pause.customer.empty()) row["customer"] = pause.customer;
    if (!pause.flow.empty()) row["flow"] = pause.flow;
    if (pause.until) row["until"] = to_rfc3339(*pause.until);
    out["pauses"].push_back(std::move(row));
  }
  out["listeners"] = Json::array();
  for (const auto& row : parts_.listeners.rows()) {
    Json listener = {{"listener", row.name}, {"address", row.address}, {"tls", row.tls}, {"listening", row.condition.listening},
                     {"connections", row.connections}, {"text", row.condition.listening ? "" : row.condition.text}};
    if (row.certificate_until) listener["certificate_until"] = to_rfc3339(*row.certificate_until);
    out["listeners"].push_back(std::move(listener));
  }
  out["queues"] = Json::array();
  auto reader = parts_.store.read(read_deadline);
  if (!reader) return reply(failure(reader.error()));
  const auto queues = (*reader)->queues();
  if (!queues) return reply(failure(queues.error()));
  for (const QueueCount& queue : *queues) {
    Json row = {{"channel", queue.channel}, {"state", to_string(queue.state)}, {"count", queue.count}};
    if (queue.oldest) row["oldest"] = to_rfc3339(*queue.oldest);
    out["queues"].push_back(std::move(row));
  }
  reply(out);
}

void Requests::reload(const Json&, const std::string& by, const ControlServer::Reply& reply) { reply(parts_.reload(by)); }

void Requests::messages(const Json& request, const std::string&, const ControlServer::Reply& reply) {
  MessageFilter filter;
  filter.customer = text_of(request, "customer");
  filter.from = text_of(request, "from");
  filter.to = text_of(request, "to");
  filter.flow = text_of(request, "flow");
  filter.held_messages = flag_of(request, "unrouted");
  if (const std::string state = text_of(request, "state"); !state.empty()) {
    filter.state = parse_delivery_state(state);
    if (!filter.state) return reply(failure(Error{"filter.state", fmt::format("\"{}\" is no state of a delivery", state)}));
  }
  for (const auto& [name, into] : {std::pair{"since", &filter.since}, std::pair{"until", &filter.until}}) {
    const std::string text = text_of(request, name);
    if (text.empty()) continue;
    const auto time = parse_rfc3339(text);
    if (!time) return reply(failure(time.error()));
    *into = *time;
  }
  if (const std::string after = text_of(request, "after"); !after.empty()) {
    const auto id = Uuid::parse(after);
    if (!id) return reply(failure(id.error()));
    filter.after = *id;
  }
  if (const auto limit = request.find("limit"); limit != request.end() && limit->is_number_unsigned())
    filter.limit = std::min<std::size_t>(limit->get<std::size_t>(), 10'000);
  auto reader = parts_.store.read(read_deadline);
  if (!reader) return reply(failure(reader.error()));
  const auto found = (*reader)->messages(filter);
  if (!found) return reply(failure(found.error()));
  Json out = ok();
  out["messages"] = Json::array();
  for (const MessageRecord& record : *found) out["messages"].push_back(to_json(record));
  reply(out);
}

void Requests::show(const Json& request, const std::string&, const ControlServer::Reply& reply) {
  const std::string id = text_of(request, "id");
  auto opened = parts_.store.read(read_deadline);
  if (!opened) return reply(failure(opened.error()));
  Reader& reader = **opened;
  MessageId message;
  if (const auto delivery = delivery_number(id)) {
    const auto record = reader.delivery(*delivery);
    if (!record) return reply(failure(record.error()));
    if (!record->has_value()) return reply(failure(Error{"delivery.unknown", fmt::format("there is no delivery {}", id)}));
    message = (*record)->message;
  } else {
    const auto parsed = Uuid::parse(id);
    if (!parsed) return reply(failure(Error{"id.syntax", fmt::format("\"{}\" is neither a message's id nor a delivery's number", id)}));
    message = *parsed;
  }
  // One story: the message, and everything that answers it.
  std::vector<MessageId> story{message};
  const auto replies = reader.replies(message);
  if (!replies) return reply(failure(replies.error()));
  story.insert(story.end(), replies->begin(), replies->end());
  Json out = ok();
  out["messages"] = Json::array();
  for (const MessageId& one : story) {
    const auto record = reader.message(one);
    if (!record) return reply(failure(record.error()));
    if (!record->has_value()) {
      if (one != message) continue;
      const auto stone = reader.tombstone(message);
      if (!stone) return reply(failure(stone.error()));
      if (!stone->has_value()) return reply(failure(Error{"message.unknown", fmt::format("there is no message {}", id)}));
      out["tombstone"] = to_json(**stone);
      continue;
    }
    const auto timeline = reader.timeline(one);
    if (!timeline) return reply(failure(timeline.error()));
    Json row = to_json(**record);
    row["timeline"] = Json::array();
    for (const TimelineRecord& entry : *timeline) row["timeline"].push_back(to_json(entry));
    out["messages"].push_back(std::move(row));
  }
  reply(out);
}

void Requests::incidents(const Json& request, const std::string&, const ControlServer::Reply& reply) {
  auto reader = parts_.store.read(read_deadline);
  if (!reader) return reply(failure(reader.error()));
  const auto found = (*reader)->incidents(!flag_of(request, "all"), 1000);
  if (!found) return reply(failure(found.error()));
  Json out = ok();
  out["incidents"] = Json::array();
  for (const IncidentRecord& incident : *found) out["incidents"].push_back(to_json(incident));
  reply(out);
}

void Requests::probe(const Json& request, const std::string&, const ControlServer::Reply& reply) {
  const std::string name = text_of(request, "channel"), customer = text_of(request, "customer");
  const auto host = parts_.hosts.host(name);
  if (host == nullptr) return reply(failure(Error{"channel.unknown", fmt::format("there is no channel \"{}\"", name)}));
  if (host->instance() == nullptr) return reply(failure(Error{"channel.down", host->health().text}));
  const auto account = host->accounts().find(customer);
  if (!customer.empty() && account == nullptr)
    return reply(failure(Error{"account.unknown", fmt::format("customer \"{}\" has no account on channel \"{}\"", customer, name)}));
  ProbeReport report;
  host->instance()->probe(account.get(), report);
  Json out = ok();
  out["passed"] = report.ok();
  out["steps"] = Json::array();
  for (const ProbeStep& step : report.steps) out["steps"].push_back({{"step", step.step}, {"ok", step.ok}, {"text", step.text}});
  reply(out);
}

void Requests::verify(const Json& request, const std::string&, const ControlServer::Reply& reply) {
  std::vector<std::string> seals;
  if (const auto lines = request.find("seals"); lines != request.end() && lines->is_array())
    for (const Json& line : *lines)
      if (line.is_string()) seals.push_back(line.get<std::string>());
  auto reader = parts_.store.read(std::chrono::hours{1});
  if (!reader) return reply(failure(reader.error()));
  const auto report = (*reader)->verify(seals);
  if (!report) return reply(failure(report.error()));
  Json out = ok();
  out["report"] = to_json(*report);
  reply(out);
}

void Requests::metrics(const Json&, const std::string&, const ControlServer::Reply& reply) {
  Json out = ok();
  out["text"] = parts_.metrics.render();
  reply(out);
}

void Requests::pause(const Json& request, const std::string& by, const ControlServer::Reply& reply) {
  Pause pause{text_of(request, "channel"), text_of(request, "customer"), text_of(request, "flow"), text_of(request, "reason"), by, parts_.clock.wall(), {}};
  const GenerationPtr generation = parts_.generations.current();
  if (!generation->channels.contains(pause.channel))
    return reply(failure(Error{"channel.unknown", fmt::format("there is no channel \"{}\"", pause.channel)}));
  if (!pause.customer.empty() && !generation->customers.contains(pause.customer))
    return reply(failure(Error{"customer.unknown", fmt::format("there is no customer \"{}\"", pause.customer)}));
  // A pause of nothing would look like one that works.
  const auto flows = generation->routing->flow_names();
  if (!pause.flow.empty() && std::none_of(flows.begin(), flows.end(), [&](const std::string& flow) { return matches_flow(pause.flow, flow); }))
    return reply(failure(Error{"flow.unknown", fmt::format("no flow is, or begins like, \"{}\"", pause.flow)}));
  if (pause.reason.empty()) return reply(failure(Error{"pause.reason", "say why: the reason is shown until it is lifted"}));
  if (const std::string until = text_of(request, "until"); !until.empty()) {
    // "2h" or a time.
    if (const auto lasts = parse_duration(until)) {
      pause.until = pause.since + *lasts;
    } else {
      const auto time = parse_rfc3339(until);
      if (!time) return reply(failure(Error{"time.syntax", fmt::format("\"{}\" is neither a duration such as 2h nor a time such as 2026-12-24T18:00:00Z", until)}));
      pause.until = *time;
    }
    if (*pause.until <= pause.since) return reply(failure(Error{"pause.until", fmt::format("\"{}\" has passed already", until)}));
  }
  parts_.pauses.pause(std::move(pause), [reply](const Status& done) { reply(done ? ok() : failure(done.error())); });
}

void Requests::resume(const Json& request, const std::string& by, const ControlServer::Reply& reply) {
  parts_.pauses.resume(text_of(request, "channel"), text_of(request, "customer"), text_of(request, "flow"), by, text_of(request, "reason"),
                       [reply](const Status& done) { reply(done ? ok() : failure(done.error())); });
}

void Requests::operate(const Json& request, const std::string& by, const ControlServer::Reply& reply) {
  const std::string command = text_of(request, "command"), id = text_of(request, "id"), reason = text_of(request, "reason");
  using S = DeliveryState;
  struct Fit {
    std::string_view command;
    bool (*fits)(const DeliveryRecord&);
    std::string_view words;
  };
  static constexpr Fit fits[] = {
      {"release", [](const DeliveryRecord& r) { return r.state == S::held; }, "held"},
      {"cancel", [](const DeliveryRecord& r) { return !is_final(r.state); }, "still open"},
      {"hold", [](const DeliveryRecord& r) { return r.state == S::queued || r.state == S::blocked; }, "queued or blocked"},
      {"resend", [](const DeliveryRecord& r) { return is_final(r.state) && !r.resent_as; }, "final and not resent"},
      {"go-on", [](const DeliveryRecord& r) { return r.lane_closed; }, "refused with its lane closed"},
      {"open-gate", [](const DeliveryRecord& r) { return !r.gates.empty(); }, "behind a gate"}};
  const Fit* fit = nullptr;
  for (const Fit& one : fits)
    if (one.command == command) fit = &one;
  const auto target = find_target(parts_.store, id, fit->fits, fit->words);
  if (!target) return reply(failure(target.error()));
  const auto done = [reply](const Result<Operated>& result) {
    if (!result) return reply(failure(result.error()));
    Json out = ok();
    if (result->delivery) out["delivery"] = number(*result->delivery);
    out["already"] = result->already;
    out["created"] = Json::array();
    for (const DeliveryId created : result->created) out["created"].push_back(number(created));
    reply(out);
  };
  if (target->held_message) {
    if (command == "release") return parts_.engine.route_held(*target->held_message, by, reason, done);
    if (command == "cancel") return parts_.engine.cancel_held(*target->held_message, by, reason, done);
    return reply(failure(Error{"message.held", fmt::format("message {} is held itself; release or cancel it", id)}));
  }
  const DeliveryId delivery = *target->delivery;
  if (command == "release") parts_.engine.release(delivery, by, reason, done);
  else if (command == "cancel")
    parts_.engine.cancel(delivery, {flag_of(request, "handled_elsewhere"), flag_of(request, "even_in_doubt")}, by, reason, done);
  else if (command == "hold") parts_.engine.hold(delivery, by, reason, done);
  else if (command == "resend") parts_.engine.resend(delivery, flag_of(request, "as_new"), by, reason, done);
  else if (command == "go-on") parts_.engine.go_on(delivery, by, reason, done);
  else parts_.engine.open_gate(delivery, by, reason, done);
}

}  // namespace sluis::gateway
