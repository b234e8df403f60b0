// One configured channel with its context, and the list of all of them.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/channel/plugin.h"
#include "core/delivery/channel_directory.h"
#include "core/delivery/intake.h"
#include "gateway/channel_services.h"
#include "gateway/pauses.h"

namespace sluis::gateway {

// What every channel's context is made from. [Ownership] the gateway's; outlives all hosts.
struct HostServices {
  Store& store;
  Generations& generations;
  MessageIntake& intake;
  const Clock& clock;
  Executor& timers;
  Network network;
  Random& random;
  Log log;
  Metrics& metrics;
  Listeners& listeners;
  const Pauses& pauses;
  std::string gateway;   // gateway.name
  std::string node;      // who holds leases
};

// The context of one channel and the channel itself. [Lifetime] context first made, last destroyed.
class ChannelHost final : public ChannelContext {
 public:
  // `adapter` is null when no loaded adapter has the kind; the host then stays down and says so.
  ChannelHost(const HostServices& services, ChannelConfig config, const Adapter* adapter);
  ~ChannelHost() override;

  Status start();
  void stop(MonoTime deadline);
  [[nodiscard]] std::shared_ptr<Channel> instance() const { return instance_; }
  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] const ChannelConfig& config() const { return config_; }
  [[nodiscard]] Health health() const;
  // Until when the announced maintenance that it is in lasts, and why.
  [[nodiscard]] std::optional<MaintenanceWindow> maintenance() const;
  void accounts_changed(const AccountChanges& changes) { accounts_.changed(changes); }

  [[nodiscard]] const std::string& channel() const override { return config_.name; }
  [[nodiscard]] Environment environment() const override { return config_.environment; }
  [[nodiscard]] const std::string& gateway() const override { return services_.gateway; }
  [[nodiscard]] std::string at_rest() const override;
  Intake& intake() override { return *intake_; }
  Settlements& settlements() override { return settlements_; }
  Accounts& accounts() override { return accounts_; }
  Mailbox& mailbox() override { return mailbox_; }
  Messages& messages() override { return messages_; }
  Listeners& listeners() override { return services_.listeners; }
  ChannelState& state() override { return state_; }
  ContentStore& content() override { return services_.store; }
  [[nodiscard]] const Clock& clock() const override { return services_.clock; }
  Executor& timers() override { return services_.timers; }
  Leases& leases() override { return leases_; }
  Network network() override { return services_.network; }
  Incidents& incidents() override { return incidents_; }
  Random& random() override { return services_.random; }
  const Log& log() override { return log_; }
  Metrics& metrics() override { return services_.metrics; }

 private:
  const HostServices services_;
  const ChannelConfig config_;
  const Log log_;
  std::unique_ptr<Intake> intake_;
  StoreSettlements settlements_;
  GenerationAccounts accounts_;
  StoreMailbox mailbox_;
  StoreMessages messages_;
  StoreChannelState state_;
  StoreLeases leases_;
  StoreIncidents incidents_;
  std::shared_ptr<Channel> instance_;   // shared: the engine may be handing it an attempt while a reload drops it
  std::string trouble_;                 // why it is not up
  std::atomic<bool> up_{false};
};

// All channels of the current generation. [Threading] find, open, all: any thread; the rest from the gateway's.
class ChannelHosts final : public ChannelDirectory {
 public:
  ChannelHosts(const HostServices& services, const AdapterRegistry& adapters) : services_(services), adapters_(adapters) {}

  // Makes the channels of the generation without starting them, so that deliveries can be identified.
  void make(const Generation& generation);
  void start_all();
  // Takes over a new generation: stops what went or changed, makes and starts what came or changed, tells the rest of
  // changed accounts. What did not change is not touched.
  void change(const Generation& next, const std::vector<std::string>& removed, const std::vector<std::string>& changed,
              const std::vector<std::string>& added, MonoTime deadline);
  void tell_accounts(const std::string& channel, const AccountChanges& changes);
  void stop_all(MonoTime deadline);

  [[nodiscard]] std::shared_ptr<Channel> find(std::string_view name) const override;
  [[nodiscard]] bool open(std::string_view name) const override;
  [[nodiscard]] bool resting(std::string_view name) const override;
  [[nodiscard]] std::vector<PausedPart> paused_parts(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<ChannelHost> host(std::string_view name) const;
  [[nodiscard]] std::vector<std::shared_ptr<ChannelHost>> all() const;

 private:
  std::shared_ptr<ChannelHost> make_host(const ChannelConfig& config);
  const HostServices services_;
  const AdapterRegistry& adapters_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ChannelHost>, std::less<>> hosts_;   // shared: readers of the list keep what they found
};

}  // namespace sluis::gateway
