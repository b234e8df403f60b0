#include "core/net/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "core/net/admission.h"
#include "core/net/proxy_header_wait.h"
#include "core/net/socket.h"

namespace sluis::net {
namespace {

constexpr Duration pause_when_exhausted = 100ms;
constexpr int accepts_a_turn = 64;

bool exhausted(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

class Listener::State : public std::enable_shared_from_this<Listener::State> {
 public:
  State(LoopGroup& loops, FileDescriptor socket, SessionFactory factory, ListenerSettings settings)
      : loops_(loops),
        loop_(loops.next()),
        settings_(std::move(settings)),
        address_(local_address(socket.get())),
        admission_(std::make_shared<Admission>(settings_.most_connections, settings_.most_per_address)),
        socket_(std::move(socket)),
        factory_(std::move(factory)) {
    if (settings_.metrics == nullptr) return;
    Metrics& metrics = *settings_.metrics;
    const auto refusals = [&](const char* reason) {
      return &metrics.counter("sluis_net_refused_total", "Connections refused, by the limit or rule that refused them",
                              {{"listener", settings_.name}, {"reason", reason}});
    };
    accepted_counter_ =
        &metrics.counter("sluis_net_accepted_total", "Connections accepted", {{"listener", settings_.name}});
    full_counter_ = refusals("connections");
    address_full_counter_ = refusals("address");
    header_counter_ = refusals("proxy-header");
  }

  void begin() {
    loop_.post([self = shared_from_this()] { self->resume(); });
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    // Frees the address now; the descriptor itself stays until the loop has let go of it, so that its number is not
    // reused while epoll still knows it.
    ::shutdown(socket_.get(), SHUT_RDWR);
    if (address_.is_unix()) ::unlink(address_.host().c_str());
    factory_ = nullptr;
    loop_.post([self = shared_from_this()] {
      self->loop_.unwatch(self->socket_.get());
      self->loop_.cancel(self->pause_timer_);
      self->socket_.reset();
    });
  }

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] std::size_t connections() const { return admission_->inside(); }

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> pauses{0};

 private:
  void resume() {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    // Weak: the loop must not keep a listener alive that everybody else has forgotten.
    loop_.watch(socket_.get(), IoEvents::readable, [weak = weak_from_this()](IoEvents) {
      if (const auto self = weak.lock()) self->accept_some();
    });
  }

  void accept_some() {
    // Held throughout, so that stop() also waits for this: its caller may take down the metrics next.
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    for (int i = 0; i < accepts_a_turn; ++i) {
      sockaddr_storage storage{};
      socklen_t size = sizeof storage;
      FileDescriptor socket(
          ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.valid()) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (exhausted(errno)) {
          pause(errno);
          return;
        }
        continue;  // this one connection failed before we had it (accept(2)); the next may be fine
      }
      take(std::move(socket), Address::from(reinterpret_cast<const sockaddr*>(&storage), size));
    }
  }

  void pause(int error) {
    ++pauses;
    settings_.log.warning("net.accept.paused", "no connection can be accepted for the moment",
                          {{"listener", settings_.name}, {"reason", std::strerror(error)}});
    loop_.unwatch(socket_.get());
    pause_timer_ = loop_.schedule_after(pause_when_exhausted, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->resume();
    });
  }

  void take(FileDescriptor socket, const Address& peer) {
    if (settings_.proxy_protocol.from.contains(peer)) return await_header(std::move(socket), peer);
    Admission::Answer answer = admission_->admit(peer);
    if (answer.verdict != Admission::Verdict::admitted) return refuse(answer.verdict, peer, peer);
    count_accepted();
    EventLoop& loop = loops_.next();
    const auto connection = Connection::create(loop, std::move(socket), settings_.connection);
    connection->keep(std::move(answer.place));
    loop.post([self = shared_from_this(), connection] { self->hand_over(connection); });
  }

  // Whose place by address it is, only the header tells; a place in all it takes at once.
  void await_header(FileDescriptor socket, const Address& proxy) {
    Admission::Answer answer = admission_->admit_unknown();
    if (answer.verdict != Admission::Verdict::admitted) return refuse(answer.verdict, proxy, proxy);
    EventLoop& loop = loops_.next();
    ProxyHeaderWait::begin(loop, std::move(socket), settings_.proxy_protocol.header_within,
                           [self = shared_from_this(), &loop, proxy, place = std::move(answer.place)](
                               FileDescriptor accepted_socket, Result<ProxyHeader> header) {
                             self->on_header(loop, std::move(accepted_socket), proxy, place, std::move(header));
                           });
  }

  void on_header(EventLoop& loop, FileDescriptor socket, const Address& proxy, const std::shared_ptr<void>& place,
                 Result<ProxyHeader> header) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (!header) {
      ++refused;
      if (header_counter_ != nullptr) header_counter_->add();
      settings_.log.info("net.refused", "a named proxy's connection did not begin with a PROXY header",
                         {{"listener", settings_.name},
                          {"peer", proxy.text()},
                          {"code", header.error().code},
                          {"reason", header.error().what}});
      return;
    }
    const Address client = header->source.family() == AF_UNSPEC ? proxy : header->source;
    Admission::Answer answer = admission_->admit_address(client);
    if (answer.verdict != Admission::Verdict::admitted) return refuse(answer.verdict, client, proxy);
    count_accepted();
    const auto connection = Connection::create(loop, std::move(socket), settings_.connection,
                                               std::make_shared<const ProxyHeader>(std::move(*header)));
    connection->keep(Admission::both(place, std::move(answer.place)));
    hand_over(connection);
  }

  void count_accepted() {
    ++accepted;
    if (accepted_counter_ != nullptr) accepted_counter_->add();
  }

  void refuse(Admission::Verdict verdict, const Address& client, const Address& peer) {
    ++refused;
    const bool by_address = verdict == Admission::Verdict::address_full;
    Metrics::Counter* counter = by_address ? address_full_counter_ : full_counter_;
    if (counter != nullptr) counter->add();
    settings_.log.info("net.refused", "a connection was refused by a limit",
                       {{"listener", settings_.name},
                        {"client", client.text()},
                        {"peer", peer.text()},
                        {"limit", by_address ? "address" : "connections"}});
  }

  void hand_over(const std::shared_ptr<Connection>& connection) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<ConnectionHandler> handler;
    if (!stopped_) {
      // A copy: the factory may stop this listener, which empties the original.
      const SessionFactory factory = factory_;
      handler = factory(connection);
    }
    if (handler != nullptr) {
      connection->start(std::move(handler));
    } else {
      connection->close();
    }
  }

  LoopGroup& loops_;
  EventLoop& loop_;
  const ListenerSettings settings_;
  const Address address_;
  const std::shared_ptr<Admission> admission_;  // shared with the places that open connections hold
  Metrics::Counter* accepted_counter_ = nullptr;
  Metrics::Counter* full_counter_ = nullptr;
  Metrics::Counter* address_full_counter_ = nullptr;
  Metrics::Counter* header_counter_ = nullptr;
  FileDescriptor socket_;  // on loop_, except for shutdown()
  TimerId pause_timer_ = TimerId::none;

  std::recursive_mutex mutex_;  // recursive: a factory may stop its own listener
  bool stopped_ = false;
  SessionFactory factory_;
};

Result<std::unique_ptr<Listener>> Listener::open(LoopGroup& loops, const Address& address, SessionFactory factory,
                                                 ListenerSettings settings) {
  Result<FileDescriptor> socket = make_listening_socket(address, settings.backlog);
  if (!socket) return socket.error().in(settings.name);
  auto state = std::make_shared<State>(loops, std::move(*socket), std::move(factory), std::move(settings));
  state->begin();
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Listener::~Listener() {
  stop();
}
void Listener::stop() {
  state_->stop();
}
const Address& Listener::address() const {
  return state_->address();
}
std::size_t Listener::connections() const {
  return state_->connections();
}
std::uint64_t Listener::accepted() const {
  return state_->accepted;
}
std::uint64_t Listener::refused() const {
  return state_->refused;
}
std::uint64_t Listener::pauses() const {
  return state_->pauses;
}

}  // namespace sluis::net
