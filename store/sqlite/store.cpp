#include "store/sqlite/store.h"

#include <fmt/format.h>

#include <filesystem>

#include "store/sqlite/incidents.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/schema.h"

namespace sluis::sqlite {

struct SqliteStore::Meters {
  explicit Meters(Metrics& metrics)
      : commands(metrics.counter("sluis_store_commands_total", "Commands committed or refused")),
        refused(metrics.counter("sluis_store_refused_total", "Commands refused")),
        failures(metrics.counter("sluis_store_failures_total", "Batches that failed and were rolled back")),
        commits(metrics.counter("sluis_store_commits_total", "Transactions committed")),
        checkpoints(metrics.counter("sluis_store_checkpoints_total", "WAL checkpoints")),
        commit_seconds(
            metrics.seconds("sluis_store_commit_seconds", "One batch, from its first command to its durable end")) {}
  Metrics::Counter &commands, &refused, &failures, &commits, &checkpoints;
  Metrics::Histogram& commit_seconds;
};

namespace {

bool sync_failed(const Failure& failure) {
  return failure.code == SQLITE_IOERR_FSYNC || failure.code == SQLITE_IOERR_DIR_FSYNC;
}

Failure failure_of(const Error& error) {
  if (error.code == "store.full") return {SQLITE_FULL, error.what};
  if (error.code == "store.fsync") return {SQLITE_IOERR_FSYNC, error.what};
  return {SQLITE_IOERR, error.what};
}

// Failures that end the transaction itself; after any other, the commands before and after go on.
bool ends_batch(const Failure& failure) {
  switch (failure.code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_INTERRUPT: return true;
    default: return false;
  }
}

}  // namespace

SqliteStore::SqliteStore(const Options& options, const Clock& clock, const Log& log, Metrics* metrics, FolderLock lock)
    : options_(options),
      low_water_(options.low_water_bytes),
      clock_(clock),
      log_(log),
      meters_(metrics == nullptr ? nullptr : std::make_unique<Meters>(*metrics)),
      lock_(std::move(lock)),
      file_(options.folder + "/sluis.db"),
      disk_(options.disk == nullptr ? Disk::system() : *options.disk),
      segments_(options.folder + "/segments", options.segment_bytes, disk_),
      spool_(options.folder + "/spool", clock, disk_,
             {[this]() -> Status {
                std::string full = full_text();
                if (!full.empty()) return Error{"store.full", full};
                return {};
              },
              [this](const Error& error) { go_down(error.what); }}),
      readers_(std::make_shared<ReadPool>(file_, options.vfs, options.read_connections)) {}

Result<std::unique_ptr<SqliteStore>> SqliteStore::make(const Options& options, const Clock& clock, const Log& log,
                                                       Metrics* metrics) {
  std::error_code error;
  const bool created = std::filesystem::create_directories(options.folder, error);
  if (error)
    return Error{"store.io", fmt::format("cannot make the data directory {}: {}", options.folder, error.message())};
  if (created) {
    const std::string parent = (std::filesystem::absolute(options.folder) / "..").string();
    if (auto synced = sync_folder(options.disk == nullptr ? Disk::system() : *options.disk, parent); !synced.ok())
      return synced.error();
  }
  auto lock = FolderLock::take(options.folder);
  if (!lock.ok()) return lock.error();
  std::unique_ptr<SqliteStore> store(new SqliteStore(options, clock, log, metrics, std::move(lock).value()));
  try {
    if (auto opened = store->open_database(); !opened.ok()) return opened.error();
  } catch (const Failure& failure) {
    return error_of(failure).in(store->file_);
  }
  if (options.threading == Options::Threading::own_thread)
    store->thread_ = std::thread([self = store.get()] { self->run_writer(); });
  return store;
}

Result<VerifyReport> SqliteStore::verify_stopped(const Options& options, const Clock& clock,
                                                 const std::vector<std::string>& seal_lines) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(options.folder + "/sluis.db", error))
    return Error{"store.unknown", fmt::format("{} is no data directory: there is no sluis.db in it", options.folder)};
  auto lock = FolderLock::take(options.folder);
  if (!lock.ok()) return lock.error();
  SqliteStore store(options, clock, Log{}, nullptr, std::move(lock).value());
  auto reader = store.read(std::chrono::hours{24});
  if (!reader.ok()) return reader.error().in(store.file_);
  return reader.value()->verify(seal_lines);
}

Status SqliteStore::open_database() {
  for (const char* name : {"/segments", "/spool"})
    if (auto made = make_folder(disk_, options_.folder + name); !made.ok()) return made;
  const std::optional<WalTail> tail = keep_unreadable_wal();
  writer_ = std::make_unique<Connection>(file_, Connection::Mode::write, options_.vfs);
  if (auto migrated = migrate(*writer_, file_); !migrated.ok()) return migrated;
  if (auto synced = sync_folder(disk_, options_.folder); !synced.ok()) return synced;
  Query(*writer_, "INSERT INTO meta(name, value) VALUES('epoch', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1")
      .run();
  Query epoch(*writer_, "SELECT value FROM meta WHERE name = 'epoch'");
  work_.emplace(Work{*writer_,
                     segments_,
                     options_.folder + "/segments",
                     std::string(options_.seal_key.reveal()),
                     epoch.next() ? epoch.number(0) : 0,
                     false,
                     options_.key_period_days,
                     {}});
  sqlite3_wal_hook(
      writer_->raw(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteStore*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  auto opened = spool_.open([this](const std::string& id) {
    Query query(*writer_, "SELECT 1 FROM spool WHERE id = ?");
    return query.with(id).next();
  });
  if (!opened.ok()) return opened;
  tell_of_wal(tail);
  claim_connection_ = std::make_unique<Connection>(file_, Connection::Mode::read, options_.vfs);
  return {};
}

std::optional<WalTail> SqliteStore::keep_unreadable_wal() {
  auto tail = unreadable_tail(file_ + "-wal");
  if (!tail) return tail;
  const std::string copy = fmt::format("{}-wal.unreadable-{}", file_, microseconds(clock_.wall()));
  std::error_code error;
  std::filesystem::copy_file(file_ + "-wal", copy, std::filesystem::copy_options::overwrite_existing, error);
  tail->text += error ? fmt::format("; a copy could not be kept: {}", error.message()) : "; a copy is kept as " + copy;
  tail->text +=
      tail->damaged()
          ? ". The disk has changed what was written: what these commits held is lost here, and may be in the "
            "copy and at the peers"
          : ". If the power or the machine failed in the middle of a commit, nothing that was acknowledged is "
            "missing; if not, the disk has changed what was written";
  return tail;
}

void SqliteStore::tell_of_wal(const std::optional<WalTail>& tail) {
  IncidentChange change;
  change.action = tail ? IncidentAction::open : IncidentAction::close;
  change.key = "store/wal";
  change.at = clock_.wall();
  if (tail) {
    change.severity = tail->damaged() ? Severity::critical : Severity::warning;
    change.text = tail->text;
    log_.error("store.wal", "the WAL was not read to its end", {{"what", tail->text}});
  }
  work_->effects = {};
  Query(*writer_, "BEGIN IMMEDIATE").run();
  change_incident(*work_, change);
  Query(*writer_, "COMMIT").run();
  // Another log begins, so that the frames left behind are not met again.
  if (tail) checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

SqliteStore::~SqliteStore() {
  close();
}

void SqliteStore::submit(Command command, CommandCallback done) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (!stopping_) {
      queue_.push_back({std::move(command), std::move(done)});
      queue_ready_.notify_one();
      return;
    }
  }
  done(Error{"store.down", "the store is closed"});
}

void SqliteStore::run_writer() {
  for (;;) {
    {
      std::unique_lock lock(queue_mutex_);
      queue_ready_.wait(lock, [this] { return !queue_.empty() || stopping_; });
      if (queue_.empty() || (stopping_ && !draining_)) return;
    }
    pump();
  }
}

std::deque<SqliteStore::Waiting> SqliteStore::take_batch() {
  const std::lock_guard lock(queue_mutex_);
  std::deque<Waiting> batch;
  while (!queue_.empty() && batch.size() < options_.batch_most) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

std::size_t SqliteStore::pump() {
  std::deque<Waiting> batch = take_batch();
  if (!batch.empty()) run_batch(batch);
  return batch.size();
}

void SqliteStore::run_batch(std::deque<Waiting>& batch) {
  {
    std::unique_lock lock(state_mutex_);
    if (!down_.empty()) {
      const Error down{"store.down", down_};
      lock.unlock();
      for (Waiting& waiting : batch) waiting.done(down);
      return;
    }
  }
  const MonoTime begun = clock_.mono();
  Effects effects;
  std::vector<CommandResult> results;
  {
    const std::lock_guard lock(writer_mutex_);
    if (!writer_) {
      for (Waiting& waiting : batch) waiting.done(Error{"store.down", "the store is closed"});
      return;
    }
    try {
      results = commit(batch, effects);
    } catch (const Failure& failure) {
      roll_back();
      answer_failure(batch, failure);
      return;
    }
    {
      const std::lock_guard state(state_mutex_);
      failing_.clear();
    }
    after_commit(effects);
  }
  if (meters_) {
    meters_->commits.add();
    meters_->commands.add(static_cast<double>(batch.size()));
    meters_->commit_seconds.observe(std::chrono::duration<double>(clock_.mono() - begun).count());
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (meters_ && !results[i].ok()) meters_->refused.add();
    batch[i].done(std::move(results[i]));
  }
  tell(effects);
  const std::lock_guard lock(writer_mutex_);
  if (writer_) checkpoint_if_due();
}

std::vector<CommandResult> SqliteStore::commit(std::deque<Waiting>& batch, Effects& effects) {
  std::vector<CommandResult> results;
  results.reserve(batch.size());
  work_->full = !full_text().empty();
  Query(*writer_, "BEGIN IMMEDIATE").run();
  for (Waiting& waiting : batch) {
    work_->effects = {};
    CommandResult result = CommandValue{};
    const std::size_t mark = segments_.mark();
    try {
      result = in_savepoint(*work_, [&] { return apply_command(*work_, waiting.command); });
    } catch (const Failure& failure) {
      if (ends_batch(failure) || !writer_->in_transaction()) throw;
      // A broken page or row met by one command is that command's: the others go on.
      Query(*writer_, "ROLLBACK TO command").run();
      Query(*writer_, "RELEASE command").run();
      segments_.rollback(mark);
      work_->effects = {};
      result = error_of(failure);
      log_.error("store.command", "a command met a fault of the database", {{"error", failure.what}});
    }
    if (!result.ok()) {
      if (const auto* accept = std::get_if<Accept>(&waiting.command))
        for (const Part& part : accept->message.parts)
          if (auto id = Spool::id_in(part.content.handle)) work_->effects.spool_unused.push_back(std::move(*id));
      if (const auto* begin = std::get_if<Begin>(&waiting.command)) work_->effects.ended.push_back(begin->delivery);
    }
    effects.merge(std::move(work_->effects));
    results.push_back(std::move(result));
  }
  sync_and_commit();
  return results;
}

void SqliteStore::sync_and_commit() {
  if (auto flushed = segments_.flush(); !flushed.ok()) throw failure_of(flushed.error());
  Query(*writer_, "COMMIT").run();
}

void SqliteStore::roll_back() {
  segments_.discard();
  work_->effects = {};
  if (writer_->in_transaction()) sqlite3_exec(writer_->raw(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void SqliteStore::go_down(const std::string& what) {
  const std::lock_guard lock(state_mutex_);
  // Whether the pages reached the disk is not known, and a second fsync would say yes without having written them.
  if (down_.empty())
    down_ = fmt::format("a sync of the disk failed ({}); nothing is accepted until the gateway is started again", what);
}

Error SqliteStore::note(const Failure& failure) {
  if (sync_failed(failure)) {
    go_down(failure.what);
    const std::lock_guard lock(state_mutex_);
    return {"store.down", down_};
  }
  const std::lock_guard lock(state_mutex_);
  failing_ = failure.what;
  return error_of(failure);
}

void SqliteStore::answer_failure(std::deque<Waiting>& batch, const Failure& failure) {
  if (meters_) meters_->failures.add();
  const Error answer = note(failure);
  log_.error("store.failure", "a batch was rolled back", {{"error", failure.what}, {"commands", batch.size()}});
  for (Waiting& waiting : batch) waiting.done(answer);
}

void SqliteStore::after_commit(Effects& effects) {
  claims_.release(effects.ended);
  for (const std::string& id : effects.spool_unused) {
    Query query(*writer_, "SELECT 1 FROM spool WHERE id = ?");
    if (!query.with(id).next()) spool_.remove(id);
  }
  if (!effects.purged) return;
  // Today's file stays even when it is empty of names: it is being appended to.
  segments_.purge(day_of(clock_.wall()), [this](std::int64_t day) {
    Query query(*writer_, "SELECT 1 FROM messages WHERE bodies = 1 AND received_at >= ? AND received_at < ? LIMIT 1");
    return query.with(start_of_day(day), start_of_day(day + 1)).next();
  });
}

void SqliteStore::tell(const Effects& effects) {
  std::function<void(const StoreChanges&)> listener;
  {
    const std::lock_guard lock(state_mutex_);
    listener = listener_;
  }
  if (!listener) return;
  StoreChanges changes;
  changes.channels_with_work.assign(effects.channels_with_work.begin(), effects.channels_with_work.end());
  changes.wakeups = effects.wakeups;
  changes.settled_elsewhere = effects.settled_elsewhere;
  if (!changes.channels_with_work.empty() || changes.wakeups || !changes.settled_elsewhere.empty()) listener(changes);
}

void SqliteStore::checkpoint_if_due() {
  if (wal_pages_ >= options_.checkpoint_pages) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

void SqliteStore::checkpoint(int mode) {
  const int code = sqlite3_wal_checkpoint_v2(writer_->raw(), nullptr, mode, nullptr, nullptr);
  wal_pages_ = 0;  // counts anew from the next commit; a reader may have kept some pages from going
  if (meters_) meters_->checkpoints.add();
  if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) return;
  const Failure failure{sqlite3_extended_errcode(writer_->raw()), sqlite3_errmsg(writer_->raw())};
  log_.error("store.checkpoint", "a checkpoint failed; the WAL keeps what it did not move", {{"error", failure.what}});
  if (sync_failed(failure)) go_down(failure.what);
}

Result<std::unique_ptr<Reader>> SqliteStore::read(Duration deadline) {
  return open_reader(readers_, {*this, claims_, std::string(options_.seal_key.reveal())}, clock_, deadline);
}

void SqliteStore::on_change(std::function<void(const StoreChanges&)> listener) {
  const std::lock_guard lock(state_mutex_);
  listener_ = std::move(listener);
}

std::uint64_t SqliteStore::free_space() const {
  return options_.free_space ? options_.free_space() : free_octets(options_.folder);
}

std::string SqliteStore::full_text() const {
  const std::uint64_t free = free_space();
  const std::uint64_t low_water = low_water_;
  if (free >= low_water) return {};
  return fmt::format(
      "{} MiB are free in {}, below the low-water mark of {} MiB: nothing new is accepted until there is room again",
      free >> 20U, options_.folder, low_water >> 20U);
}

std::string SqliteStore::trouble() const {
  {
    const std::lock_guard lock(state_mutex_);
    if (!down_.empty()) return down_;
    if (!failing_.empty()) return failing_;
  }
  return full_text();
}

Result<std::unique_ptr<ContentReader>> SqliteStore::open(const Content& content) {
  if (content.bytes) return memory_reader(content.bytes, content.sha256);
  if (const auto id = Spool::id_in(content.handle)) return spool_.read(*id, content);
  if (const auto place = SegmentPlace::parse(content.handle)) {
    auto bytes = read_segment(options_.folder + "/segments", *place, content.size);
    if (!bytes.ok()) return bytes.error();
    return memory_reader(std::make_shared<const std::string>(std::move(bytes).value()), content.sha256);
  }
  if (content.handle.empty() && content.size == 0)
    return memory_reader(std::make_shared<const std::string>(), content.sha256);
  return Error{"content.gone", fmt::format("\"{}\" is not a place of this store", content.handle)};
}

void SqliteStore::stop_writer(bool drain) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (stopping_) return;
    stopping_ = true;
    draining_ = drain;
    if (!drain) queue_.clear();
    queue_ready_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (drain)
    while (pump() > 0) {}
}

void SqliteStore::shut() {
  {
    const std::lock_guard lock(claim_mutex_);
    claim_connection_.reset();
  }
  readers_->close();
  const std::lock_guard lock(writer_mutex_);
  work_.reset();
  writer_.reset();
  lock_.reset();
}

void SqliteStore::close() {
  stop_writer(true);
  {
    const std::lock_guard lock(claim_mutex_);
    claim_connection_.reset();
  }
  readers_->close();
  {
    const std::lock_guard lock(writer_mutex_);
    bool down = false;
    {
      const std::lock_guard state(state_mutex_);
      down = !down_.empty();
    }
    // Without readers of ours the WAL is moved whole; after a failed sync nothing more is written.
    if (writer_ && work_ && !down) checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
  }
  shut();
}

void SqliteStore::crash() {
  stop_writer(false);
  shut();
}

Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock, const Log& log, Metrics* metrics) {
  auto store = SqliteStore::make(options, clock, log, metrics);
  if (!store.ok()) return store.error();
  return std::unique_ptr<Store>(std::move(store).value());
}

}  // namespace sluis::sqlite
