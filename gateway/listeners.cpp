#include "gateway/listeners.h"

#include <fmt/format.h>

#include <condition_variable>
#include <utility>

#include "core/net/http/server.h"

namespace sluis::gateway {

namespace {

constexpr Duration retry_after = 5s;
// A response of a listener that a reload takes away may take so long.
constexpr Duration leave_within = 30s;

Result<std::shared_ptr<const net::TlsContext>> load(const config::ListenerTls& tls) {
  net::TlsSettings settings;
  settings.role = net::TlsRole::server;
  settings.certificate_file = tls.certificate;
  settings.key_pem = tls.key;
  settings.ca_file = tls.client_ca;
  if (!tls.client_ca.empty())
    settings.client_certificate =
        tls.client_certificates_required ? net::ClientCertificate::require : net::ClientCertificate::request;
  return net::TlsContext::make(settings);
}

}  // namespace

PreparedListeners prepare(const std::map<std::string, config::ListenerSettings>& settings) {
  PreparedListeners out;
  out.settings = settings;
  for (const auto& [name, listener] : settings) {
    if (!listener.tls) continue;
    auto context = load(*listener.tls);
    if (context)
      out.tls.emplace(name, std::move(*context));
    else
      out.errors.push_back(context.error().in("listeners." + name + ".tls"));
  }
  return out;
}

// One name. Its socket comes and goes with addresses; its HTTP server stays, with the paths mounted on it.
// [Threading] any thread. [Locking] its mutex is taken for each new connection, so that no socket is stopped under it.
class GatewayListeners::Place {
 public:
  Place(std::string name_, const Clock& clock, net::http::HttpServerSettings http_settings)
      : name(std::move(name_)),
        http(std::make_shared<net::http::HttpServer>(clock, std::move(http_settings))),
        http_sessions(http->sessions()) {}

  // What becomes of a connection: nobody has asked for the listener yet, so nobody can answer it.
  [[nodiscard]] net::SessionFactory factory() {
    const std::lock_guard lock(mutex);
    if (taken) return taken;
    return mounts > 0 ? http_sessions : net::SessionFactory{};
  }

  const std::string name;
  const std::shared_ptr<net::http::HttpServer> http;  // shared with the end of its own stop()
  const net::SessionFactory http_sessions;

  mutable std::mutex mutex;  // guards what follows
  config::ListenerSettings settings;
  std::shared_ptr<const net::TlsContext> tls;
  std::string tls_trouble;  // why there is none, though there should be
  std::unique_ptr<net::Listener> socket;
  std::string trouble;
  bool leaving = false;
  std::size_t mounts = 0;
  net::SessionFactory taken;
};

class GatewayListeners::MountedLease final : public Lease {
 public:
  MountedLease(PlacePtr place, net::http::MountLease mount) : place_(std::move(place)), mount_(std::move(mount)) {}
  MountedLease(const MountedLease&) = delete;
  MountedLease& operator=(const MountedLease&) = delete;
  ~MountedLease() override {
    mount_.release();
    const std::lock_guard lock(place_->mutex);
    --place_->mounts;
  }

 private:
  PlacePtr place_;
  net::http::MountLease mount_;
};

class GatewayListeners::TakenLease final : public Lease {
 public:
  explicit TakenLease(PlacePtr place) : place_(std::move(place)) {}
  TakenLease(const TakenLease&) = delete;
  TakenLease& operator=(const TakenLease&) = delete;
  ~TakenLease() override {
    net::SessionFactory last;  // what it holds goes outside of the lock
    const std::lock_guard lock(place_->mutex);
    last.swap(place_->taken);
  }

 private:
  PlacePtr place_;
};

GatewayListeners::GatewayListeners(net::LoopGroup& loops, const Clock& clock, Incidents& incidents, Log log,
                                   Metrics& metrics)
    : loops_(loops), clock_(clock), incidents_(incidents), log_(std::move(log)), metrics_(metrics) {}

GatewayListeners::~GatewayListeners() {
  stop(Duration::zero());
}

GatewayListeners::PlacePtr GatewayListeners::find(std::string_view listener) const {
  const std::lock_guard lock(mutex_);
  const auto at = places_.find(listener);
  return at == places_.end() ? nullptr : at->second;
}

void GatewayListeners::open(PreparedListeners prepared) {
  std::vector<PlacePtr> to_open;
  std::vector<std::unique_ptr<net::Listener>> moved;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = places_.begin(); at != places_.end();) {
      if (!prepared.settings.contains(at->first)) {
        gone_.push_back(at->second);
        at = places_.erase(at);
      } else {
        ++at;
      }
    }
    for (auto& [name, settings] : prepared.settings) {
      PlacePtr& place = places_[name];
      if (place == nullptr) {
        net::http::HttpServerSettings http;
        http.name = name;
        http.log = log_;
        http.metrics = &metrics_;
        place = std::make_shared<Place>(name, clock_, std::move(http));
      }
      const std::lock_guard place_lock(place->mutex);
      const auto tls = prepared.tls.find(name);
      place->tls = tls == prepared.tls.end() ? nullptr : tls->second;
      place->tls_trouble.clear();
      for (const Error& error : prepared.errors)
        if (error.what.starts_with("listeners." + name + ".tls: ")) place->tls_trouble = error.what;
      place->http->set_tls(place->tls);
      const bool same_socket = place->settings.address == settings.address &&
                               place->settings.most_connections == settings.most_connections &&
                               place->settings.proxy_protocol_from == settings.proxy_protocol_from &&
                               place->settings.most_per_address == settings.most_per_address;
      place->settings = settings;
      // Without its certificate it would answer in clear text.
      const bool must_close = settings.tls && place->tls == nullptr;
      if (place->socket != nullptr && (!same_socket || must_close)) moved.push_back(std::move(place->socket));
      if (place->socket == nullptr) to_open.push_back(place);
    }
  }
  // Old addresses are free before new ones are asked for: 0.0.0.0:443 may follow 127.0.0.1:443.
  for (auto& socket : moved) socket->stop();
  for (const PlacePtr& place : to_open) try_open(place);
}

void GatewayListeners::try_open(const PlacePtr& place) {
  config::ListenerSettings settings;
  std::string tls_trouble;
  {
    const std::lock_guard lock(place->mutex);
    if (place->leaving || place->socket != nullptr) return;
    settings = place->settings;
    tls_trouble = place->tls_trouble;
  }
  if (!tls_trouble.empty()) return failed(place, Error{"listener.tls", tls_trouble});
  const auto address = net::Address::parse(settings.address);
  if (!address) return failed(place, address.error());
  net::ListenerSettings socket_settings;
  socket_settings.name = place->name;
  socket_settings.most_connections = static_cast<std::size_t>(settings.most_connections);
  socket_settings.most_per_address = static_cast<std::size_t>(settings.most_per_address);
  auto proxies = net::AddressSet::parse(settings.proxy_protocol_from);
  if (!proxies) return failed(place, proxies.error());
  socket_settings.proxy_protocol.from = std::move(*proxies);
  socket_settings.log = log_;
  socket_settings.metrics = &metrics_;
  auto socket = net::Listener::open(
      loops_, *address,
      [place](const std::shared_ptr<net::Connection>& connection) -> std::shared_ptr<net::ConnectionHandler> {
        const net::SessionFactory sessions = place->factory();
        return sessions ? sessions(connection) : nullptr;
      },
      socket_settings);
  if (!socket) return failed(place, socket.error());
  const std::string text = (*socket)->address().text();
  std::unique_ptr<net::Listener> late;
  {
    const std::lock_guard lock(place->mutex);
    if (place->leaving || place->socket != nullptr)
      late = std::move(*socket);
    else
      place->socket = std::move(*socket);
    place->trouble.clear();
  }
  if (late != nullptr) return late->stop();
  log_.info("listener.up", "listens",
            {{"listener", place->name}, {"address", text}, {"tls", settings.tls.has_value()}});
  // Also when this run has opened none: it may be left of the run before.
  incidents_.close("listener/" + place->name);
}

void GatewayListeners::failed(const PlacePtr& place, const Error& error) {
  bool news = false;
  {
    const std::lock_guard lock(place->mutex);
    news = place->trouble != error.what;
    place->trouble = error.what;
  }
  if (news) {
    log_.error("listener.down", "a listener is down and is tried again",
               {{"listener", place->name}, {"code", error.code}, {"reason", error.what}});
    incidents_.open("listener/" + place->name, Severity::critical,
                    fmt::format("listener {} is down: {}", place->name, error.what));
  }
  // A certificate is read again by a reload; an address may become free at any time.
  if (error.code != "listener.tls") retry_later(place);
}

void GatewayListeners::retry_later(const PlacePtr& place) {
  loops_.at(0).schedule_after(retry_after,
                              [this, alive = std::weak_ptr<int>(alive_), weak = std::weak_ptr<Place>(place)] {
                                const auto still = alive.lock();
                                const auto here = weak.lock();
                                if (still != nullptr && here != nullptr) try_open(here);
                              });
}

void GatewayListeners::close_gone() {
  std::vector<PlacePtr> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(gone_);
  }
  for (const PlacePtr& place : gone) {
    std::unique_ptr<net::Listener> socket;
    {
      const std::lock_guard lock(place->mutex);
      place->leaving = true;
      socket = std::move(place->socket);
    }
    if (socket != nullptr) socket->stop();
    log_.info("listener.gone", "a listener is no longer configured", {{"listener", place->name}});
    incidents_.close("listener/" + place->name);
    // The place stays until its last response has left.
    place->http->stop(leave_within, [place] {});
  }
}

void GatewayListeners::stop(Duration grace) {
  std::vector<PlacePtr> all;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, place] : places_) all.push_back(place);
    all.insert(all.end(), gone_.begin(), gone_.end());
    places_.clear();
    gone_.clear();
  }
  for (const PlacePtr& place : all) {
    std::unique_ptr<net::Listener> socket;
    {
      const std::lock_guard lock(place->mutex);
      place->leaving = true;
      socket = std::move(place->socket);
    }
    if (socket != nullptr) socket->stop();
  }
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left = 0;
  };
  const auto waiting = std::make_shared<Waiting>();  // shared with the callbacks
  waiting->left = all.size();
  for (const PlacePtr& place : all)
    place->http->stop(grace, [waiting] {
      const std::lock_guard lock(waiting->mutex);
      --waiting->left;
      waiting->changed.notify_all();
    });
  std::unique_lock lock(waiting->mutex);
  waiting->changed.wait(lock, [&] { return waiting->left == 0; });
}

std::vector<GatewayListeners::Row> GatewayListeners::rows() const {
  std::vector<PlacePtr> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, place] : places_) all.push_back(place);
  }
  std::vector<Row> out;
  for (const PlacePtr& place : all) {
    Row row;
    row.name = place->name;
    row.condition = condition(place->name);
    const std::lock_guard lock(place->mutex);
    row.address = place->socket != nullptr ? place->socket->address().text() : place->settings.address;
    row.tls = place->settings.tls.has_value();
    row.connections = place->socket != nullptr ? place->socket->connections() : 0;
    if (place->tls != nullptr && place->tls->certificate())
      row.certificate_until = place->tls->certificate()->not_after;
    out.push_back(std::move(row));
  }
  return out;
}

std::optional<net::Address> GatewayListeners::address(std::string_view listener) const {
  const PlacePtr place = find(listener);
  if (place == nullptr) return std::nullopt;
  const std::lock_guard lock(place->mutex);
  return place->socket == nullptr ? std::nullopt : std::optional{place->socket->address()};
}

namespace {
Error unknown(std::string_view listener) {
  return Error{"listener.unknown", fmt::format("there is no listener \"{}\"", listener)};
}
}  // namespace

Result<Listeners::LeasePtr> GatewayListeners::mount(std::string_view listener, net::http::Mount mount) {
  const PlacePtr place = find(listener);
  if (place == nullptr) return unknown(listener);
  const std::lock_guard lock(place->mutex);
  if (place->taken)
    return Error{"listener.taken", fmt::format("listener \"{}\" is another channel's as a whole", listener)};
  auto lease = place->http->mount(std::move(mount));
  if (!lease) return lease.error();
  ++place->mounts;
  return LeasePtr(std::make_unique<MountedLease>(place, std::move(*lease)));
}

Result<Listeners::LeasePtr> GatewayListeners::take(std::string_view listener, net::SessionFactory sessions) {
  const PlacePtr place = find(listener);
  if (place == nullptr) return unknown(listener);
  const std::lock_guard lock(place->mutex);
  if (place->taken || place->mounts > 0)
    return Error{"listener.taken", fmt::format("listener \"{}\" is used by another channel already", listener)};
  place->taken = std::move(sessions);
  return LeasePtr(std::make_unique<TakenLease>(place));
}

Result<std::shared_ptr<const net::TlsContext>> GatewayListeners::tls(std::string_view listener) {
  const PlacePtr place = find(listener);
  if (place == nullptr) return unknown(listener);
  const std::lock_guard lock(place->mutex);
  return place->tls;
}

Listeners::Condition GatewayListeners::condition(std::string_view listener) const {
  const PlacePtr place = find(listener);
  if (place == nullptr) return {false, unknown(listener).what};
  const std::lock_guard lock(place->mutex);
  if (place->socket != nullptr) return {true, place->socket->address().text()};
  return {false, fmt::format("{}: {}", place->settings.address, place->trouble.empty() ? "not open" : place->trouble)};
}

}  // namespace sluis::gateway
