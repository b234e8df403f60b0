#include "gateway/gateway.h"

#include <fmt/format.h>
#include <unistd.h>

#include <future>

#include "config/compare.h"
#include "gateway/seal_key.h"
#include "store/sqlite/store.h"

namespace sluis::gateway {

namespace {

HousekeepingSettings housekeeping(const config::GatewaySettings& settings) {
  HousekeepingSettings out;
  out.bodies = settings.keep_bodies;
  out.metadata = settings.keep_metadata;
  out.keys = settings.keep_keys;
  out.purge_every = settings.purge_every;
  return out;
}

Json located(const config::Loaded& loaded) {
  Json errors = Json::array();
  for (const auto& error : loaded.errors) errors.push_back(error.text());
  return errors;
}

}  // namespace

Gateway::Gateway(GatewayOptions options, const AdapterRegistry& adapters, const Clock& clock, Log log)
    : options_(std::move(options)), adapters_(adapters), clock_(clock), log_(std::move(log)) {}

Gateway::~Gateway() { stop(); }

Status Gateway::open_store(const config::Loaded& loaded) {
  data_ = loaded.gateway.data;
  auto key = read_or_make_seal_key(seal_key_file(data_), random_, log_);
  if (!key) return key.error();
  sqlite::Options options;
  options.folder = data_;
  options.seal_key = *key;
  options.low_water_bytes = static_cast<std::uint64_t>(loaded.gateway.low_water);
  auto store = sqlite::SqliteStore::make(options, clock_, log_, &metrics_);
  if (!store) return store.error();
  store_ = std::move(*store);
  return {};
}

Status Gateway::start(const config::Loaded& loaded) {
  const GenerationPtr generation = loaded.generation;
  next_generation_ = generation->number + 1;
  generations_.swap(generation);
  if (auto opened = open_store(loaded); !opened) return opened;

  net::LoopSettings loop_settings;
  loop_settings.log = log_;
  loop_settings.metrics = &metrics_;
  loops_ = std::make_unique<net::LoopGroup>(clock_, 0, loop_settings);
  loop_settings.stall_threshold = 1s;   // a claim may read the disk
  engine_loop_ = std::make_unique<net::LoopGroup>(clock_, 1, loop_settings);
  resolver_ = std::make_unique<net::SystemResolver>();
  connector_ = std::make_unique<net::Connector>(*resolver_);
  planning_ = std::make_unique<WorkerPool>(4);
  net::EventLoop& engine_executor = engine_loop_->at(0);

  intake_ = std::make_unique<MessageIntake>(*store_, [this](Task task) { return planning_->post(std::move(task)); }, clock_, random_, generations_,
                                            directory_, log_, metrics_);
  incidents_ = std::make_unique<StoreIncidents>(*store_, clock_, log_, "gateway");
  listeners_ = std::make_unique<GatewayListeners>(*loops_, clock_, *incidents_, log_, metrics_);
  listeners_->open(prepare(loaded.gateway.listeners));
  pauses_ = std::make_unique<Pauses>(*store_, loops_->at(0), clock_, log_, [this] { engine_->wake(); });
  hosts_ = std::make_unique<ChannelHosts>(
      HostServices{*store_, generations_, *intake_, clock_, loops_->at(0), Network{loops_.get(), connector_.get(), resolver_.get()}, random_, log_, metrics_, *listeners_, *pauses_,
                   generation->gateway, fmt::format("{}/{}", generation->gateway, ::getpid())},
      adapters_);
  directory_.hosts = hosts_.get();
  hosts_->make(*generation);

  engine_ = std::make_unique<DeliveryEngine>(*store_, engine_executor, clock_, random_, generations_, *hosts_, *intake_, log_, metrics_);
  if (auto loaded_pauses = pauses_->load(); !loaded_pauses) return loaded_pauses;
  if (auto started = engine_->start(); !started) return started;
  started_ = true;
  hosts_->start_all();
  engine_->wake();
  housekeeping_ = std::make_unique<Housekeeping>(*store_, engine_executor, clock_, log_, metrics_, housekeeping(loaded.gateway));
  housekeeping_->start();

  requests_ = std::make_unique<Requests>(Requests::Parts{*store_, *engine_, *hosts_, *listeners_, *pauses_, generations_, clock_, metrics_,
                                                         [this](const std::string& by) { return reload(by); }, clock_.wall(), SLUIS_VERSION});
  control_socket_ = loaded.gateway.control_socket;
  auto control = ControlServer::open(
      *loops_, control_socket_,
      [this](const Json& request, const std::string& by, ControlServer::Reply reply) { requests_->handle(request, by, std::move(reply)); }, log_);
  if (!control) return control.error();
  control_ = std::move(*control);
  log_.info("gateway.up", "the gateway is up", {{"gateway", generation->gateway}, {"channels", generation->channels.size()},
                                                {"customers", generation->customers.size()}, {"control", control_socket_}});
  return {};
}

void Gateway::stop() {
  if (store_ == nullptr) return;
  log_.info("gateway.stopping", "the gateway is stopping");
  const MonoTime deadline = clock_.mono() + options_.stop_within;
  if (control_ != nullptr) control_->stop();
  // Whoever is handing something in gets the answer that its commit allows, while intake and channels are still there.
  if (listeners_ != nullptr) listeners_->stop(options_.stop_within / 3);
  if (started_) {
    std::promise<void> stopped;
    engine_->stop(deadline, [&] { stopped.set_value(); });
    // The channels finish what they have, or give it back, so that the engine can stop.
    hosts_->stop_all(deadline);
    stopped.get_future().wait();
    started_ = false;
  }
  if (planning_ != nullptr) planning_->stop();
  if (housekeeping_ != nullptr) housekeeping_->seal_last();
  store_->close();
  if (engine_loop_ != nullptr) engine_loop_->stop();
  if (loops_ != nullptr) loops_->stop();
  control_.reset();
  requests_.reset();
  housekeeping_.reset();
  engine_.reset();
  hosts_.reset();
  listeners_.reset();
  incidents_.reset();
  pauses_.reset();
  intake_.reset();
  planning_.reset();
  connector_.reset();
  resolver_.reset();
  engine_loop_.reset();
  loops_.reset();
  store_.reset();
  log_.info("gateway.stopped", "the gateway has stopped");
}

Json Gateway::reload(const std::string& by) {
  const std::lock_guard lock(reload_mutex_);
  config::LoadOptions load_options;
  load_options.number = next_generation_;
  load_options.previous = generations_.current();
  const config::Loaded loaded = config::load(options_.config_folder, adapters_, load_options);
  if (loaded.generation == nullptr) {
    log_.error("config.refused", "the new configuration has errors; the last good one stays", {{"by", by}, {"errors", loaded.errors.size()}});
    Json answer = failure(Error{"config.errors", fmt::format("{} errors; the last good configuration stays", loaded.errors.size())});
    answer["errors"] = located(loaded);
    return answer;
  }
  if (loaded.gateway.data != data_) {
    Json answer = failure(Error{"config.restart", "gateway.data has changed: that needs a restart"});
    answer["errors"] = Json::array();
    return answer;
  }
  PreparedListeners listeners = prepare(loaded.gateway.listeners);
  if (!listeners.errors.empty()) {
    Json answer = failure(Error{"config.errors", fmt::format("{} errors; the last good configuration stays", listeners.errors.size())});
    answer["errors"] = Json::array();
    for (const Error& error : listeners.errors) answer["errors"].push_back(error.what);
    return answer;
  }
  const GenerationPtr before = generations_.current();
  const GenerationPtr next = loaded.generation;
  ++next_generation_;
  const config::Changes changes = config::compare(*before, *next);
  generations_.swap(next);
  listeners_->open(std::move(listeners));
  hosts_->change(*next, changes.removed, changes.changed, changes.added, clock_.mono() + options_.stop_within);
  listeners_->close_gone();
  for (const auto& [channel, accounts] : changes.accounts) hosts_->tell_accounts(channel, accounts);
  store_->keep_free(static_cast<std::uint64_t>(loaded.gateway.low_water));
  housekeeping_->change(housekeeping(loaded.gateway));
  engine_->wake();
  log_.info("config.reloaded", "a new configuration is in force", {{"by", by}, {"generation", next->number}});
  Json answer = {{"ok", true}, {"generation", next->number}, {"added", changes.added}, {"removed", changes.removed},
                 {"changed", changes.changed}, {"accounts", changes.accounts.size()}};
  return answer;
}

}  // namespace sluis::gateway
