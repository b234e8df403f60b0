// A channel to the parcel office: right in everything, but for one mistake that it is told to make.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/channel/liveness.h"
#include "core/channel/plugin.h"
#include "core/runtime/worker_pool.h"
#include "tests/core/channel/conformance/mistakes.h"
#include "tests/core/channel/conformance/parcel_office.h"

namespace sluis::conformance::tests {

// [Threading] as Channel; parcels are handed in on a pool of its own, letters are fetched on the timers' thread.
class ParcelChannel final : public Channel {
 public:
  ParcelChannel(std::string name, ChannelContext& context, std::shared_ptr<ParcelOffice> office, Mistake mistake);
  ~ParcelChannel() override;

  Status start() override;
  void stop(MonoTime deadline) override;
  [[nodiscard]] Identity identify(const Delivery& delivery) const override;
  void deliver(Attempt attempt) override;
  void probe(const Account* account, ProbeReport& report) override;
  [[nodiscard]] Health health() const override;

 private:
  class Queued;
  [[nodiscard]] bool makes(Mistake mistake) const { return mistake_ == mistake; }
  [[nodiscard]] bool gave_up() const;
  Outcome hand_in(const Delivery& delivery);
  void poll();
  void fetch(const std::string& customer);
  void answered(const std::string& customer, const std::string& id, const IntakeResult& result);
  std::vector<std::shared_ptr<const Account>> accounts_to_poll();

  const std::string name_;
  ChannelContext& context_;
  const std::shared_ptr<ParcelOffice> office_;
  const Mistake mistake_;
  std::unique_ptr<WorkerPool> pool_;
  std::atomic<bool> started_{false}, stopping_{false};
  std::atomic<Duration::rep> stop_until_{0};
  std::atomic<int> sent_{0};
  mutable std::atomic<int> identified_{0};
  const int instance_;
  std::vector<std::shared_ptr<const Account>> at_start_;  // what the reload mistakes go by
  std::map<std::string, std::shared_ptr<const Account>> ever_;
  std::mutex mutex_;
  std::map<std::string, bool> on_its_way_;  // letters that the intake has not answered
  Liveness liveness_;                       // last: its end comes before that of what it guards
};

std::shared_ptr<Account> parcel_account(const std::string& customer);
// The adapter that makes it, with the office that the rig has put in place.
const PluginInfo* parcel_plugin();
struct ParcelSurroundings {
  std::shared_ptr<ParcelOffice> office;
  Mistake mistake = Mistake::none;
};
ParcelSurroundings& parcel_surroundings();

}  // namespace sluis::conformance::tests
