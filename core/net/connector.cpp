#include "core/net/connector.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/net/socket.h"
#include "core/net/socket_prefix.h"

namespace sluis::net {
namespace {

const char* code_of(int error) {
  switch (error) {
    case ECONNREFUSED:
    case ENOENT: return "net.tcp.refused";  // ENOENT: nobody has made that local socket
    case ETIMEDOUT: return "net.tcp.timeout";
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return "net.tcp.unreachable";
    default: return "net.tcp";
  }
}

}  // namespace

// [Threading] cancelled_ from any thread, everything else on the loop.
class ConnectAttempt::State : public std::enable_shared_from_this<ConnectAttempt::State> {
 public:
  State(EventLoop& loop, ConnectRequest request, Connected done)
      : loop_(loop),
        request_(std::move(request)),
        way_to_(request_.proxy ? request_.proxy->at : HostPort{request_.host, request_.port}),
        done_(std::move(done)) {}

  void begin(Resolver& resolver) {
    loop_.post([self = shared_from_this(), &resolver] { self->resolve(resolver); });
  }
  void begin(const Address& address) {
    loop_.post([self = shared_from_this(), address] { self->try_all({address}); });
  }

  void cancel() {
    cancelled_.store(true, std::memory_order_release);
    if (loop_.in_loop()) {
      give_up();
    } else {
      loop_.post([self = shared_from_this()] { self->give_up(); });
    }
  }

 private:
  void give_up() {
    stop_waiting();
    const Connected dropped = std::move(done_);
    done_ = nullptr;
  }

  void stop_waiting() {
    ++step_;
    loop_.cancel(timer_);
    if (socket_.valid()) loop_.unwatch(socket_.get());
    socket_.reset();
  }

  [[nodiscard]] bool over() const { return done_ == nullptr || cancelled_.load(std::memory_order_acquire); }

  void finish(Result<std::shared_ptr<Connection>> result) {
    stop_waiting();
    if (over()) return;
    const Connected done = std::exchange(done_, nullptr);
    done(std::move(result));
  }

  void expect(Duration limit, Task too_late) {
    timer_ = loop_.schedule_after(limit, [self = shared_from_this(), step = step_, too_late = std::move(too_late)] {
      if (self->step_ == step) too_late();
    });
  }

  void resolve(Resolver& resolver) {
    if (over()) return;
    ++step_;
    if (request_.proxy) {
      Result<HttpConnect> dialogue = HttpConnect::make({request_.host, request_.port}, *request_.proxy);
      if (!dialogue) return finish(dialogue.error());
      dialogue_ = std::move(*dialogue);
    }
    expect(request_.resolve_timeout, [this] {
      finish(Error{"net.dns.timeout", fmt::format("{}: the name was not resolved within {}", way_to_.host,
                                                  format_duration(request_.resolve_timeout))});
    });
    resolver.resolve(way_to_.host, way_to_.port,
                     [self = shared_from_this(), step = step_](const Result<std::vector<Address>>& found) {
                       self->loop_.post([self, step, found] {
                         if (self->step_ != step) return;  // too late, or cancelled
                         self->loop_.cancel(self->timer_);
                         if (!found) return self->finish(self->named(found.error()));
                         self->try_all(*found);
                       });
                     });
  }

  void try_all(std::vector<Address> addresses) {
    if (over()) return;
    if (!request_.source_address.empty()) {
      Result<Address> source = Address::ip(request_.source_address, 0);
      if (!source) return finish(source.error().in("source address"));
      source_ = *source;
      std::erase_if(addresses, [this](const Address& one) { return one.family() != source_.family(); });
    }
    addresses_ = std::move(addresses);
    failure_ = Error{"net.dns", "no address that can be tried"};
    try_next();
  }

  void try_next() {
    stop_waiting();
    if (over()) return;
    if (next_ == addresses_.size()) {
      if (!tried_.empty()) failure_.what = tried_;
      // A numeric host is the one address that was tried: naming it once is enough.
      const std::string name = way_to_.text();
      if (!way_to_.host.empty() && !failure_.what.starts_with(name + ":")) failure_ = failure_.in(name);
      return finish(named(failure_));
    }
    const Address& address = addresses_[next_++];
    Result<FileDescriptor> made = make_stream_socket(address.family());
    if (!made) return failed(address, "net.tcp", made.error().what);
    socket_ = std::move(*made);
    if (!request_.interface.empty() &&
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_BINDTODEVICE, request_.interface.data(),
                     static_cast<socklen_t>(request_.interface.size())) != 0)
      return failed(address, "net.tcp", fmt::format("interface {}: {}", request_.interface, std::strerror(errno)));
    if (source_.family() != AF_UNSPEC && ::bind(socket_.get(), source_.data(), source_.size()) != 0)
      return failed(address, "net.tcp", fmt::format("source address {}: {}", source_.host(), std::strerror(errno)));
    if (::connect(socket_.get(), address.data(), address.size()) == 0) return connected();
    // A full backlog of a local socket says EAGAIN: connect(2) does not go on in the background then.
    if (errno != EINPROGRESS) return failed(address, code_of(errno), std::strerror(errno));
    loop_.watch(socket_.get(), IoEvents::writable,
                [self = shared_from_this(), address](IoEvents) { self->on_writable(address); });
    expect(request_.connect_timeout, [this, address] {
      failed(address, "net.tcp.timeout", fmt::format("no answer within {}", format_duration(request_.connect_timeout)));
    });
  }

  void on_writable(const Address& address) {
    const auto self = shared_from_this();  // unwatch lets go of the one in the watch
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return failed(address, code_of(error), std::strerror(error));
    connected();
  }

  void failed(const Address& address, const char* code, const std::string& why) {
    failure_.code = code;
    tried_ += fmt::format("{}{}: {}", tried_.empty() ? "" : "; ", address.text(), why);
    try_next();
  }

  void connected() {
    const auto self = shared_from_this();
    loop_.unwatch(socket_.get());
    if (dialogue_) return ask_proxy();
    finish(Connection::create(loop_, std::move(socket_), request_.connection));
  }

  // --- the tunnel: one proxy that has said no is not asked again under its other addresses --------------------------

  void ask_proxy() {
    ++step_;
    loop_.cancel(timer_);
    outgoing_ = dialogue_->request();
    loop_.watch(socket_.get(), IoEvents::both,
                [self = shared_from_this()](IoEvents events) { self->on_proxy(events); });
    const Duration limit = request_.resolve_timeout + request_.connect_timeout;
    expect(limit, [this, limit] {
      finish(named({"net.proxy.timeout", fmt::format("no answer to CONNECT within {}", format_duration(limit))}));
    });
  }

  void on_proxy(IoEvents events) {
    const auto self = shared_from_this();  // unwatch lets go of the one in the watch
    if (has(events, IoEvents::writable) && !send_request()) return;
    if (!has(events, IoEvents::readable)) return;
    const Result<bool> stands = take_from_socket(socket_.get(), *dialogue_);
    if (!stands) {
      const bool ours = stands.error().code.starts_with("net.proxy");
      return finish(named(ours ? stands.error() : Error{"net.proxy.reply", stands.error().what}));
    }
    if (!*stands) return;
    loop_.unwatch(socket_.get());
    finish(Connection::create(loop_, std::move(socket_), request_.connection));
  }

  bool send_request() {
    const std::string_view bytes = outgoing_.reveal().substr(sent_);
    if (!bytes.empty()) {
      const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) return true;
      if (count < 0) {
        finish(named({"net.proxy.reply", std::strerror(errno)}));
        return false;
      }
      sent_ += static_cast<std::size_t>(count);
    }
    if (sent_ == outgoing_.reveal().size()) loop_.modify(socket_.get(), IoEvents::readable);
    return true;
  }

  // Where it was to go, when that is not where the failure was.
  [[nodiscard]] Error named(const Error& error) const {
    if (!request_.proxy) return error;
    const std::string way = fmt::format("{} through the proxy ", HostPort{request_.host, request_.port}.text());
    const std::string proxy = way_to_.text();
    return {error.code, error.what.starts_with(proxy + ":") ? way + error.what : way + proxy + ": " + error.what};
  }

  EventLoop& loop_;
  const ConnectRequest request_;
  const HostPort way_to_;  // the proxy, or where the connection goes
  Connected done_;
  std::atomic<bool> cancelled_{false};
  std::uint64_t step_ = 0;  // an answer or timer of an earlier step means nothing any more
  TimerId timer_ = TimerId::none;
  Address source_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;
  FileDescriptor socket_;
  std::optional<HttpConnect> dialogue_;
  Secret outgoing_;
  std::size_t sent_ = 0;
  Error failure_;
  std::string tried_;
};

void ConnectAttempt::cancel() {
  if (state_ != nullptr) state_->cancel();
}

ConnectAttempt Connector::connect(EventLoop& loop, ConnectRequest request, Connected done) {
  ConnectAttempt attempt;
  attempt.state_ = std::make_shared<ConnectAttempt::State>(loop, std::move(request), std::move(done));
  attempt.state_->begin(resolver_);
  return attempt;
}

ConnectAttempt Connector::connect(EventLoop& loop, const Address& address, Duration timeout, Connected done,
                                  ConnectionSettings connection) {
  ConnectRequest request;
  request.connect_timeout = timeout;
  request.connection = connection;
  ConnectAttempt attempt;
  attempt.state_ = std::make_shared<ConnectAttempt::State>(loop, std::move(request), std::move(done));
  attempt.state_->begin(address);
  return attempt;
}

}  // namespace sluis::net
