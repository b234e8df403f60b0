#include "tests/core/delivery/world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "tests/faults/unsynced_disk.h"

namespace sluis::test {

namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  std::istringstream stream{std::string(text)};
  for (std::string word; std::getline(stream, word, ',');) out.push_back(word);
  return out;
}

std::filesystem::path make_folder() {
  const std::filesystem::path base =
      std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string name = (base / "sluis-delivery-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

template <class T>
T must(Result<T> result) {
  if (!result) ADD_FAILURE() << result.error().code << ": " << result.error().what;
  return result ? std::move(*result) : T{};
}

}  // namespace

Identity FakeChannel::identify(const Delivery& delivery) const {
  const std::string value = name_ + ':' + delivery.message->id.text();
  return {value, {{"id", name_, value}}};
}

void FakeChannel::deliver(Attempt attempt) {
  const Delivery& delivery = attempt.delivery();
  const Part* payload = delivery.message->payload();
  seen.push_back({delivery.id, delivery.attempt, delivery.in_doubt, delivery.identity.value, delivery.customer,
                  payload != nullptr ? payload->file_name : std::string{}, clock_.mono()});
  if (answer)
    if (auto outcome = answer(delivery)) return attempt.finish(std::move(*outcome));
  open.push_back(std::move(attempt));
}

void FakeChannel::finish(Outcome outcome, std::optional<DeliveryId> delivery) {
  const auto at = std::find_if(open.begin(), open.end(),
                               [&](const Attempt& a) { return !delivery || a.delivery().id == *delivery; });
  ASSERT_NE(at, open.end()) << "no such attempt is open at " << name_;
  Attempt attempt = std::move(*at);
  open.erase(at);
  attempt.finish(std::move(outcome));
}

std::vector<std::string> FakeChannel::names() const {
  std::vector<std::string> out;
  for (const Seen& s : seen) out.push_back(s.name);
  return out;
}

Recognition AttributeRouting::recognise(const Message& message, const std::vector<std::string_view>&) const {
  Recognition out;
  out.attributes = message.attributes;
  for (const std::string& value : split(message.attributes.get("ref"))) out.references.push_back({"ref", "", value});
  for (const std::string& value : split(message.attributes.get("echo"))) out.answers_to.push_back({"ref", "", value});
  out.conflict = message.attributes.get("recognise-conflict");
  return out;
}

RouteDecision AttributeRouting::decide(const Message& message) const {
  const Attributes& a = message.attributes;
  if (a.has("route-conflict")) return RouteConflict{std::string(a.get("route-conflict"))};
  if (!a.has("to") || (a.has(attribute::flow) && a.get(attribute::flow) == unrouted_flow))
    return Unrouted{"no route matches"};
  RoutePlan plan;
  for (const std::string& to : split(a.get("to"))) {
    PlannedDelivery planned;
    planned.destination.channel = to;
    planned.destination.account = a.get("account");
    planned.route = "to " + to;
    planned.policy = a.get("policy");
    planned.lane = a.get("lane");
    planned.lane_first = a.has("lane-first");
    planned.gates = split(a.get("gates"));
    if (a.has("reply-within")) planned.reply_within = *parse_duration(a.get("reply-within"));
    planned.to_customer = a.has("to-customer");
    plan.deliveries.push_back(std::move(planned));
  }
  return plan;
}

World::World(std::uint64_t seed) : random(seed), folder(make_folder()) {
  Policy standard;
  standard.name = "default";
  standard.retry_jitter = 0;
  config.policies["default"] = standard;
  config.gateway = "test";
  channel("in");
  channel("out");
  customer("acme");
  customer("beta");
  apply();
}

World::~World() {
  engine.reset();
  intake.reset();
  doors_.clear();
  // Attempts that are still open end as dropped; nobody listens.
  directory.channels.clear();
  executor.run();
  if (store) store->close();
  store.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

FakeChannel& World::channel(const std::string& name, Environment environment) {
  auto& made = directory.channels[name];
  if (made == nullptr) made = std::make_shared<FakeChannel>(name, clock);
  ChannelConfig& channel_config = config.channels[name];
  channel_config.name = name;
  channel_config.kind = "fake";
  channel_config.environment = environment;
  return *made;
}

void World::customer(const std::string& id, std::vector<std::string> returns,
                     std::map<std::string, std::string> identifiers) {
  auto made = std::make_shared<Customer>();
  made->id = id;
  made->return_channels = std::move(returns);
  made->identifiers = std::move(identifiers);
  config.customers[id] = std::move(made);
}

Policy& World::policy(const std::string& name) {
  const auto [at, fresh] = config.policies.try_emplace(name, config.policies.at("default"));
  at->second.name = name;
  return at->second;
}

void World::apply() {
  ++config.number;
  config.routing = routing;
  generations.swap(std::make_shared<const Generation>(config));
}

void World::start() {
  apply();
  if (store == nullptr) {
    sqlite::Options options;
    options.folder = (folder / "data").string();
    options.seal_key = Secret("test");
    options.threading = sqlite::Options::Threading::manual;
    options.free_space = [] { return std::uint64_t{1} << 40; };
    static faults::UnsyncedDisk unsynced;
    options.disk = &unsynced;
    auto opened = sqlite::SqliteStore::make(options, clock, log, &metrics);
    ASSERT_TRUE(opened) << opened.error().what;
    store = std::move(*opened);
  }
  if (intake == nullptr)
    intake = std::make_unique<MessageIntake>(
        *store,
        [this](Task task) {
          executor.post(std::move(task));
          return true;
        },
        clock, random, generations, directory, log, metrics);
  if (engine == nullptr) {
    engine = std::make_unique<DeliveryEngine>(*store, executor, clock, random, generations, directory, *intake, log,
                                              metrics);
    const Status started = engine->start();
    ASSERT_TRUE(started) << started.error().what;
  }
  settle();
}

void World::crash() {
  engine.reset();
  doors_.clear();
  for (auto& [name, fake] : directory.channels) fake->open.clear();
  if (store) store->crash();
  executor.run();
  intake.reset();
  store.reset();
}

void World::settle() {
  for (;;) {
    const std::size_t ran = executor.run();
    const std::size_t committed = store != nullptr ? store->pump() : 0;
    if (ran == 0 && committed == 0) return;
  }
}

void World::advance(Duration by) {
  settle();
  const MonoTime end = clock.mono() + by;
  while (clock.mono() < end) {
    executor.advance(std::min(step, end - clock.mono()));
    settle();
  }
}

Arrival World::submission(const std::string& customer, const std::string& name, Attributes attributes,
                          const std::string& from) {
  Arrival arrival;
  arrival.parts.push_back({PartRole::payload, "text/plain", name, Content::inline_of("content of " + name)});
  arrival.attributes = std::move(attributes);
  arrival.from = {from, customer, true};
  return arrival;
}

Arrival World::from_authority(const std::string& channel, const std::string& name, Attributes attributes) {
  Arrival arrival = submission("", name, std::move(attributes), channel);
  arrival.from.submission = false;
  return arrival;
}

IntakeResult World::accept(Arrival arrival) {
  std::optional<IntakeResult> result;
  auto& door = doors_[arrival.from.channel];
  if (door == nullptr) door = intake->door(arrival.from.channel);
  door->accept(std::move(arrival), [&](IntakeResult r) { result = std::move(r); });
  settle();
  EXPECT_TRUE(result) << "the intake did not answer";
  return result ? *result : IntakeResult{Refusal{Error{"test", "no answer"}, true}};
}

MessageId World::accepted(Arrival arrival) {
  const IntakeResult result = accept(std::move(arrival));
  if (const auto* refusal = std::get_if<Refusal>(&result)) {
    ADD_FAILURE() << refusal->error.code << ": " << refusal->error.what;
    return {};
  }
  return std::get<Accepted>(result).id;
}

DeliveryId World::queued(Arrival arrival) {
  const MessageRecord record = message(accepted(std::move(arrival)));
  EXPECT_FALSE(record.deliveries.empty());
  return record.deliveries.empty() ? DeliveryId{} : record.deliveries.front().delivery.id;
}

DeliveryRecord World::delivery(DeliveryId id) {
  auto reader = must(store->read(5s));
  return must(reader->delivery(id)).value_or(DeliveryRecord{});
}

MessageRecord World::message(const MessageId& id) {
  auto reader = must(store->read(5s));
  return must(reader->message(id)).value_or(MessageRecord{});
}

std::vector<std::string> World::events(const MessageId& id) {
  auto reader = must(store->read(5s));
  std::vector<std::string> out;
  for (const TimelineRecord& record : must(reader->timeline(id))) out.push_back(record.entry.event);
  return out;
}

std::vector<std::string> World::open_incidents() {
  auto reader = must(store->read(5s));
  std::vector<std::string> out;
  for (const IncidentRecord& record : must(reader->incidents(true, 1000))) out.push_back(record.last.key);
  return out;
}

bool World::incident_open(const std::string& key) {
  const auto open = open_incidents();
  return std::find(open.begin(), open.end(), key) != open.end();
}

std::vector<Message> World::messages_to(const std::string& name) {
  auto reader = must(store->read(5s));
  MessageFilter filter;
  filter.to = name;
  filter.limit = 1000;
  std::vector<Message> out;
  for (MessageRecord& record : must(reader->messages(filter))) out.push_back(std::move(record.message));
  std::sort(out.begin(), out.end(), [](const Message& a, const Message& b) { return a.id < b.id; });
  return out;
}

std::string World::content(const Part& part) {
  return must(store->read_all(part.content, 1 << 20));
}

Settled World::settle_from_elsewhere(std::vector<Settlement> settlements) {
  std::optional<CommandResult> result;
  store->submit(Settle{std::move(settlements), clock.wall()}, [&](CommandResult r) { result = std::move(r); });
  settle();
  EXPECT_TRUE(result && result->ok());
  return result && result->ok() ? std::get<Settled>(result->value()) : Settled{};
}

Result<Operated> World::operate(const std::function<void(DeliveryEngine&, DeliveryEngine::Done)>& call) {
  std::optional<Result<Operated>> result;
  call(*engine, [&](Result<Operated> r) { result = std::move(r); });
  settle();
  EXPECT_TRUE(result) << "the engine did not answer";
  return result ? *result : Result<Operated>{Error{"test", "no answer"}};
}

}  // namespace sluis::test
