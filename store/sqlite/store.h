// The SQLite store (DESIGN §3.3): one writer that commits commands in groups, readers beside it.
//
// Why it is safe after a crash: bodies are synced before the commit that names them, the commit is synced before anyone
// is told, and what neither reached leaves only bytes that no row names. One connection does all writes and all
// checkpoints (two that checkpoint can corrupt the WAL in SQLite 3.40), and the data directory is locked, so that no
// other process does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/runtime/log.h"
#include "core/runtime/metrics.h"
#include "core/store/store.h"
#include "store/sqlite/claims.h"
#include "store/sqlite/folder_lock.h"
#include "store/sqlite/options.h"
#include "store/sqlite/read_pool.h"
#include "store/sqlite/spool.h"
#include "store/sqlite/wal_tail.h"
#include "store/sqlite/work.h"

namespace sluis::sqlite {

// [Ownership] Clock, Log's sink and Metrics outlive it. [Threading] as Store says; pump() and crash() are for tests
// with Threading::manual, on one thread.
class SqliteStore final : public Store {
 public:
  // Errors: "store.locked", "store.schema", "store.corrupt", "store.full", "store.io".
  static Result<std::unique_ptr<SqliteStore>> make(const Options& options, const Clock& clock, const Log& log,
                                                   Metrics* metrics);
  // Verifies a data directory that no gateway has open; its store is not changed. "store.unknown": there is none.
  static Result<VerifyReport> verify_stopped(const Options& options, const Clock& clock,
                                             const std::vector<std::string>& seal_lines);
  ~SqliteStore() override;

  void submit(Command command, CommandCallback done) override;
  Result<std::vector<Claim>> claim(const Holds& holds, WallTime now) override;
  void unclaim(const std::vector<DeliveryId>& deliveries) override;
  Result<std::unique_ptr<Reader>> read(Duration deadline) override;
  void on_change(std::function<void(const StoreChanges&)> listener) override;
  [[nodiscard]] std::string trouble() const override;
  void keep_free(std::uint64_t octets) override { low_water_ = octets; }
  Result<std::size_t> recover(const std::function<bool(const std::string& policy)>& hold_in_doubt) override;
  void close() override;

  std::unique_ptr<ContentWriter> write() override { return spool_.write(); }
  Result<std::unique_ptr<ContentReader>> open(const Content& content) override;

  // Runs what is queued now, at most one batch, on the calling thread; how many commands it answered.
  std::size_t pump();
  // What kill -9 leaves: commands that were not committed are gone without an answer, nothing is checkpointed. The
  // folder can be opened again.
  void crash();

 private:
  struct Waiting {
    Command command;
    CommandCallback done;
  };
  struct Meters;

  SqliteStore(const Options& options, const Clock& clock, const Log& log, Metrics* metrics, FolderLock lock);
  Status open_database();
  // Before anything is written over it: keeps a copy of a WAL that is not read to its end. After: the incident of it.
  std::optional<WalTail> keep_unreadable_wal();
  void tell_of_wal(const std::optional<WalTail>& tail);
  void run_writer();
  std::deque<Waiting> take_batch();
  void run_batch(std::deque<Waiting>& batch);
  // One transaction around the commands; the results in their order. Throws Failure when nothing of it was committed.
  std::vector<CommandResult> commit(std::deque<Waiting>& batch, Effects& effects);
  void sync_and_commit();
  void roll_back();
  void after_commit(Effects& effects);
  void tell(const Effects& effects);
  void checkpoint_if_due();
  void checkpoint(int mode);
  // Nothing is accepted any more. [Threading] any.
  void go_down(const std::string& what);
  // Remembers it as the trouble there is, and gives the answer for it; a failed sync ends the store.
  Error note(const Failure& failure);
  // Answers a whole batch with what failed.
  void answer_failure(std::deque<Waiting>& batch, const Failure& failure);
  [[nodiscard]] std::uint64_t free_space() const;
  [[nodiscard]] std::string full_text() const;
  void shut();
  void stop_writer(bool drain);

  Options options_;
  std::atomic<std::uint64_t> low_water_;
  const Clock& clock_;
  Log log_;
  std::unique_ptr<Meters> meters_;
  std::optional<FolderLock> lock_;
  std::string file_;

  std::mutex queue_mutex_;
  std::condition_variable queue_ready_;
  std::deque<Waiting> queue_;
  bool stopping_ = false, draining_ = false;

  // Who holds it may use the writer's connection: a batch, recover(), close().
  std::mutex writer_mutex_;
  std::unique_ptr<Connection> writer_;
  Disk& disk_;
  SegmentWriter segments_;
  Spool spool_;
  std::optional<Work> work_;
  int wal_pages_ = 0;

  std::shared_ptr<ReadPool> readers_;  // shared: with readers that are still out
  Claims claims_;
  std::mutex claim_mutex_;
  std::unique_ptr<Connection> claim_connection_;

  mutable std::mutex state_mutex_;
  std::string down_;     // permanent: a sync failed
  std::string failing_;  // the last batch failed; cleared by one that commits
  std::function<void(const StoreChanges&)> listener_;

  std::thread thread_;
};

// The store as the gateway uses it.
Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock, const Log& log, Metrics* metrics);

}  // namespace sluis::sqlite
