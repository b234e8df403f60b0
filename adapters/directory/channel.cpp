#include "adapters/directory/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <nlohmann/json.hpp>

#include "adapters/directory/file_name.h"
#include "adapters/directory/outbox.h"

namespace sluis::directory {

struct DirectoryChannel::Folder {
  std::shared_ptr<const Account> account;   // shared with the generation it came from
  std::mutex mutex;                         // guards what follows
  Pickup pickup;
  std::set<std::string> in_flight;          // taken, not yet answered by the intake
  bool scan_requested = false, scanning = false, look_scheduled = false, missing = false, removed = false;
  int watch = -1;

  Folder(std::shared_ptr<const Account> a, Duration stable_for)
      : account(std::move(a)), pickup(account->settings.text("pickup"), stable_for) {}
};

DirectoryChannel::DirectoryChannel(const ChannelConfig& config, ChannelContext& context)
    : config_(config), context_(context), stable_for_(config.settings.duration("stable-for")),
      rescan_every_(config.settings.duration("rescan")), size_most_(static_cast<std::uint64_t>(config.settings.integer("max-size"))),
      archive_(config.settings.text("after") == "archive"),
      in_flight_most_(static_cast<std::size_t>(config.settings.integer("in-flight"))) {}

DirectoryChannel::~DirectoryChannel() { stop(context_.clock().mono()); }

Status DirectoryChannel::start() {
  pool_ = std::make_unique<WorkerPool>(static_cast<std::size_t>(config_.settings.integer("threads")));
  if (context_.network().loops != nullptr)
    notifier_ = std::make_unique<Notifier>(
        context_.network().loops->next(),
        [this](int watch, std::string_view name) {
          FolderPtr folder;
          {
            const std::lock_guard lock(mutex_);
            const auto at = by_watch_.find(watch);
            if (at != by_watch_.end()) folder = at->second.lock();
          }
          if (folder == nullptr) return;
          if (!name.empty()) {
            const std::lock_guard lock(folder->mutex);
            folder->pickup.renamed_in(name);
          }
          request_scan(folder);
        },
        [this] {
          const std::lock_guard lock(mutex_);
          for (const auto& [customer, folder] : folders_) request_scan(folder);
        });
  {
    const std::lock_guard lock(mutex_);
    started_ = true;
  }
  for (const auto& account : context_.accounts().all()) watch_account(account);
  context_.accounts().on_change(liveness_.guarded([this](const AccountChanges& changes) {
    for (const auto& account : changes.removed) forget_account(account->customer);
    for (const auto& account : changes.changed) {
      forget_account(account->customer);
      watch_account(account);
    }
    for (const auto& account : changes.added) watch_account(account);
  }));
  schedule_rescan();
  return {};
}

void DirectoryChannel::stop(MonoTime) {
  liveness_.end();
  if (pool_ != nullptr) pool_->stop();   // what is being written or read finishes; what waits is dropped, and attempts end as Retry
  notifier_.reset();                     // after the pool, whose scans use it
  const std::lock_guard lock(mutex_);
  started_ = false;
}

void DirectoryChannel::watch_account(const std::shared_ptr<const Account>& account) {
  if (account->settings.text("pickup").empty()) return;   // answers and reports only
  const auto folder = std::make_shared<Folder>(account, stable_for_);
  {
    const std::lock_guard lock(mutex_);
    folders_[account->customer] = folder;
  }
  request_scan(folder);
}

void DirectoryChannel::forget_account(const std::string& customer) {
  FolderPtr folder;
  {
    const std::lock_guard lock(mutex_);
    const auto at = folders_.find(customer);
    if (at == folders_.end()) return;
    folder = at->second;
    folders_.erase(at);
  }
  const std::lock_guard lock(folder->mutex);
  folder->removed = true;
  if (notifier_ != nullptr) notifier_->remove(folder->watch);
  context_.incidents().close("pickup/" + customer);
}

void DirectoryChannel::request_scan(const FolderPtr& folder) {
  {
    const std::lock_guard lock(folder->mutex);
    if (folder->scan_requested || folder->removed) return;
    folder->scan_requested = true;
  }
  if (!pool_->post([this, folder] { scan(folder); })) {
    const std::lock_guard lock(folder->mutex);
    folder->scan_requested = false;   // stopping, or the pool is full: the rescan comes again
  }
}

void DirectoryChannel::scan(const FolderPtr& folder) {
  std::vector<std::string> ready;
  bool waiting = false;
  {
    // One scan of a folder at a time; a second request waits behind this lock and finds what the first left.
    const std::lock_guard lock(folder->mutex);
    folder->scan_requested = false;
    if (folder->removed || !context_.at_rest().empty()) return;  // the rescan comes again
    if (notifier_ != nullptr && folder->watch < 0) {
      if (auto watch = notifier_->add(folder->pickup.folder()); watch) {
        folder->watch = *watch;
        const std::lock_guard all(mutex_);
        by_watch_[*watch] = folder;
      }
    }
    auto found = folder->pickup.scan(context_.clock().mono());
    if (!found) {
      folder->watch = -1;   // the folder may come back as another one
      trouble(folder, found.error());
      return;
    }
    if (folder->missing) {
      folder->missing = false;
      context_.incidents().close("pickup/" + folder->account->customer);
      const std::lock_guard all(mutex_);
      --missing_;
    }
    waiting = found->waiting;
    for (std::string& name : found->complete) {
      if (folder->in_flight.size() >= in_flight_most_) break;   // the rest is taken as answers come
      if (folder->in_flight.insert(name).second) ready.push_back(std::move(name));
    }
  }
  for (const std::string& name : ready)
    if (!pool_->post([this, folder, name] { take(folder, name); })) release(folder, name);
  if (waiting) schedule_look(folder);
}

void DirectoryChannel::take(const FolderPtr& folder, const std::string& name) {
  auto taken = take_file(folder->pickup.folder(), name, size_most_, context_.content());
  if (const auto* failed = std::get_if<TakeError>(&taken)) {
    switch (failed->trouble) {
      case TakeTrouble::changed: schedule_look(folder); break;
      case TakeTrouble::vanished: break;
      case TakeTrouble::io: trouble(folder, Error{"pickup.io", failed->text}); break;
      case TakeTrouble::too_large: refuse(folder, name, nullptr, "file.too-large", failed->text); break;
      case TakeTrouble::empty: refuse(folder, name, nullptr, "file.empty", failed->text); break;
      case TakeTrouble::not_regular: refuse(folder, name, nullptr, "file.not-regular", failed->text); break;
    }
    release(folder, name);
    return;
  }
  auto& file = std::get<TakenFile>(taken);
  Arrival arrival;
  Part part;
  part.file_name = name;
  part.content = file.content;
  arrival.key = dedupe_key(folder->account->customer, name, file);
  arrival.parts.push_back(std::move(part));
  arrival.from = AccountRef{config_.name, folder->account->customer, true};
  arrival.attributes.set("file.name", name);
  if (const std::string flow = folder->account->settings.text("flow"); !flow.empty()) arrival.attributes.set(attribute::flow, flow);
  context_.intake().accept(std::move(arrival), liveness_.guarded([this, folder, name, stamp = file.stamp](const IntakeResult& result) {
    // The callback must not block: the pool does the disk work.
    if (!pool_->post([this, folder, name, stamp, result] { answered(folder, name, stamp, result); })) release(folder, name);
  }));
}

void DirectoryChannel::answered(const FolderPtr& folder, const std::string& name, const FileStamp& stamp, const IntakeResult& result) {
  if (const auto* accepted = std::get_if<Accepted>(&result)) {
    if (accepted->duplicate)
      context_.log().info("directory.again", "a file was found again that had been accepted before; it is cleared away",
                          {{"customer", folder->account->customer}, {"file", name}, {"message", accepted->id.text()}});
    if (auto cleared = clear_file(folder->pickup.folder(), name, stamp, archive_ ? std::string(archive_folder) : ""); !cleared)
      trouble(folder, cleared.error());
  } else {
    const auto& refusal = std::get<Refusal>(result);
    if (refusal.temporary)
      context_.log().warning("directory.later", "the file stays in the folder and is tried again",
                             {{"customer", folder->account->customer}, {"file", name}, {"reason", refusal.error.what}});
    else
      refuse(folder, name, &stamp, refusal.error.code, refusal.error.what);
  }
  release(folder, name);
  bool more = false;
  {
    const std::lock_guard lock(folder->mutex);
    more = folder->in_flight.empty();   // a window is through: look for what did not fit in it
  }
  if (more && std::holds_alternative<Accepted>(result)) request_scan(folder);
}

void DirectoryChannel::refuse(const FolderPtr& folder, const std::string& name, const FileStamp* stamp, std::string_view code, std::string_view reason) {
  context_.metrics().counter("sluis_directory_refused_total", "Files refused at the door", {{"channel", config_.name}, {"code", std::string(code)}}).add();
  context_.log().warning("directory.refused", "a file was refused and moved aside",
                         {{"customer", folder->account->customer}, {"file", name}, {"code", code}, {"reason", reason}});
  // The reason first: a file that is gone without a word would be the worse half of a crash between the two.
  const std::string outbox = folder->account->settings.text("deliver");
  const std::string report_folder = outbox.empty() ? folder->pickup.folder() + "/" + std::string(refused_folder) : outbox;
  const nlohmann::json report = {{"file", plain_file_name(name)}, {"state", "refused"}, {"code", code}, {"reason", reason},
                                 {"at", to_rfc3339(context_.clock().wall())}};
  if (outbox.empty()) ::mkdir(report_folder.c_str(), 0750);
  const std::string report_name = fmt::format("{}.{}.refused.json", plain_file_name(name), to_hex(sha256(reason)).substr(0, 8));
  if (auto written = write_file(report_folder, report_name, report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
      !written && written.error().code != "outbox.exists")
    trouble(folder, written.error());
  FileStamp now;
  if (stamp != nullptr) {
    now = *stamp;
  } else {
    struct stat info {};
    if (::lstat((folder->pickup.folder() + "/" + name).c_str(), &info) != 0) return;
    now = {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
           static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
  }
  if (auto moved = clear_file(folder->pickup.folder(), name, now, std::string(refused_folder)); !moved) trouble(folder, moved.error());
}

void DirectoryChannel::release(const FolderPtr& folder, const std::string& name) {
  const std::lock_guard lock(folder->mutex);
  folder->in_flight.erase(name);
}

void DirectoryChannel::trouble(const FolderPtr& folder, const Error& error) {
  context_.log().warning("directory.trouble", error.what, {{"customer", folder->account->customer}, {"code", error.code}});
  context_.incidents().open("pickup/" + folder->account->customer, Severity::warning, error.what, folder->account->customer);
  const std::lock_guard all(mutex_);
  if (!folder->missing) ++missing_;
  folder->missing = true;
}

void DirectoryChannel::schedule_rescan() {
  context_.timers().schedule(context_.clock().mono() + rescan_every_, liveness_.guarded([this] {
    std::vector<FolderPtr> folders;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [customer, folder] : folders_) folders.push_back(folder);
    }
    for (const FolderPtr& folder : folders) request_scan(folder);
    schedule_rescan();
  }));
}

void DirectoryChannel::schedule_look(const FolderPtr& folder) {
  {
    const std::lock_guard lock(folder->mutex);
    if (folder->look_scheduled) return;
    folder->look_scheduled = true;
  }
  context_.timers().schedule(context_.clock().mono() + stable_for_, liveness_.guarded([this, folder] {
    {
      const std::lock_guard lock(folder->mutex);
      folder->look_scheduled = false;
    }
    request_scan(folder);
  }));
}

// The message's id; an operator's "resend as new" is another file.
Identity DirectoryChannel::identify(const Delivery& delivery) const {
  const std::string_view again = delivery.options.get("as-new");
  std::string name = delivery.message->id.text();
  if (!again.empty()) name.append(".").append(again);
  return Identity{std::move(name), {}};
}

// An attempt on its way through the pool. One that the pool drops unrun has touched nothing: Retry, and not in doubt.
class DirectoryChannel::Queued {
 public:
  explicit Queued(Attempt attempt) : attempt_(std::move(attempt)) {}
  Queued(const Queued&) = delete;
  Queued& operator=(const Queued&) = delete;
  ~Queued() {
    if (run_) return;
    attempt_.finish(Outcome::retry(Retry::Scope::message, Error{"channel.stopping", "the channel is stopping, or the attempt was cancelled"}));
  }
  void run(DirectoryChannel& channel) {
    if (attempt_.cancelled()) return;   // nothing has been written: ends as one that was never run
    run_ = true;
    attempt_.finish(channel.write_out(attempt_.delivery()));
  }

 private:
  Attempt attempt_;
  bool run_ = false;
};

void DirectoryChannel::deliver(Attempt attempt) {
  const auto queued = std::make_shared<Queued>(std::move(attempt));   // shared: a std::function must be copyable
  const bool posted = pool_ != nullptr && pool_->post([this, queued] { queued->run(*this); });
  static_cast<void>(posted);   // refused: `queued` goes here and says so
}

Outcome DirectoryChannel::write_out(const Delivery& delivery) {
  const auto account = context_.accounts().find(delivery.destination.account);
  if (account == nullptr || account->settings.text("deliver").empty())
    return Outcome::retry(Retry::Scope::account, Error{"account.missing", fmt::format("customer {} has no deliver folder on this channel", delivery.destination.account)});
  std::string folder = account->settings.text("deliver");
  if (!delivery.destination.address.empty()) folder += "/" + plain_file_name(delivery.destination.address);
  const bool with_original = account->settings.boolean("with-original");
  const std::string identity = delivery.identity.value.empty() ? identify(delivery).value : delivery.identity.value;
  Receipt receipt;
  std::size_t written = 0;
  for (const Part& part : delivery.message->parts) {
    if (part.role == PartRole::original && !with_original && delivery.message->parts.size() > 1) continue;
    // Reports have a name of their own, made unique by the engine.
    const bool report = delivery.message->attributes.get(attribute::kind) == "report";
    const std::string name = report && !part.file_name.empty() ? plain_file_name(part.file_name) : outbox_file_name(identity, written, part);
    if (auto done = write_file(folder, name, part.content, context_.content()); !done) {
      const Error& error = done.error();
      if (error.code == "content.corrupt") return Outcome::held(error.what);
      if (error.code == "outbox.exists") return Outcome::held(error.what);
      return Outcome::retry(error.code == "outbox.full" ? Retry::Scope::channel : Retry::Scope::account, error);
    }
    receipt.text += (receipt.text.empty() ? "written to " : ", ") + name;
    receipt.details.set(fmt::format("file.{}.sha256", written + 1), to_hex(part.content.sha256));
    ++written;
  }
  if (written == 0) return Outcome::held("the message has no part to write");
  receipt.details.set("folder", folder);
  return Outcome::delivered(std::move(receipt));
}

void DirectoryChannel::probe(const Account* account, ProbeReport& report) {
  if (account == nullptr) {
    report.failed("account", "a directory has no account of its own; name a customer");
    return;
  }
  for (const char* const setting : {"pickup", "deliver"}) {
    const std::string folder = account->settings.text(setting);
    if (folder.empty()) {
      report.passed(setting, "not configured");
      continue;
    }
    // Nothing is written: access(2) answers for the ids the gateway runs under.
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) == 0) report.passed(setting, folder + " can be read and written");
    else report.failed(setting, fmt::format("{}: {}", folder, std::strerror(errno)));   // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe
  }
}

Health DirectoryChannel::health() const {
  const std::lock_guard lock(mutex_);
  if (!started_) return {Health::State::stopped, ""};
  if (missing_ == 0) return {Health::State::up, fmt::format("{} folders", folders_.size())};
  return {Health::State::degraded, fmt::format("{} of {} folders cannot be read", missing_, folders_.size())};
}

}  // namespace sluis::directory
