#include "core/net/http/server.h"

#include <utility>

#include "core/net/http/server_core.h"
#include "core/net/http/server_session.h"

namespace sluis::net::http {

ServerCore::ServerCore(const Clock& clock_, HttpServerSettings settings_)
    : clock(clock_), settings(std::move(settings_)) {
  if (settings.metrics == nullptr) return;
  const MetricLabels labels{{"listener", settings.name}};
  requests_ = &settings.metrics->counter("sluis_http_requests_total", "HTTP requests read", labels);
  aborted_ =
      &settings.metrics->counter("sluis_http_aborted_total", "HTTP responses that could not be completed", labels);
}

std::shared_ptr<ConnectionHandler> ServerCore::accept(const std::shared_ptr<Connection>& connection) {
  std::shared_ptr<ServerSession> session;
  std::shared_ptr<const TlsContext> tls;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return nullptr;
    session = std::make_shared<ServerSession>(shared_from_this(), connection);
    sessions_.emplace(session.get(), Place{session, &connection->loop()});
    tls = tls_;
  }
  session->begin(std::move(tls));
  return session;
}

void ServerCore::leave(ServerSession* session) {
  Task done;
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session);
    if (stopping_ && sessions_.empty()) done = std::exchange(done_, {});
  }
  if (done) done();
}

Result<std::uint64_t> ServerCore::mount(Mount mount) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_mount_++;
  if (Status added = mounts_.add(id, std::move(mount)); !added) return added.error();
  return id;
}

void ServerCore::unmount(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  mounts_.remove(id);
}

std::shared_ptr<const Mount> ServerCore::find(std::string_view authority, std::string_view path) const {
  const std::lock_guard lock(mutex_);
  return mounts_.find(authority, path);
}

void ServerCore::set_tls(std::shared_ptr<const TlsContext> context) {
  const std::lock_guard lock(mutex_);
  tls_ = std::move(context);
}

std::size_t ServerCore::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

void ServerCore::each(const std::function<void(ServerSession&)>& what) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, place] : sessions_)
    place.loop->post([weak = place.session, what] {
      if (const auto session = weak.lock()) what(*session);
    });
}

void ServerCore::stop(Duration grace, Task done) {
  EventLoop* loop = nullptr;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!sessions_.empty()) {
      loop = sessions_.begin()->second.loop;
      if (done) done_ = std::move(done);
    }
  }
  if (loop == nullptr) {
    if (done) done();
    return;
  }
  if (grace <= Duration::zero()) {
    each([](ServerSession& session) { session.stop_now(); });
    return;
  }
  each([](ServerSession& session) { session.drain(); });
  loop->schedule_after(grace, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->each([](ServerSession& session) { session.stop_now(); });
  });
}

void ServerCore::count_refused(std::string_view code) {
  if (settings.metrics == nullptr) return;
  settings.metrics
      ->counter("sluis_http_refused_total", "HTTP requests refused by a rule or a limit",
                {{"listener", settings.name}, {"reason", std::string(code)}})
      .add();
}

void ServerCore::count_request() {
  if (requests_ != nullptr) requests_->add();
}

void ServerCore::count_aborted() {
  if (aborted_ != nullptr) aborted_->add();
}

MountLease& MountLease::operator=(MountLease&& other) noexcept {
  if (this == &other) return *this;
  release();
  core_ = std::move(other.core_);
  id_ = std::exchange(other.id_, 0);
  return *this;
}

void MountLease::release() {
  if (const auto core = core_.lock(); core != nullptr && id_ != 0) core->unmount(id_);
  core_.reset();
  id_ = 0;
}

HttpServer::HttpServer(const Clock& clock, HttpServerSettings settings)
    : core_(std::make_shared<ServerCore>(clock, std::move(settings))) {}

HttpServer::~HttpServer() {
  core_->stop(Duration::zero(), {});
}

SessionFactory HttpServer::sessions() {
  return [core = core_](const std::shared_ptr<Connection>& connection) { return core->accept(connection); };
}

void HttpServer::set_tls(std::shared_ptr<const TlsContext> context) {
  core_->set_tls(std::move(context));
}

Result<MountLease> HttpServer::mount(Mount mount) {
  Result<std::uint64_t> id = core_->mount(std::move(mount));
  if (!id) return id.error();
  return MountLease(core_, *id);
}

void HttpServer::stop(Duration grace, Task done) {
  core_->stop(grace, std::move(done));
}

std::size_t HttpServer::connections() const {
  return core_->sessions();
}

}  // namespace sluis::net::http
