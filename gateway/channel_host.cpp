#include "gateway/channel_host.h"

#include <fmt/format.h>

namespace sluis::gateway {

ChannelHost::ChannelHost(const HostServices& services, ChannelConfig config, const Adapter* adapter)
    : services_(services), config_(std::move(config)), log_(services.log.with({"channel", config_.name})),
      intake_(services.intake.door(config_.name)), settlements_(services.store, services.clock),
      accounts_(services.generations, config_.name), mailbox_(services.store, config_.name), messages_(services.store), state_(services.store, config_.name),
      leases_(services.store, services.clock, services.timers, services.node),
      incidents_(services.store, services.clock, log_, config_.name) {
  if (adapter == nullptr) {
    trouble_ = fmt::format("no loaded adapter has the kind \"{}\"", config_.kind);
    return;
  }
  auto made = adapter->make(config_, *this);
  if (made) instance_ = std::move(*made);
  else trouble_ = made.error().what;
}

ChannelHost::~ChannelHost() = default;

Status ChannelHost::start() {
  const auto refuse = [&](const Error& error) {
    trouble_ = error.what;
    log_.error("channel.down", "the channel could not be started; its deliveries stay queued", {{"code", error.code}, {"reason", error.what}});
    incidents_.open("down", Severity::critical, fmt::format("channel {} is down: {}", config_.name, error.what), {});
    return Status{error};
  };
  if (instance_ == nullptr) return refuse(Error{"channel.make", trouble_});
  if (auto started = instance_->start(); !started) return refuse(started.error());
  up_ = true;
  incidents_.close("down");
  log_.info("channel.up", "the channel is up", {{"kind", config_.kind}, {"environment", to_string(config_.environment)}});
  return {};
}

void ChannelHost::stop(MonoTime deadline) {
  if (!up_.exchange(false)) return;
  instance_->stop(deadline);
  log_.info("channel.stopped", "the channel has stopped");
}

Health ChannelHost::health() const {
  if (!up_) return {trouble_.empty() ? Health::State::stopped : Health::State::down, trouble_};
  return instance_->health();
}

// Of the configuration in force: new windows reach a channel that goes on.
std::optional<MaintenanceWindow> ChannelHost::maintenance() const {
  const GenerationPtr generation = services_.generations.current();
  const auto at = generation->channels.find(config_.name);
  if (at == generation->channels.end()) return std::nullopt;
  const WallTime now = services_.clock.wall();
  for (const MaintenanceWindow& window : at->second.maintenance)
    if (window.from <= now && now < window.until) return window;
  return std::nullopt;
}

std::string ChannelHost::at_rest() const {
  if (const auto pause = services_.pauses.whole(config_.name)) return "paused: " + pause->reason;
  if (const auto window = maintenance()) return "maintenance: " + window->reason;
  return {};
}

std::shared_ptr<ChannelHost> ChannelHosts::make_host(const ChannelConfig& config) {
  return std::make_shared<ChannelHost>(services_, config, adapters_.find_kind(config.kind).adapter);
}

void ChannelHosts::make(const Generation& generation) {
  for (const auto& [name, config] : generation.channels) {
    auto host = make_host(config);
    const std::lock_guard lock(mutex_);
    hosts_[name] = std::move(host);
  }
}

void ChannelHosts::start_all() {
  for (const auto& host : all()) static_cast<void>(host->start());   // one that stays down is logged and an incident; the others run
}

void ChannelHosts::change(const Generation& next, const std::vector<std::string>& removed, const std::vector<std::string>& changed,
                          const std::vector<std::string>& added, MonoTime deadline) {
  for (const auto* names : {&removed, &changed})
    for (const std::string& name : *names) {
      std::shared_ptr<ChannelHost> old;
      {
        const std::lock_guard lock(mutex_);
        const auto at = hosts_.find(name);
        if (at == hosts_.end()) continue;
        old = at->second;
        hosts_.erase(at);
      }
      old->stop(deadline);
    }
  for (const auto* names : {&changed, &added})
    for (const std::string& name : *names) {
      auto host = make_host(next.channels.at(name));
      {
        const std::lock_guard lock(mutex_);
        hosts_[name] = host;
      }
      static_cast<void>(host->start());   // as start_all()
    }
}

void ChannelHosts::tell_accounts(const std::string& channel, const AccountChanges& changes) {
  if (const auto found = host(channel)) found->accounts_changed(changes);
}

void ChannelHosts::stop_all(MonoTime deadline) {
  for (const auto& host : all()) host->stop(deadline);
}

std::shared_ptr<ChannelHost> ChannelHosts::host(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto at = hosts_.find(name);
  return at == hosts_.end() ? nullptr : at->second;
}

std::vector<std::shared_ptr<ChannelHost>> ChannelHosts::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ChannelHost>> out;
  for (const auto& [name, host] : hosts_) out.push_back(host);
  return out;
}

std::shared_ptr<Channel> ChannelHosts::find(std::string_view name) const {
  const auto found = host(name);
  if (found == nullptr || found->instance() == nullptr) return nullptr;
  // The pointer keeps the whole host: the channel's context must outlive whoever holds the channel.
  return {found, found->instance().get()};
}

bool ChannelHosts::open(std::string_view name) const {
  const auto found = host(name);
  return found != nullptr && found->up() && found->at_rest().empty();
}

bool ChannelHosts::resting(std::string_view name) const {
  const auto found = host(name);
  return found != nullptr && !found->at_rest().empty();
}

std::vector<PausedPart> ChannelHosts::paused_parts(std::string_view name) const { return services_.pauses.parts(name); }

}  // namespace sluis::gateway
