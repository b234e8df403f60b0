#include "store/sqlite/reader.h"

#include <fmt/format.h>

#include "store/sqlite/deliveries.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/message_rows.h"

namespace sluis::sqlite {

namespace {

constexpr int steps_between_looks =
    2000;  // virtual machine steps between two looks at the clock: well under a millisecond

class SqliteReader final : public Reader {
 public:
  SqliteReader(std::shared_ptr<ReadPool> pool, ReadContext context, const Clock& clock, MonoTime deadline)
      : pool_(std::move(pool)),
        context_(std::move(context)),
        clock_(clock),
        deadline_(deadline),
        connection_(pool_->take()) {
    sqlite3_progress_handler(
        connection_->raw(), steps_between_looks,
        [](void* self) {
          const auto& reader = *static_cast<SqliteReader*>(self);
          return reader.clock_.mono() > reader.deadline_ ? 1 : 0;
        },
        this);
    connection_->execute("BEGIN");
    Query(*connection_, "SELECT 1 FROM meta LIMIT 1").next();  // the snapshot is of now, not of the first question
  }
  ~SqliteReader() override {
    sqlite3_progress_handler(connection_->raw(), 0, nullptr, nullptr);
    sqlite3_exec(connection_->raw(), "ROLLBACK", nullptr, nullptr, nullptr);
    pool_->give_back(std::move(connection_));
  }
  SqliteReader(const SqliteReader&) = delete;
  SqliteReader& operator=(const SqliteReader&) = delete;

  Result<std::optional<MessageRecord>> message(const MessageId& id) override {
    return guarded([&](Connection& db) { return message_record(db, id); });
  }

  Result<std::vector<TimelineRecord>> timeline(const MessageId& id) override {
    return guarded([&](Connection& db) {
      std::vector<TimelineRecord> records;
      Query query(db, "SELECT seq, entry, chain FROM timeline WHERE message = ? ORDER BY seq");
      query.with(id);
      while (query.next()) {
        TimelineRecord record;
        record.seq = query.number(0);
        if (auto entry = unpack_entry(query.bytes(1)))
          record.entry = std::move(*entry);
        else
          record.entry = {WallTime{}, "corrupt", std::nullopt, "this entry cannot be read", {}};
        record.chain = query.digest(2);
        records.push_back(std::move(record));
      }
      return records;
    });
  }

  Result<std::optional<Tombstone>> tombstone(const MessageId& id) override {
    return guarded([&](Connection& db) {
      Query query(db, "SELECT entries, chain, at FROM tombstones WHERE message = ?");
      return query.with(id).next() ? std::optional{Tombstone{id, query.number(0), query.digest(1), query.time(2)}}
                                   : std::nullopt;
    });
  }

  Result<std::vector<MessageId>> replies(const MessageId& id) override {
    return guarded([&](Connection& db) {
      std::vector<MessageId> found;
      Query query(db, "SELECT id FROM messages WHERE in_reply_to = ? ORDER BY received_at, id");
      query.with(id);
      while (query.next()) found.push_back(query.message(0));
      return found;
    });
  }

  Result<std::optional<DeliveryRecord>> delivery(DeliveryId id) override {
    return guarded([&](Connection& db) {
      const auto row = load_delivery(db, id);
      return row ? std::optional{record_of(db, *row, true)} : std::nullopt;
    });
  }

  Result<std::vector<MessageRecord>> messages(const MessageFilter& filter) override {
    return guarded([&](Connection& db) { return filtered(db, filter); });
  }

  Result<std::vector<IncidentRecord>> incidents(bool open_only, std::size_t limit) override {
    return guarded([&](Connection& db) {
      std::vector<IncidentRecord> records;
      Query query(
          db, open_only ? "SELECT id, key, opened_at, closed_at, count, last FROM incidents WHERE closed_at IS NULL "
                          "ORDER BY id DESC LIMIT ?"
                        : "SELECT id, key, opened_at, closed_at, count, last FROM incidents ORDER BY id DESC LIMIT ?");
      query.with(limit);
      while (query.next()) {
        IncidentRecord record;
        record.id = query.number(0);
        if (auto last = unpack_incident(query.bytes(5)))
          record.last = std::move(*last);
        else
          record.last.text = "the record of this incident cannot be read";
        record.last.key = query.bytes(1);
        record.opened_at = query.time(2);
        if (!query.null(3)) record.closed_at = query.time(3);
        record.count = query.number(4);
        records.push_back(std::move(record));
      }
      return records;
    });
  }

  Result<std::vector<ReferenceMatch>> find(const Reference& reference) override {
    return guarded([&](Connection& db) {
      std::vector<ReferenceMatch> matches;
      for (const ReferenceRow& found : find_reference(db, reference)) {
        ReferenceMatch match;
        match.message = found.message;
        match.delivery = found.delivery;
        match.at = found.at;
        if (found.delivery) {
          const auto row = load_delivery(db, *found.delivery);
          if (!row) continue;  // purged
          match.customer = row->customer;
          match.channel = row->channel;
          match.open = !is_final(row->state) || row->state == DeliveryState::delivered;
        } else {
          Query message(db, "SELECT customer, channel FROM messages WHERE id = ?");
          if (!message.with(found.message).next()) continue;
          match.customer = message.bytes(0);
          match.channel = message.bytes(1);
        }
        matches.push_back(std::move(match));
      }
      return matches;
    });
  }

  Result<std::vector<DueWakeup>> wakeups(WallTime now, std::size_t limit) override {
    return guarded([&](Connection& db) {
      std::vector<DueWakeup> due;
      Query query(
          db, "SELECT delivery, kind, step, at FROM wakeups WHERE at <= ? ORDER BY at, delivery, kind, step LIMIT ?");
      query.with(now, limit);
      while (query.next()) {
        const auto row = load_delivery(db, DeliveryId{query.number(0)});
        if (!row) continue;
        due.push_back({{row->id, static_cast<WakeupKind>(query.number(1)), static_cast<int>(query.number(2))},
                       query.time(3),
                       record_of(db, *row, true)});
      }
      return due;
    });
  }

  Result<std::optional<WallTime>> next_wakeup() override {
    return guarded([&](Connection& db) {
      Query query(db, "SELECT min(at) FROM wakeups");
      return query.next() && !query.null(0) ? std::optional{query.time(0)} : std::nullopt;
    });
  }

  Result<std::optional<WallTime>> next_due(const std::string& channel) override {
    return guarded([&](Connection& db) { return context_.claims.next_due(db, channel); });
  }

  Result<std::vector<DeliveryRecord>> awaiting(const std::string& channel, std::string_view customer, DeliveryId after,
                                               std::size_t limit) override {
    return guarded([&](Connection& db) {
      std::vector<DeliveryRecord> records;
      Query query(db, "SELECT " SLUIS_SQLITE_DELIVERY_COLUMNS
                      " FROM deliveries d WHERE d.state = 2 AND d.state IN (1, 2, 4, 5) "
                      "AND d.channel = ? AND d.customer = ? AND d.id > ? ORDER BY d.id LIMIT ?");
      query.with(channel, customer, after, limit);
      while (query.next()) records.push_back(record_of(db, read_delivery(query), true));
      return records;
    });
  }

  Result<std::optional<std::string>> state(std::string_view channel, std::string_view key) override {
    return guarded([&](Connection& db) {
      Query query(db, "SELECT value FROM state WHERE channel = ? AND key = ?");
      return query.with(channel, key).next() ? std::optional{query.text(0)} : std::nullopt;
    });
  }

  Result<std::vector<std::pair<std::string, std::string>>> states(std::string_view channel,
                                                                  std::string_view prefix) override {
    return guarded([&](Connection& db) {
      std::vector<std::pair<std::string, std::string>> found;
      Query query(db, "SELECT key, value FROM state WHERE channel = ? AND key >= ? ORDER BY key");
      query.with(channel, prefix);
      while (query.next() && query.bytes(0).starts_with(prefix)) found.emplace_back(query.text(0), query.text(1));
      return found;
    });
  }

  // Deliveries that are not final: what is final is history, and counting it would read all of it.
  Result<std::vector<QueueCount>> queues() override {
    return guarded([&](Connection& db) {
      std::vector<QueueCount> counts;
      for (const char* sql :
           {"SELECT channel, state, count(*), min(due_at) FROM deliveries WHERE state = 0 GROUP BY channel, state",
            "SELECT channel, state, count(*), min(changed_at) FROM deliveries WHERE state IN (1, 2, 4, 5) GROUP BY "
            "channel, state"}) {
        Query query(db, sql);
        while (query.next())
          counts.push_back(
              {query.text(0), static_cast<DeliveryState>(query.number(1)), query.number(2), query.time(3)});
      }
      return counts;
    });
  }

  Result<VerifyReport> verify(const std::vector<std::string>& seal_lines) override {
    return guarded([&](Connection& db) { return sqlite::verify(db, context_.content, context_.seal_key, seal_lines); });
  }

 private:
  template <class Body>
  auto guarded(const Body& body) -> Result<decltype(body(std::declval<Connection&>()))> {
    const Error late{"store.deadline", "reading took longer than was allowed"};
    if (clock_.mono() > deadline_) return late;
    try {
      auto value = body(*connection_);
      if (clock_.mono() > deadline_) return late;
      return value;
    } catch (const Failure& failure) {
      if ((failure.code & 0xFF) == SQLITE_INTERRUPT) return late;
      return error_of(failure);
    }
  }

  // A row that does not match its checksum is shown by what its columns still say.
  DeliveryRecord record_of(Connection& db, const DeliveryRow& row, bool with_message) {
    auto message = with_message ? load_message(db, row.message) : nullptr;
    if (auto record = delivery_record(db, row, message)) return std::move(*record);
    DeliveryRecord record;
    record.delivery.id = row.id;
    record.delivery.message = std::move(message);
    record.delivery.destination.channel = row.channel;
    record.delivery.customer = row.customer;
    record.message = row.message;
    record.state = row.state;
    record.due_at = row.due_at;
    record.reason = row.reason.empty() ? "corrupt: the record does not match its checksum" : row.reason;
    record.changed_at = row.changed_at;
    return record;
  }

  std::optional<MessageRecord> message_record(Connection& db, const MessageId& id) {
    auto row = load_message_row(db, id);
    if (!row) return std::nullopt;
    MessageRecord record;
    record.message = std::move(row->message);
    record.held = std::move(row->held);
    record.corrupt = row->corrupt;
    record.purged_bodies = !row->bodies;
    for (const DeliveryRow& delivery : load_deliveries(db, id))
      record.deliveries.push_back(record_of(db, delivery, false));
    return record;
  }

  std::vector<MessageRecord> filtered(Connection& db, const MessageFilter& filter) {
    std::string sql = "SELECT m.id FROM messages m WHERE 1";
    std::vector<std::string> texts;
    const auto equal = [&](const char* column, const std::string& value) {
      if (value.empty()) return;
      sql += fmt::format(" AND {} = ?{}", column, texts.size() + 10);
      texts.push_back(value);
    };
    equal("m.customer", filter.customer);
    equal("m.channel", filter.from);
    equal("m.flow", filter.flow);
    if (filter.held_messages) sql += " AND m.held IS NOT NULL";
    if (filter.since) sql += " AND m.received_at >= ?1";
    if (filter.until) sql += " AND m.received_at < ?2";
    if (filter.after) sql += " AND m.id < ?3";
    if (filter.state && !is_final(*filter.state)) {
      // Few are open: begin with them. The state is written out, or the partial indexes would not be used.
      sql += fmt::format(" AND m.id IN (SELECT message FROM deliveries WHERE state = {0}{1}",
                         static_cast<int>(*filter.state),
                         *filter.state == DeliveryState::queued ? "" : " AND state IN (1, 2, 4, 5)");
      equal("channel", filter.to);
      sql += ")";
    } else if (filter.state || !filter.to.empty()) {
      sql += " AND EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.id";
      if (filter.state) sql += fmt::format(" AND d.state = {}", static_cast<int>(*filter.state));
      equal("d.channel", filter.to);
      sql += ")";
    }
    sql += " ORDER BY m.id DESC LIMIT ?4";
    std::vector<MessageId> ids;
    {
      Query query(db, sql);
      query.with(filter.since, filter.until, filter.after, filter.limit);
      query.skip_to(9);
      for (const std::string& text : texts) query.with(text);
      while (query.next()) ids.push_back(query.message(0));
    }
    std::vector<MessageRecord> records;
    for (const MessageId& id : ids)
      if (auto record = message_record(db, id)) records.push_back(std::move(*record));
    return records;
  }

  std::shared_ptr<ReadPool> pool_;  // shared: see ReadPool
  ReadContext context_;
  const Clock& clock_;
  MonoTime deadline_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_reader(std::shared_ptr<ReadPool> pool, ReadContext context, const Clock& clock,
                                            Duration deadline) {
  try {
    return std::unique_ptr<Reader>(
        std::make_unique<SqliteReader>(std::move(pool), std::move(context), clock, clock.mono() + deadline));
  } catch (const Failure& failure) {
    return error_of(failure);
  }
}

Error error_of(const Failure& failure) {
  switch (failure.code & 0xFF) {
    case SQLITE_FULL: return Error{"store.full", failure.what};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Error{"store.corrupt", failure.what};
    case SQLITE_INTERRUPT: return Error{"store.deadline", failure.what};
    default: return Error{"store.io", failure.what};
  }
}

}  // namespace sluis::sqlite
