#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "bench/harness/measured_region.h"
#include "bench/store/open_store.h"
#include "bench/store/sides.h"
#include "bench/store/statements.h"
#include "bench/store/workload.h"

namespace sluis::bench {

namespace {

constexpr std::size_t segment_header = 12;

// What differs between messages.
struct Slot {
  std::uint64_t number = 0;
  std::uint64_t step = 0;
  std::string message = std::string(16, '\0');
  std::int64_t delivery = 0;
};

class BareProgram {
 public:
  BareProgram(const StoreRun& run, Recording recording)
      : run_(run),
        db_(run.folder + "/sluis.db", sqlite::Connection::Mode::write, ""),
        recording_(std::move(recording)),
        number_before_(Workload::digits(recording_.number)),
        customer_before_(Workload::customer(recording_.number)),
        body_(segment_header + run.body_octets, 'x'),
        slots_(run.producers),
        next_(run.first) {
    const std::string file = run.folder + "/segments/bare.seg";
    segment_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (segment_ < 0) give_up(file + " cannot be opened");
    sqlite3_wal_hook(
        db_.raw(),
        [](void* pages, sqlite3*, const char*, int count) {
          *static_cast<int*>(pages) = count;
          return SQLITE_OK;
        },
        &wal_pages_);
    for (auto* command : {&recording_.accept, &recording_.begin, &recording_.finish})
      for (const Statement& statement : *command) prepare(statement.sql);
  }
  ~BareProgram() {
    for (auto& [sql, prepared] : prepared_) sqlite3_finalize(prepared);
    ::close(segment_);
  }
  BareProgram(const BareProgram&) = delete;
  BareProgram& operator=(const BareProgram&) = delete;

  // All steps of so many messages; how many commits it took.
  std::uint64_t deliver(std::uint64_t messages) {
    const std::uint64_t end = next_ + messages;
    for (Slot& slot : slots_) slot.step = 3;
    std::uint64_t steps = 3 * messages, commits = 0;
    double allowed = 0;
    std::size_t at = 0;
    while (steps > 0) {
      allowed += run_.commands_per_commit;
      db_.execute("BEGIN IMMEDIATE");
      for (std::size_t idle = 0; allowed >= 1 && steps > 0 && idle < slots_.size(); at = (at + 1) % slots_.size()) {
        Slot& slot = slots_[at];
        if (slot.step == 3) {
          ++idle;
          if (next_ == end) continue;
          begin_message(slot);
        }
        idle = 0;
        take_step(slot);
        allowed -= 1;
        --steps;
      }
      commit();
      ++commits;
    }
    return commits;
  }

 private:
  void prepare(const std::string& sql) {
    sqlite3_stmt*& prepared = prepared_[sql];
    if (prepared == nullptr &&
        sqlite3_prepare_v3(db_.raw(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK)
      give_up(fmt::format("{}: {}", sqlite3_errmsg(db_.raw()), sql));
  }

  // A UUIDv7 as the store's would be: it sorts by time.
  void begin_message(Slot& slot) {
    slot.number = next_++;
    slot.step = 0;
    const auto ms = static_cast<std::uint64_t>(sqlite::microseconds(clock_.wall()) / 1000);
    for (unsigned i = 0; i < 6; ++i) slot.message[i] = static_cast<char>(ms >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; ++i) slot.message[6 + i] = static_cast<char>(slot.number >> (56 - 8 * i));
    slot.message[6] = static_cast<char>(0x70);
    slot.message[14] = static_cast<char>(hash_ >> 8U);
    slot.message[15] = static_cast<char>(hash_);
  }

  void take_step(Slot& slot) {
    const auto& command = slot.step == 0 ? recording_.accept : slot.step == 1 ? recording_.begin : recording_.finish;
    if (slot.step == 0) pending_ += body_;
    const std::int64_t later = sqlite::microseconds(clock_.wall()) - recording_.at;
    for (const Statement& statement : command) run(statement, slot, later);
    ++slot.step;
  }

  void run(const Statement& statement, Slot& slot, std::int64_t later) {
    sqlite3_stmt* prepared = prepared_.find(statement.sql)->second;
    int at = 0;
    for (const Parameter& parameter : statement.parameters) bind(prepared, ++at, parameter, slot, later);
    if (sqlite3_step(prepared) != SQLITE_DONE) give_up(fmt::format("{}: {}", sqlite3_errmsg(db_.raw()), statement.sql));
    if (statement.sql.starts_with("INSERT INTO deliveries(")) slot.delivery = db_.last_rowid();
    sqlite3_reset(prepared);
  }

  void bind(sqlite3_stmt* prepared, int at, const Parameter& parameter, const Slot& slot, std::int64_t later) {
    switch (parameter.stands) {
      case Stands::message:
        sqlite3_bind_blob(prepared, at, slot.message.data(), static_cast<int>(slot.message.size()), SQLITE_STATIC);
        return;
      case Stands::delivery: sqlite3_bind_int64(prepared, at, slot.delivery); return;
      case Stands::time: sqlite3_bind_int64(prepared, at, std::get<std::int64_t>(parameter.value) + later); return;
      case Stands::hash:
        // splitmix64: as scattered as a hash, and as good as free.
        hash_ += 0x9E3779B97F4A7C15U;
        sqlite3_bind_int64(prepared, at, static_cast<std::int64_t>((hash_ ^ (hash_ >> 30U)) * 0xBF58476D1CE4E5B9U));
        return;
      case Stands::numbered_text: {
        std::string text = std::get<std::string>(parameter.value);
        text.replace(text.find(number_before_), number_before_.size(), Workload::digits(slot.number));
        sqlite3_bind_text(prepared, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
        return;
      }
      case Stands::fixed: break;
    }
    if (const auto* integer = std::get_if<std::int64_t>(&parameter.value)) {
      sqlite3_bind_int64(prepared, at, *integer);
    } else if (const auto* bytes = std::get_if<std::string>(&parameter.value)) {
      const auto size = static_cast<int>(bytes->size());
      if (parameter.blob) {
        sqlite3_bind_blob(prepared, at, bytes->empty() ? "" : bytes->data(), size, SQLITE_STATIC);
      } else if (*bytes == customer_before_) {
        const std::string customer = Workload::customer(slot.number);
        sqlite3_bind_text(prepared, at, customer.data(), size, SQLITE_TRANSIENT);
      } else {
        sqlite3_bind_text(prepared, at, bytes->data(), size, SQLITE_STATIC);
      }
    } else {
      sqlite3_bind_null(prepared, at);
    }
  }

  void commit() {
    if (!pending_.empty()) {
      if (::write(segment_, pending_.data(), pending_.size()) != static_cast<ssize_t>(pending_.size()) ||
          ::fdatasync(segment_) != 0)
        give_up("the segment was not written");
      pending_.clear();
    }
    db_.execute("COMMIT");
    if (wal_pages_ < sqlite::Options{}.checkpoint_pages) return;
    sqlite3_wal_checkpoint_v2(db_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    wal_pages_ = 0;
  }

  const StoreRun run_;
  const SystemClock clock_;
  int wal_pages_ = 0;
  sqlite::Connection db_;
  const Recording recording_;
  const std::string number_before_, customer_before_, body_;
  std::map<std::string, sqlite3_stmt*> prepared_;
  std::vector<Slot> slots_;
  std::uint64_t next_;
  std::uint64_t hash_ = static_cast<std::uint64_t>(sqlite::microseconds(SystemClock{}.wall()));
  std::string pending_;
  int segment_ = -1;
};

}  // namespace

void run_bare_side(const StoreRun& run) {
  Recording recording = record_statements(run.folder, run.body_octets);
  const auto statements = recording.accept.size() + recording.begin.size() + recording.finish.size();
  BareProgram program(run, std::move(recording));
  program.deliver(run.warm_up);
  const MeasuredRegion region;
  const std::uint64_t commits = program.deliver(run.messages);
  auto values = region.finish();
  values["messages"] = static_cast<double>(run.messages);
  values["commits"] = static_cast<double>(commits);
  values["commands_per_commit"] = 3 * static_cast<double>(run.messages) / static_cast<double>(commits);
  values["statements"] = static_cast<double>(statements);
  report(values);
}

void weigh(const std::string& folder) {
  sqlite::Connection db(folder + "/sluis.db", sqlite::Connection::Mode::read, "");
  std::vector<std::string> tables;
  {
    sqlite::Query names(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    while (names.next()) tables.push_back(names.text(0));
  }
  double rows = 0, octets = 0;
  for (const std::string& table : tables) {
    std::string sum = "0";
    sqlite::Query columns(db, fmt::format("SELECT name FROM pragma_table_info('{}')", table));
    while (columns.next()) sum += fmt::format(" + ifnull(length(CAST(\"{}\" AS BLOB)), 0)", columns.text(0));
    sqlite::Query total(db, fmt::format("SELECT count(*), ifnull(sum({}), 0) FROM {}", sum, table));
    if (!total.next()) continue;
    rows += static_cast<double>(total.number(0));
    octets += static_cast<double>(total.number(1));
  }
  report({{"rows", rows}, {"octets", octets}});
}

}  // namespace sluis::bench
