#include "tests/faults/store_load.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/connection.h"

namespace sluis::faults {

namespace {

constexpr std::string_view channel = "out";
constexpr std::size_t lanes = 4;

// The command may or may not have been done: its answer is a failure of the store, not a refusal.
bool open_end(const CommandResult& result) {
  return !result.ok() && result.error().code.starts_with("store.");
}

}  // namespace

StoreLoad::StoreLoad(FaultyDisk& disk, std::string folder, std::uint64_t seed) : disk_(disk), random_(seed) {
  options_.folder = std::move(folder);
  options_.seal_key = Secret{"the key of the tests"};
  options_.threading = sqlite::Options::Threading::manual;
  options_.disk = &disk_;
  options_.vfs = disk_.vfs();
  options_.free_space = [this] { return disk_.free_octets(); };
  options_.low_water_bytes = 0;
  options_.segment_bytes = 96 * 1024;
  options_.checkpoint_pages = 60;
  options_.batch_most = 16;
}

StoreLoad::~StoreLoad() {
  crash();
}

std::string StoreLoad::open() {
  store_.reset();
  auto opened = sqlite::SqliteStore::make(options_, clock_, Log{}, nullptr);
  if (!opened.ok()) return opened.error().code + ": " + opened.error().what;
  store_ = std::move(opened).value();
  return {};
}

void StoreLoad::crash() {
  if (!store_) return;
  store_->crash();
  store_.reset();
}

void StoreLoad::submit(Command command, Answer answer) {
  store_->submit(std::move(command), std::move(answer));
}

CommandResult StoreLoad::run(Command command) {
  std::optional<CommandResult> got;
  submit(std::move(command), [&got](CommandResult result) { got = std::move(result); });
  while (!got && store_->pump() > 0) {}
  return got ? std::move(*got) : CommandResult{Error{"test.unanswered", "the command was not answered"}};
}

std::string StoreLoad::bytes(std::size_t octets) {
  std::string made(octets, '\0');
  random_.fill({reinterpret_cast<std::uint8_t*>(made.data()), made.size()});
  return made;
}

std::vector<MessageId> StoreLoad::known() const {
  std::vector<MessageId> ids;
  for (const auto& [id, known] : messages_)
    if (known.sure && !known.absent_allowed) ids.push_back(id);
  return ids;
}

std::optional<MessageId> StoreLoad::make(std::size_t octets, std::size_t deliveries) {
  const MessageId id = ids_.next();
  Known known;
  Accept& accept = known.accept;
  accept.message.id = id;
  accept.message.received_at = clock_.wall();
  accept.message.from = "drop";
  accept.message.customer = fmt::format("customer-{}", random_.below(8));
  accept.message.attributes.set("file.name", fmt::format("{}.edi", made_));
  accept.dedupe = DedupeKey{fmt::format("file {}", made_++)};
  accept.references.push_back({"unb", "test", fmt::format("{}", made_)});
  known.bodies.push_back(bytes(octets));
  if (random_.below(4) == 0) known.bodies.push_back(bytes(random_.below(300)));
  for (const std::string& body : known.bodies) {
    auto writer = store_->write();
    if (!writer->write(body).ok()) return std::nullopt;
    auto content = writer->finish();
    if (!content.ok()) return std::nullopt;
    Part part;
    part.content = std::move(content).value();
    accept.message.parts.push_back(std::move(part));
  }
  for (std::size_t i = 0; i < deliveries; ++i) {
    NewDelivery made;
    made.destination = {std::string(channel), "account", fmt::format("box-{}@mail.example", i)};
    made.customer = accept.message.customer;
    made.due_at = clock_.wall();
    made.identity.value = fmt::format("<{}.{}@mail.example>", made_, i);
    made.wakeups.push_back({clock_.wall() + std::chrono::hours{4}, WakeupKind::escalate, 0});
    if (random_.below(4) == 0) made.lane = fmt::format("lane {}", random_.below(lanes));
    accept.deliveries.push_back(std::move(made));
  }
  messages_.emplace(id, std::move(known));
  return id;
}

void StoreLoad::settle_on(Leg& leg, DeliveryState state) {
  leg.states = {state};
  // Whether it is the first of its lane depends on others.
  if (leg.lane && (state == DeliveryState::queued || state == DeliveryState::blocked))
    leg.states = {DeliveryState::queued, DeliveryState::blocked};
}

void StoreLoad::add_legs(const MessageId& id, const std::vector<DeliveryId>& deliveries) {
  Known& known = messages_.at(id);
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    known.deliveries.insert(deliveries[i]);
    Leg& leg = legs_[deliveries[i]];
    leg.message = id;
    leg.lane = i < known.accept.deliveries.size() && !known.accept.deliveries[i].lane.empty();
    leg.changed_at = clock_.wall();
    settle_on(leg, DeliveryState::queued);
  }
}

StoreLoad::Answer StoreLoad::on_accept(const MessageId& id) {
  return [this, id](const CommandResult& result) {
    Known& known = messages_.at(id);
    if (!result.ok()) {
      if (result.error().code == "store.full") ++refused_full_;
      return;
    }
    const auto& done = std::get<AcceptDone>(result.value());
    if (done.accepted.id != id || done.accepted.duplicate)
      wrong(fmt::format("message {}: taken for a duplicate of {}", id.text(), done.accepted.id.text()));
    known.sure = true;
    ++known.entries;
    ++acknowledged_;
    add_legs(id, done.deliveries);
  };
}

StoreLoad::Answer StoreLoad::on_change(DeliveryId id, DeliveryState next) {
  legs_.at(id).busy = true;
  return [this, id, next](const CommandResult& result) {
    Leg& leg = legs_.at(id);
    leg.busy = false;
    leg.changed_at = clock_.wall();
    if (open_end(result)) {
      leg.states.insert(next);
      if (next == DeliveryState::queued) leg.states.insert(DeliveryState::blocked);
    }
    if (!result.ok()) return;
    ++acknowledged_;
    if (const auto* begun = std::get_if<Begun>(&result.value())) {
      leg.attempt = begun->attempt;
      settle_on(leg, next);
    } else if (const auto* finished = std::get_if<Finished>(&result.value())) {
      settle_on(leg, finished->state);
    } else if (const auto* settled = std::get_if<Settled>(&result.value())) {
      if (!settled->each.at(0).ok()) return;
      settle_on(leg, next);
    } else if (std::get<Operated>(result.value()).already) {
      return;
    } else {
      settle_on(leg, next);
      if (next == DeliveryState::queued) leg.states.insert(DeliveryState::blocked);
    }
    ++messages_.at(leg.message).entries;
  };
}

std::optional<DeliveryId> StoreLoad::any_in(std::initializer_list<DeliveryState> states) {
  std::vector<DeliveryId> found;
  for (const auto& [id, leg] : legs_)
    if (!leg.busy && std::any_of(states.begin(), states.end(), [&](DeliveryState s) { return leg.states.contains(s); }))
      found.push_back(id);
  if (found.empty()) return std::nullopt;
  return found[static_cast<std::size_t>(random_.below(found.size()))];
}

void StoreLoad::draw_accept() {
  const bool large = random_.below(8) == 0;
  const std::size_t octets =
      large ? inline_content_limit + 1 + random_.below(100'000) : static_cast<std::size_t>(random_.below(3000));
  const auto id = make(octets, 1 + random_.below(2));
  if (id) submit(messages_.at(*id).accept, on_accept(*id));
}

// The sender comes again with what it has had the OK for.
void StoreLoad::draw_again() {
  if (messages_.empty()) return;
  auto at = messages_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(messages_.size())));
  if (!at->second.sure || !at->second.accept.dedupe) return;
  Accept again = at->second.accept;
  const MessageId first = at->first;
  again.message.id = ids_.next();
  for (std::size_t i = 0; i < again.message.parts.size(); ++i) {
    if (at->second.bodies[i].size() > inline_content_limit) return;
    again.message.parts[i].content = Content::inline_of(at->second.bodies[i]);
  }
  submit(std::move(again), [this, first](const CommandResult& result) {
    if (open_end(result)) return;
    if (!result.ok() || std::get<AcceptDone>(result.value()).accepted.id != first)
      wrong(fmt::format("message {}: handed in again, it was not known", first.text()));
  });
}

void StoreLoad::draw_begin() {
  Holds holds;
  holds.channels.push_back({std::string(channel), 1 + random_.below(4), 2, {}});
  auto claims = store_->claim(holds, clock_.wall());
  if (!claims.ok()) return;
  for (const Claim& claim : claims.value()) {
    const DeliveryId id = claim.record.delivery.id;
    const auto leg = legs_.find(id);
    if (leg == legs_.end() || leg->second.busy) {
      store_->unclaim({id});
      continue;
    }
    const Known& known = messages_.at(leg->second.message);
    for (std::size_t i = 0; i < known.bodies.size(); ++i) {
      const auto read = store_->read_all(claim.record.delivery.message->parts.at(i).content, 1 << 20);
      if (!read.ok() || read.value() != known.bodies[i])
        wrong(fmt::format("delivery {}: would be sent with other bytes than were accepted", number(id)));
    }
    submit(Begin{id, clock_.wall()}, on_change(id, DeliveryState::sending));
  }
}

void StoreLoad::draw_finish() {
  const auto id = any_in({DeliveryState::sending});
  if (!id) return;
  constexpr std::array ends = {DeliveryState::delivered, DeliveryState::delivered, DeliveryState::delivered,
                               DeliveryState::queued,    DeliveryState::awaiting,  DeliveryState::rejected,
                               DeliveryState::held};
  Finish finish;
  finish.delivery = *id;
  finish.attempt = legs_.at(*id).attempt;
  finish.at = finish.due_at = clock_.wall();
  finish.next = ends[static_cast<std::size_t>(random_.below(ends.size()))];
  finish.reason = "250 2.0.0 Ok";
  if (finish.next == DeliveryState::delivered) finish.receipt = Receipt{"queued as 4XyZ", {}};
  if (random_.below(6) == 0)
    if (const auto reply = make(random_.below(2000), 1)) {
      finish.replies.push_back(messages_.at(*reply).accept);
      auto change = on_change(*id, finish.next);
      submit(std::move(finish), [this, change = std::move(change), reply = *reply](const CommandResult& result) {
        if (result.ok()) {
          messages_.at(reply).sure = true;
          messages_.at(reply).entries = 1;
        }
        change(result);
      });
      return;
    }
  const DeliveryState next = finish.next;
  submit(std::move(finish), on_change(*id, next));
}

void StoreLoad::draw_operation() {
  Operate operate;
  operate.by = "operator";
  operate.at = clock_.wall();
  std::optional<DeliveryId> id;
  DeliveryState next = DeliveryState::queued;
  switch (random_.below(3)) {
    case 0:
      operate.what = Operate::Hold{};
      next = DeliveryState::held;
      id = any_in({DeliveryState::queued, DeliveryState::blocked});
      break;
    case 1:
      operate.what = Operate::Release{};
      id = any_in({DeliveryState::held});
      break;
    default:
      operate.what = Operate::Cancel{false, true};
      next = DeliveryState::cancelled;
      id = any_in({DeliveryState::held, DeliveryState::awaiting});
      break;
  }
  if (!id) return;
  operate.delivery = id;
  submit(std::move(operate), on_change(*id, next));
}

void StoreLoad::draw_settlement() {
  const auto id = any_in({DeliveryState::awaiting, DeliveryState::sending});
  if (!id) return;
  submit(Settle{{Settlement{*id, Delivered{Receipt{"an acknowledgment", {}}}}}, clock_.wall()},
         on_change(*id, DeliveryState::delivered));
}

void StoreLoad::draw_purge() {
  Purge purge;
  purge.at = clock_.wall();
  purge.bodies_before = purge.at - std::chrono::hours{24 * random_.below(4)};
  purge.metadata_before = purge.at - std::chrono::hours{48 + 24 * random_.below(4)};
  purge.keys_before = purge.at - std::chrono::days{400};
  for (auto& [id, known] : messages_) {
    const bool settled = std::all_of(known.deliveries.begin(), known.deliveries.end(), [&](DeliveryId delivery) {
      const Leg& leg = legs_.at(delivery);
      return std::any_of(leg.states.begin(), leg.states.end(), [](DeliveryState s) { return is_final(s); }) || leg.busy;
    });
    if (!settled) continue;
    const WallTime at = known.accept.message.received_at;
    if (at < std::max(purge.bodies_before, purge.metadata_before)) known.bodiless_allowed = true;
    if (at < purge.metadata_before) known.absent_allowed = true;
  }
  submit(purge, [](const CommandResult&) {});
}

void StoreLoad::draw_cursor() {
  const std::string value = fmt::format("{}", ++made_);
  submit(PutState{"drop", {{"cursor", value}}}, [this, value](const CommandResult& result) {
    if (result.ok())
      cursor_ = {value};
    else if (open_end(result))
      cursor_.insert(value);
  });
}

void StoreLoad::draw() {
  const std::uint64_t dice = random_.below(100);
  if (dice < 40) return draw_accept();
  if (dice < 58) return draw_begin();
  if (dice < 80) return draw_finish();
  if (dice < 86) return draw_operation();
  if (dice < 90) return draw_settlement();
  if (dice < 93) return draw_again();
  if (dice < 95) return draw_cursor();
  if (dice < 97) return draw_purge();
  submit(Seal{clock_.wall()}, [this](const CommandResult& result) {
    if (result.ok() && !std::get<Sealed>(result.value()).line.empty())
      seal_lines_.push_back(std::get<Sealed>(result.value()).line);
  });
}

void StoreLoad::batch(std::size_t most) {
  const std::uint64_t count = 1 + random_.below(most);
  for (std::uint64_t i = 0; i < count; ++i) draw();
  while (store_->pump() > 0) {}
  clock_.advance(random_.below(40) == 0 ? Duration{std::chrono::hours{13}} : Duration{std::chrono::seconds{7}});
}

CommandResult StoreLoad::accept(std::size_t octets) {
  const auto id = make(octets, 1);
  if (!id) return Error{"store.content", "the content was not written"};
  std::optional<CommandResult> got;
  auto answer = on_accept(*id);
  submit(messages_.at(*id).accept, [&got, &answer](CommandResult result) {
    answer(result);
    got = std::move(result);
  });
  while (!got && store_->pump() > 0) {}
  return std::move(*got);
}

CommandResult StoreLoad::begin(DeliveryId id) {
  auto answer = on_change(id, DeliveryState::sending);
  CommandResult result = run(Begin{id, clock_.wall()});
  answer(result);
  return result;
}

CommandResult StoreLoad::finish(DeliveryId id, int attempt, DeliveryState next) {
  Finish finish;
  finish.delivery = id;
  finish.attempt = attempt;
  finish.at = finish.due_at = clock_.wall();
  finish.next = next;
  auto answer = on_change(id, next);
  CommandResult result = run(std::move(finish));
  answer(result);
  return result;
}

CommandResult StoreLoad::seal() {
  CommandResult result = run(Seal{clock_.wall()});
  if (result.ok() && !std::get<Sealed>(result.value()).line.empty())
    seal_lines_.push_back(std::get<Sealed>(result.value()).line);
  return result;
}

}  // namespace sluis::faults
