#include "store/sqlite/claims.h"

#include <algorithm>

#include "core/message/flow_pattern.h"
#include "store/sqlite/deliveries.h"
#include "store/sqlite/message_rows.h"

namespace sluis::sqlite {

namespace {

// Groups looked at in one claim of one channel: with more customers waiting than this, the next claim goes on where
// this one stopped.
constexpr std::size_t groups_most = 4096;

// A read transaction over one claim: all its look-ups see one state.
class Snapshot {
 public:
  explicit Snapshot(Connection& db) : db_(db) { db_.execute("BEGIN"); }
  ~Snapshot() { sqlite3_exec(db_.raw(), "ROLLBACK", nullptr, nullptr, nullptr); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& db_;
};

std::optional<std::string> next_customer(Connection& db, const std::string& channel,
                                         const std::optional<std::string>& after) {
  Query query(
      db,
      after
          ? "SELECT customer FROM deliveries WHERE state = 0 AND channel = ? AND customer > ? ORDER BY customer LIMIT 1"
          : "SELECT customer FROM deliveries WHERE state = 0 AND channel = ? ORDER BY customer LIMIT 1");
  query.with(channel);
  if (after) query.with(*after);
  if (!query.next()) return std::nullopt;
  return query.text(0);
}

std::vector<std::string> closed_flows_of(const Holds::Room& room, const std::string& customer) {
  std::vector<std::string> flows;
  for (const Holds::Room::Flow& closed : room.closed_flows)
    if (closed.customer.empty() || closed.customer == customer) flows.push_back(closed.flow);
  return flows;
}

}  // namespace

std::vector<DeliveryId> Claims::due(Connection& db, const Group& group, const std::vector<std::string>& closed_flows,
                                    WallTime now, std::size_t most) {
  std::vector<DeliveryId> found;
  if (!closed_flows.empty()) {
    Query query(db,
                "SELECT d.id, m.flow FROM deliveries d JOIN messages m ON m.id = d.message WHERE d.state = 0 AND "
                "d.channel = ? AND d.customer = ? AND d.due_at <= ? ORDER BY d.due_at, d.id");
    query.with(group.first, group.second, now);
    while (found.size() < most && query.next()) {
      if (claimed_.contains(query.number(0))) continue;
      const std::string flow = query.text(1);
      if (std::none_of(closed_flows.begin(), closed_flows.end(),
                       [&](const std::string& closed) { return matches_flow(closed, flow); }))
        found.push_back(DeliveryId{query.number(0)});
    }
    return found;
  }
  const auto held = claimed_of_.find(group);
  const std::size_t past = held == claimed_of_.end() ? 0 : held->second;
  Query query(db,
              "SELECT id FROM deliveries WHERE state = 0 AND channel = ? AND customer = ? AND due_at <= ? ORDER BY "
              "due_at, id LIMIT ?");
  query.with(group.first, group.second, now, most + past);
  while (found.size() < most && query.next())
    if (!claimed_.contains(query.number(0))) found.push_back(DeliveryId{query.number(0)});
  return found;
}

Claims::Taken Claims::take(Connection& db, const Holds& holds, WallTime now) {
  // Held over the whole claim: a delivery that ends while this snapshot lasts is released only after it.
  const std::lock_guard lock(mutex_);
  const Snapshot snapshot(db);
  Taken taken;
  std::map<MessageId, std::shared_ptr<const Message>> messages;  // several deliveries of one message share it
  for (const Holds::Room& room : holds.channels) {
    if (room.free == 0) continue;
    const std::size_t each = room.per_customer == 0 ? room.free : std::min(room.free, room.per_customer);
    std::vector<std::pair<std::string, std::vector<DeliveryId>>> groups;
    std::string& last = last_served_[room.channel];
    std::optional<std::string> at = last;
    bool wrapped = false;
    // As many customers as there are places: each gives at least one.
    for (std::size_t looked = 0; looked < groups_most && groups.size() < room.free; ++looked) {
      auto customer = next_customer(db, room.channel, at);
      if (!customer) {
        if (wrapped) break;
        wrapped = true;
        at.reset();
        customer = next_customer(db, room.channel, at);
        if (!customer) break;
      }
      if (wrapped && *customer > last) break;  // around once
      at = customer;
      if (std::find(room.closed_customers.begin(), room.closed_customers.end(), *customer) !=
          room.closed_customers.end())
        continue;
      auto ids = due(db, {room.channel, *customer}, closed_flows_of(room, *customer), now, each);
      if (!ids.empty()) groups.emplace_back(*customer, std::move(ids));
    }
    std::size_t free = room.free;
    for (std::size_t round = 0; round < each && free > 0; ++round) {
      for (auto& [customer, ids] : groups) {
        if (free == 0) break;
        if (round >= ids.size()) continue;
        --free;
        last = customer;
        const DeliveryId id = ids[round];
        const Group group{room.channel, customer};
        claimed_.emplace(number(id), group);
        ++claimed_of_[group];
        const auto row = load_delivery(db, id);
        if (!row) continue;
        auto& message = messages[row->message];
        if (!message) message = load_message(db, row->message);
        auto record = message ? delivery_record(db, *row, message) : std::nullopt;
        if (record)
          taken.claims.push_back({std::move(*record)});
        else
          taken.corrupt.push_back(id);
      }
    }
    if (groups.empty() && at) last = *at;  // nothing due among those seen: go on behind them
  }
  return taken;
}

void Claims::release(const std::vector<DeliveryId>& deliveries) {
  if (deliveries.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const DeliveryId id : deliveries) {
    const auto at = claimed_.find(number(id));
    if (at == claimed_.end()) continue;
    if (const auto group = claimed_of_.find(at->second); group != claimed_of_.end() && --group->second == 0)
      claimed_of_.erase(group);
    claimed_.erase(at);
  }
}

std::optional<WallTime> Claims::next_due(Connection& db, const std::string& channel) {
  const std::lock_guard lock(mutex_);
  std::optional<WallTime> earliest;
  std::optional<std::string> at;
  while (auto customer = next_customer(db, channel, at)) {
    at = customer;
    Query query(
        db, "SELECT id, due_at FROM deliveries WHERE state = 0 AND channel = ? AND customer = ? ORDER BY due_at, id");
    query.with(channel, *customer);
    while (query.next()) {
      if (earliest && query.time(1) >= *earliest) break;
      if (claimed_.contains(query.number(0))) continue;
      earliest = query.time(1);
      break;
    }
  }
  return earliest;
}

}  // namespace sluis::sqlite
