#include "store/sqlite/schema.h"

#include <fmt/format.h>

#include <array>

namespace sluis::sqlite {

namespace {

// Rows are lean (DESIGN §3.3): what is only read back travels in one packed blob with its checksum (rows.h), and a
// column exists where a query or a change needs it; `sum` is the CRC-32C over those that no blob's checksum covers. Ids are UUIDv7, so every index below except the open ones grows at
// its end. States are numbers of DeliveryState: 0 queued, 1 sending, 2 awaiting, 3 delivered, 4 blocked, 5 held, 6
// rejected, 7 expired, 8 cancelled.
constexpr const char* version_1 = R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE messages(
  id BLOB PRIMARY KEY, received_at INTEGER NOT NULL, customer TEXT NOT NULL, channel TEXT NOT NULL, flow TEXT NOT NULL,
  held TEXT, in_reply_to BLOB, bodies INTEGER NOT NULL, sum INTEGER NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX messages_age ON messages(bodies, received_at);
CREATE INDEX messages_held ON messages(id) WHERE held IS NOT NULL;
CREATE INDEX messages_reply ON messages(in_reply_to) WHERE in_reply_to IS NOT NULL;
CREATE TABLE deliveries(
  id INTEGER PRIMARY KEY AUTOINCREMENT, message BLOB NOT NULL, channel TEXT NOT NULL, customer TEXT NOT NULL,
  state INTEGER NOT NULL, due_at INTEGER NOT NULL, attempt INTEGER NOT NULL, flags INTEGER NOT NULL, lane INTEGER,
  behind INTEGER, resent_as INTEGER, resend_of INTEGER, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  reason TEXT NOT NULL, fixed BLOB NOT NULL, receipt BLOB, sum INTEGER NOT NULL);
CREATE INDEX deliveries_message ON deliveries(message);
CREATE INDEX deliveries_queued ON deliveries(channel, customer, due_at) WHERE state = 0;
CREATE INDEX deliveries_open ON deliveries(state, channel, customer) WHERE state IN (1, 2, 4, 5);
CREATE INDEX deliveries_behind ON deliveries(behind) WHERE behind IS NOT NULL;
CREATE TABLE timeline(row INTEGER PRIMARY KEY, message BLOB NOT NULL, seq INTEGER NOT NULL, entry BLOB NOT NULL, chain BLOB NOT NULL);
CREATE UNIQUE INDEX timeline_message ON timeline(message, seq);
CREATE TABLE lanes(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text TEXT NOT NULL, tail INTEGER NOT NULL, closed_by INTEGER);
CREATE INDEX lanes_hash ON lanes(hash);
CREATE TABLE gates(delivery INTEGER NOT NULL, opened_by INTEGER NOT NULL, about BLOB NOT NULL, attribute TEXT NOT NULL,
  PRIMARY KEY(delivery, opened_by, about, attribute)) WITHOUT ROWID;
CREATE INDEX gates_about ON gates(about);
CREATE TABLE wakeups(delivery INTEGER NOT NULL, kind INTEGER NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(delivery, kind, step)) WITHOUT ROWID;
CREATE INDEX wakeups_at ON wakeups(at);
CREATE TABLE key_periods(name TEXT PRIMARY KEY, until INTEGER NOT NULL, kind INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE spool(id TEXT PRIMARY KEY, uses INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state(channel TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(channel, key)) WITHOUT ROWID;
CREATE TABLE leases(name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL, token INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE incidents(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, opened_at INTEGER NOT NULL, closed_at INTEGER,
  count INTEGER NOT NULL, last BLOB NOT NULL);
CREATE UNIQUE INDEX incidents_open ON incidents(key) WHERE closed_at IS NULL;
CREATE TABLE tombstones(message BLOB PRIMARY KEY, entries INTEGER NOT NULL, chain BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE seals(n INTEGER PRIMARY KEY, at INTEGER NOT NULL, last_row INTEGER NOT NULL, heads BLOB NOT NULL, seal BLOB NOT NULL);
)";

constexpr std::array<const char*, schema_version> delivered_steps{version_1};

std::int64_t stored_version(Connection& writer) {
  Query query(writer, "PRAGMA user_version");
  return query.next() ? query.number(0) : 0;
}

}  // namespace

std::span<const char* const> schema_steps() { return delivered_steps; }

Status migrate(Connection& writer, const std::string& file, std::span<const char* const> steps) {
  const std::int64_t have = stored_version(writer);
  const auto known = static_cast<std::int64_t>(steps.size());
  if (have > known)
    return Error{"store.schema",
                 fmt::format("{} has schema version {}, and this program knows versions up to {}; run the newer "
                             "program that wrote it, or restore a backup from before it was upgraded",
                             file, have, known)};
  for (std::int64_t version = have; version < known; ++version) {
    writer.execute("BEGIN IMMEDIATE");
    try {
      writer.execute(steps[static_cast<std::size_t>(version)]);
      Query(writer, "INSERT OR REPLACE INTO meta(name, value) VALUES('schema', ?)").with(version + 1).run();
      writer.execute(fmt::format("PRAGMA user_version = {}", version + 1).c_str());
      writer.execute("COMMIT");
    } catch (const Failure&) {
      if (writer.in_transaction()) writer.execute("ROLLBACK");
      throw;
    }
  }
  return {};
}

}  // namespace sluis::sqlite
