// Delivery rows: making, loading, and the one way a delivery's state changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/transitions.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

struct DeliveryRow {
  DeliveryId id{};
  MessageId message{};
  std::string channel, customer;
  DeliveryState state = DeliveryState::queued;
  WallTime due_at;
  int attempt = 0;
  bool in_doubt = false, settled_by_answer = false, lane_closes = false, report = false, lane_first = false,
       lane_closed = false;
  std::optional<std::int64_t> lane;
  std::optional<DeliveryId> behind, resent_as, resend_of;
  WallTime created_at, changed_at;
  std::string reason;
  std::string fixed;    // packed, with its checksum
  std::string receipt;  // packed, empty: none
  bool intact = true;   // the columns match their sum; what is not stays so, whatever is written to it
};

// The columns that read_delivery() expects, in order, for SELECTs of any shape.
#define SLUIS_SQLITE_DELIVERY_COLUMNS                                                                              \
  "d.id, d.message, d.channel, d.customer, d.state, d.due_at, d.attempt, d.flags, d.lane, d.behind, d.resent_as, " \
  "d.resend_of, "                                                                                                  \
  "d.created_at, d.changed_at, d.reason, d.fixed, d.receipt, d.sum"
DeliveryRow read_delivery(const Query& query);
std::optional<DeliveryRow> load_delivery(Connection& db, DeliveryId id);
std::vector<DeliveryRow> load_deliveries(Connection& db, const MessageId& message);
// Writes everything but `fixed`, which never changes.
void save_delivery(Work& work, const DeliveryRow& row);
DeliveryId insert_delivery(Work& work, const DeliveryRow& row);

// A new delivery: row, gates, lane place, references, wakeups, first state.
DeliveryId make_delivery(Work& work, const MessageId& message, const NewDelivery& made, WallTime at,
                         std::optional<DeliveryId> resend_of = std::nullopt, bool in_doubt = false);

// Puts the row into `next` and does all that follows in the same transaction: timers that are over, the lane's next,
// the report owed, what the engine is told. Saves the row. [Preconditions] transitions.h allows it.
void change_state(Work& work, DeliveryRow& row, DeliveryState next, WallTime at);

// blocked → queued when nothing is in the way any more.
void unblock_if_free(Work& work, DeliveryRow& row, WallTime at);

void add_wakeup(Work& work, DeliveryId delivery, const Wakeup& wakeup);
// Takes a wakeup; false: "wakeup.gone".
bool consume_wakeup(Work& work, const WakeupKey& key);

// The record as readers and claims give it; `message` may be null. A row that does not match its checksum gives none.
std::optional<DeliveryRecord> delivery_record(Connection& db, const DeliveryRow& row,
                                              std::shared_ptr<const Message> message);

}  // namespace sluis::sqlite
