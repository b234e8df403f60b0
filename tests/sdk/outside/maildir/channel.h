// The `maildir` channel.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "core/channel/adapter.h"
#include "core/channel/blocking_channel.h"
#include "core/channel/liveness.h"
#include "core/runtime/worker_pool.h"
#include "maildir/folder.h"

namespace maildir {

// Delivers a message as one mail under a name that is made of the delivery, so that an attempt after a crash finds what
// the one before it wrote. Picks up unread mails and removes each once the intake has it; a crash in between is found
// again by the mail's name, which is unique for ever (that is what a Maildir promises). [Threading] as Channel. Writing
// is BlockingChannel's, on its threads; looking and reading is done on one thread of its own.
class MaildirChannel final : public sluis::BlockingChannel {
 public:
  MaildirChannel(const sluis::ChannelConfig& config, sluis::ChannelContext& context);
  ~MaildirChannel() override;

  sluis::Status start() override;
  void stop(sluis::MonoTime deadline) override;
  sluis::Identity identify(const sluis::Delivery& delivery) const override;
  void probe(const sluis::Account* account, sluis::ProbeReport& report) override;
  sluis::Health health() const override;

 protected:
  sluis::Outcome deliver_blocking(const sluis::Delivery& delivery) override;

 private:
  using AccountPtr = std::shared_ptr<const sluis::Account>;  // shared: a reload may take the account away meanwhile
  void plan_scan();
  void scan();
  void scan_account(const AccountPtr& account);
  sluis::Result<sluis::Content> read(const Folder& folder, const std::string& name);
  void hand_in(const AccountPtr& account, const Folder& folder, const std::string& name);
  void answered(const AccountPtr& account, const Folder& folder, const std::string& name,
                const sluis::IntakeResult& result);
  void trouble(const AccountPtr& account, const sluis::Error& error);

  const sluis::ChannelConfig config_;
  sluis::ChannelContext& context_;
  const std::uint64_t size_most_;
  std::unique_ptr<sluis::WorkerPool> reading_;
  mutable std::mutex mutex_;                     // guards what follows
  std::map<std::string, std::string> troubles_;  // by customer
  std::set<std::string> on_its_way_;             // paths that the intake has not answered
  bool running_ = false;
  sluis::Liveness liveness_;  // last: it ends before what its functions use
};

}  // namespace maildir
