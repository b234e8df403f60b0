#include "store/sqlite/deliveries.h"

#include "core/delivery/incident_key.h"
#include "core/runtime/packing.h"
#include "store/sqlite/gates.h"
#include "store/sqlite/incidents.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/lanes.h"

namespace sluis::sqlite {

namespace {

// Bits of the column `flags`.
constexpr std::int64_t in_doubt_bit = 1, by_answer_bit = 2, lane_closes_bit = 4, report_bit = 8, lane_first_bit = 16,
                       lane_closed_bit = 32;

std::int64_t flags_of(const DeliveryRow& row) {
  return (row.in_doubt ? in_doubt_bit : 0) | (row.settled_by_answer ? by_answer_bit : 0) |
         (row.lane_closes ? lane_closes_bit : 0) | (row.report ? report_bit : 0) |
         (row.lane_first ? lane_first_bit : 0) | (row.lane_closed ? lane_closed_bit : 0);
}

std::int64_t sum_of(const DeliveryRow& row) {
  const auto place = [](const std::optional<DeliveryId>& id) {
    return id ? static_cast<std::uint64_t>(number(*id)) + 1 : std::uint64_t{0};
  };
  Packer packer;
  packer.text(octets(row.message));
  packer.text(row.channel);
  packer.text(row.customer);
  packer.number(static_cast<std::uint64_t>(row.state));
  packer.number(static_cast<std::uint64_t>(microseconds(row.due_at)));
  packer.number(static_cast<std::uint64_t>(row.attempt));
  packer.number(static_cast<std::uint64_t>(flags_of(row)));
  packer.number(row.lane ? static_cast<std::uint64_t>(*row.lane) + 1 : 0);
  packer.number(place(row.behind));
  packer.number(place(row.resent_as));
  packer.number(place(row.resend_of));
  packer.number(static_cast<std::uint64_t>(microseconds(row.created_at)));
  packer.number(static_cast<std::uint64_t>(microseconds(row.changed_at)));
  packer.text(row.reason);
  const std::uint32_t sum = crc32c(std::move(packer).bytes());
  return row.intact ? sum : sum ^ 0xFFFFFFFFU;
}

void owe_report(Work& work, const DeliveryRow& row, WallTime at) {
  if (row.report && (is_final(row.state) || row.state == DeliveryState::held))
    add_wakeup(work, row.id, {at, WakeupKind::report, static_cast<int>(row.state)});
}

}  // namespace

DeliveryRow read_delivery(const Query& query) {
  DeliveryRow row;
  row.id = DeliveryId{query.number(0)};
  row.message = query.message(1);
  row.channel = query.bytes(2);
  row.customer = query.bytes(3);
  row.state = static_cast<DeliveryState>(query.number(4));
  row.due_at = query.time(5);
  row.attempt = static_cast<int>(query.number(6));
  const std::int64_t flags = query.number(7);
  row.in_doubt = (flags & in_doubt_bit) != 0;
  row.settled_by_answer = (flags & by_answer_bit) != 0;
  row.lane_closes = (flags & lane_closes_bit) != 0;
  row.report = (flags & report_bit) != 0;
  row.lane_first = (flags & lane_first_bit) != 0;
  row.lane_closed = (flags & lane_closed_bit) != 0;
  if (!query.null(8)) row.lane = query.number(8);
  row.behind = query.delivery(9);
  row.resent_as = query.delivery(10);
  row.resend_of = query.delivery(11);
  row.created_at = query.time(12);
  row.changed_at = query.time(13);
  row.reason = query.bytes(14);
  row.fixed = query.bytes(15);
  row.receipt = query.bytes(16);
  row.intact = query.number(17) == sum_of(row);
  return row;
}

std::optional<DeliveryRow> load_delivery(Connection& db, DeliveryId id) {
  Query query(db, "SELECT " SLUIS_SQLITE_DELIVERY_COLUMNS " FROM deliveries d WHERE d.id = ?");
  if (!query.with(id).next()) return std::nullopt;
  return read_delivery(query);
}

std::vector<DeliveryRow> load_deliveries(Connection& db, const MessageId& message) {
  std::vector<DeliveryRow> rows;
  Query query(db, "SELECT " SLUIS_SQLITE_DELIVERY_COLUMNS " FROM deliveries d WHERE d.message = ? ORDER BY d.id");
  query.with(message);
  while (query.next()) rows.push_back(read_delivery(query));
  return rows;
}

void save_delivery(Work& work, const DeliveryRow& row) {
  Query query(
      work.db,
      "UPDATE deliveries SET state = ?, due_at = ?, attempt = ?, flags = ?, behind = ?, resent_as = ?, changed_at = ?, "
      "reason = ?, receipt = ?, sum = ? WHERE id = ?");
  query.with(static_cast<int>(row.state), row.due_at, row.attempt, flags_of(row), row.behind, row.resent_as,
             row.changed_at, row.reason);
  if (row.receipt.empty())
    query.with(std::nullopt);
  else
    query.with(Blob{row.receipt});
  query.with(sum_of(row), row.id).run();
}

DeliveryId insert_delivery(Work& work, const DeliveryRow& row) {
  Query(work.db,
        "INSERT INTO deliveries(message, channel, customer, state, due_at, attempt, flags, lane, behind, resent_as, "
        "resend_of, "
        "created_at, changed_at, reason, fixed, sum) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .with(row.message, row.channel, row.customer, static_cast<int>(row.state), row.due_at, row.attempt, flags_of(row),
            row.lane, row.behind, row.resent_as, row.resend_of, row.created_at, row.changed_at, row.reason,
            Blob{row.fixed}, sum_of(row))
      .run();
  return DeliveryId{work.db.last_rowid()};
}

namespace {

// What is held from the start waits for a human like anything else, and no attempt's end will tell anyone of it.
void tell_of_hold(Work& work, const DeliveryRow& row, WallTime at) {
  IncidentChange incident;
  incident.key = incident_key::held(row.channel, row.id);
  incident.text = "held: " + row.reason;
  incident.channel = row.channel;
  incident.customer = row.customer;
  incident.message = row.message;
  incident.at = at;
  change_incident(work, incident);
}

void end_of_hold(Work& work, const DeliveryRow& row, WallTime at) {
  IncidentChange incident;
  incident.action = IncidentAction::close;
  incident.key = incident_key::held(row.channel, row.id);
  incident.at = at;
  change_incident(work, incident);
}

}  // namespace

DeliveryId make_delivery(Work& work, const MessageId& message, const NewDelivery& made, WallTime at,
                         std::optional<DeliveryId> resend_of, bool in_doubt) {
  DeliveryRow row;
  row.message = message;
  row.channel = made.destination.channel;
  row.customer = made.customer;
  row.due_at = made.due_at;
  row.in_doubt = in_doubt;
  row.settled_by_answer = made.settled_by_answer;
  row.lane_closes = made.lane_closes_on_refusal;
  row.report = made.report;
  row.lane_first = made.lane_first;
  row.resend_of = resend_of;
  row.created_at = row.changed_at = at;
  row.reason = made.hold;
  row.fixed = pack_fixed({made.destination.account, made.destination.address, made.route, made.policy, made.lane,
                          made.identity, made.options, made.wakeups});
  row.state = made.hold.empty() ? DeliveryState::queued : DeliveryState::held;
  if (!made.lane.empty()) row.lane = lane_id(work, made.lane);
  // Inserted as blocked, so that its number exists when lane and gates point at it.
  const DeliveryState wanted = row.state;
  row.state = DeliveryState::blocked;
  row.id = insert_delivery(work, row);
  row.state = wanted;
  if (row.lane) enter_lane(work, row, at);
  const bool waits = shut_gates(work, row.id, made.gates);
  if (row.state == DeliveryState::queued && (row.behind || waits)) row.state = DeliveryState::blocked;
  save_delivery(work, row);
  if (row.state == DeliveryState::queued) work.effects.channels_with_work.insert(row.channel);
  for (const Reference& reference : made.identity.references) add_reference(work, reference, message, row.id, at);
  for (const Wakeup& wakeup : made.wakeups) add_wakeup(work, row.id, wakeup);
  owe_report(work, row, at);
  if (row.state == DeliveryState::held) tell_of_hold(work, row, at);
  return row.id;
}

void change_state(Work& work, DeliveryRow& row, DeliveryState next, WallTime at) {
  const DeliveryState from = row.state;
  row.state = next;
  row.changed_at = at;
  if (next == DeliveryState::queued) work.effects.channels_with_work.insert(row.channel);
  if (from == DeliveryState::awaiting && next != DeliveryState::awaiting)
    Query(work.db, "DELETE FROM wakeups WHERE delivery = ? AND kind = ?")
        .with(row.id, static_cast<int>(WakeupKind::proof))
        .run();
  if (is_final(next) && !is_final(from)) {
    // What was to happen if it did not settle will not happen; the report and the wait for a reply remain.
    Query(work.db, "DELETE FROM wakeups WHERE delivery = ? AND kind IN (?, ?, ?)")
        .with(row.id, static_cast<int>(WakeupKind::expire), static_cast<int>(WakeupKind::escalate),
              static_cast<int>(WakeupKind::proof))
        .run();
    Query(work.db, "DELETE FROM gates WHERE delivery = ?").with(row.id).run();
  }
  save_delivery(work, row);
  if (from == DeliveryState::held && next != from) end_of_hold(work, row, at);
  if (row.lane && is_final(next) && next != from) leave_lane(work, row, from, at);
  if (next != from) owe_report(work, row, at);
}

void unblock_if_free(Work& work, DeliveryRow& row, WallTime at) {
  if (row.state == DeliveryState::blocked && !row.behind && !has_gates(work.db, row.id))
    change_state(work, row, DeliveryState::queued, at);
}

void add_wakeup(Work& work, DeliveryId delivery, const Wakeup& wakeup) {
  Query(work.db, "INSERT OR REPLACE INTO wakeups(delivery, kind, step, at) VALUES(?, ?, ?, ?)")
      .with(delivery, static_cast<int>(wakeup.kind), wakeup.step, wakeup.at)
      .run();
  work.effects.wakeups = true;
}

bool consume_wakeup(Work& work, const WakeupKey& key) {
  Query(work.db, "DELETE FROM wakeups WHERE delivery = ? AND kind = ? AND step = ?")
      .with(key.delivery, static_cast<int>(key.kind), key.step)
      .run();
  return work.db.changes() > 0;
}

std::optional<DeliveryRecord> delivery_record(Connection& db, const DeliveryRow& row,
                                              std::shared_ptr<const Message> message) {
  if (!row.intact) return std::nullopt;
  auto fixed = unpack_fixed(row.fixed);
  if (!fixed) return std::nullopt;
  DeliveryRecord record;
  Delivery& delivery = record.delivery;
  delivery.id = row.id;
  delivery.message = std::move(message);
  delivery.destination = {row.channel, std::move(fixed->account), std::move(fixed->address)};
  delivery.customer = row.customer;
  delivery.route = std::move(fixed->route);
  delivery.policy = std::move(fixed->policy);
  delivery.identity = std::move(fixed->identity);
  delivery.options = std::move(fixed->options);
  delivery.attempt = row.attempt;
  delivery.in_doubt = row.in_doubt;
  delivery.created_at = row.created_at;
  record.message = row.message;
  record.state = row.state;
  record.due_at = row.due_at;
  record.reason = row.reason;
  record.lane = std::move(fixed->lane);
  record.behind = row.behind;
  record.resent_as = row.resent_as;
  record.resend_of = row.resend_of;
  record.lane_closed = row.lane_closed;
  record.settled_by_answer = row.settled_by_answer;
  record.report = row.report;
  record.changed_at = row.changed_at;
  if (!row.receipt.empty()) {
    record.receipt = unpack_receipt(row.receipt);
    if (!record.receipt) return std::nullopt;
  }
  if (!is_final(row.state)) record.gates = gates_of(db, row.id);
  return record;
}

}  // namespace sluis::sqlite
