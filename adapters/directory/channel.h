// The `directory` channel: a customer drops files in a folder and finds answers and reports in another.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "adapters/directory/notifier.h"
#include "adapters/directory/pickup.h"
#include "core/channel/adapter.h"
#include "core/channel/liveness.h"
#include "core/runtime/worker_pool.h"

namespace sluis::directory {

// Pickup: inotify says where to look, a rescan every so often finds what inotify missed (network file systems, overflow,
// files that were there before). A file is taken when complete, and removed only after the intake said that it is durable;
// a crash in between is found again by its dedupe key. What is refused is moved aside, and the reason is written beside
// the answers. Outbox: temporary name, fsync, rename, fsync of the folder.
// [Ownership] made by the adapter. [Threading] as Channel; disk work runs in its own pool.
class DirectoryChannel final : public Channel {
 public:
  DirectoryChannel(const ChannelConfig& config, ChannelContext& context);
  ~DirectoryChannel() override;

  Status start() override;
  void stop(MonoTime deadline) override;
  [[nodiscard]] Identity identify(const Delivery& delivery) const override;
  void deliver(Attempt attempt) override;
  void probe(const Account* account, ProbeReport& report) override;
  [[nodiscard]] Health health() const override;

 private:
  struct Folder;
  class Queued;
  using FolderPtr = std::shared_ptr<Folder>;   // shared: work in the pool outlives an account that a reload removed

  void watch_account(const std::shared_ptr<const Account>& account);
  void forget_account(const std::string& customer);
  void request_scan(const FolderPtr& folder);
  void scan(const FolderPtr& folder);
  void take(const FolderPtr& folder, const std::string& name);
  void answered(const FolderPtr& folder, const std::string& name, const FileStamp& stamp, const IntakeResult& result);
  void refuse(const FolderPtr& folder, const std::string& name, const FileStamp* stamp, std::string_view code, std::string_view reason);
  void release(const FolderPtr& folder, const std::string& name);
  void schedule_rescan();
  void schedule_look(const FolderPtr& folder);
  Outcome write_out(const Delivery& delivery);
  void trouble(const FolderPtr& folder, const Error& error);

  const ChannelConfig config_;
  ChannelContext& context_;
  const Duration stable_for_, rescan_every_;
  const std::uint64_t size_most_;
  const bool archive_;
  const std::size_t in_flight_most_;

  std::unique_ptr<WorkerPool> pool_;

  mutable std::mutex mutex_;                           // guards what follows
  std::map<std::string, FolderPtr> folders_;           // by customer
  std::map<int, std::weak_ptr<Folder>> by_watch_;      // by inotify watch descriptor
  std::size_t missing_ = 0;                            // folders that cannot be read now
  bool started_ = false;
  std::unique_ptr<Notifier> notifier_;                 // null where no event loop is given: the rescan alone finds files
  Liveness liveness_;   // what comes back later (timers, the intake, a reload) is guarded by it
};

// The settings of the kind, for the adapter's table.
inline constexpr std::string_view refused_folder = ".refused";
inline constexpr std::string_view archive_folder = ".done";

}  // namespace sluis::directory
