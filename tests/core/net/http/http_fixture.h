// A server and clients over real loopback sockets.
#pragma once

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/net/http/client.h"
#include "core/net/http/server.h"
#include "core/runtime/metrics.h"
#include "tests/core/net/network_fixture.h"

namespace sluis::test {

using net::http::Fetched;
using net::http::Request;
using net::http::Responder;
using net::http::Response;

// A handler that writes down what it is told. The hooks run on the loop.
class HandlerRecorder : public net::http::RequestHandler {
 public:
  struct Seen {
    std::string body;
    bool ended = false;
    int drained = 0;
    std::optional<Error> aborted;
  };
  void on_body(std::string_view bytes) override {
    note([&](Seen& seen) { seen.body += bytes; });
    if (body_hook) body_hook(bytes);
  }
  void on_end() override {
    note([](Seen& seen) { seen.ended = true; });
    if (end_hook) end_hook();
  }
  void on_drained() override {
    note([](Seen& seen) { ++seen.drained; });
    if (drained_hook) drained_hook();
  }
  void on_aborted(const Error& reason) override {
    note([&](Seen& seen) { seen.aborted = reason; });
  }
  bool wait(const std::function<bool(const Seen&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return condition(seen_); });
  }
  std::string abort_code() {
    return wait([](const Seen& seen) { return seen.aborted.has_value(); }) ? seen().aborted->code : "not aborted";
  }
  Seen seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  std::function<void(std::string_view)> body_hook;
  std::function<void()> end_hook;
  std::function<void()> drained_hook;
  Request request;
  Responder responder;

 private:
  template <class F>
  void note(F change) {
    {
      const std::lock_guard lock(mutex_);
      change(seen_);
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
};

// Reads one response with a Content-Length.
inline std::string read_response(const RawPeer& peer) {
  std::string all;
  while (all.find("\r\n\r\n") == std::string::npos) {
    const std::string one = peer.receive(1);
    if (one.empty()) return all;
    all += one;
  }
  const std::size_t at = all.find("Content-Length: ");
  return at == std::string::npos ? all : all + peer.receive(std::stoul(all.substr(at + 16)));
}

// Requests as octets.
inline std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n";
}
inline std::string last_get(const std::string& target, const std::string& fields = {}) {
  return get(target, fields + "Connection: close\r\n");
}
inline std::string post(const std::string& target, const std::string& body, const std::string& fields = {}) {
  return "POST " + target + " HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

class HttpTest : public NetworkTest {
 protected:
  ~HttpTest() override {
    client_.reset();
    listener_.reset();
    {
      const std::lock_guard lock(handlers_mutex_);
      handlers_.clear();
    }
    leases_.clear();
    if (server_ != nullptr) {
      std::promise<void> gone;
      server_->stop(Duration::zero(), [&gone] { gone.set_value(); });
      gone.get_future().wait();
    }
    server_.reset();
    for (std::size_t i = 0; i < loops_.size(); ++i) on(loops_.at(i), [] {});
  }

  net::http::HttpServer& start(net::http::HttpServerSettings settings = {}, net::ConnectionSettings connection = {}) {
    settings.metrics = &metrics_;
    server_ = std::make_unique<net::http::HttpServer>(clock_, std::move(settings));
    net::ListenerSettings listening;
    listening.connection = connection;
    auto opened = net::Listener::open(loops_, *net::Address::parse("127.0.0.1:0"), server_->sessions(), listening);
    if (!opened) throw std::runtime_error(opened.error().what);
    listener_ = std::move(*opened);
    return *server_;
  }
  void mount(net::http::Mount mount) {
    auto lease = server_->mount(std::move(mount));
    ASSERT_TRUE(lease.ok()) << lease.error().what;
    leases_.push_back(std::move(*lease));
  }
  // Answers with "<prefix>: <method> <path> <body>".
  void mount_echo(const std::string& prefix, const std::string& host = {}) {
    net::http::Mount echo;
    echo.prefix = prefix;
    echo.host = host;
    echo.serve = net::http::collect_body(
        [name = host + prefix](const Request& request, std::string body, const Responder& responder) {
          responder.respond(Response::text(200, name + ": " + request.method + " " + request.path + " " + body));
        });
    mount(std::move(echo));
  }
  // Every request gets a recorder, prepared on the loop before its body.
  void mount_recorder(std::function<void(HandlerRecorder&)> prepare = {}, net::http::Mount mount_like = {}) {
    mount_like.serve = [this, prepare](const Request& request, Responder responder) {
      auto handler = std::make_shared<HandlerRecorder>();
      handler->request = request;
      handler->responder = std::move(responder);
      if (prepare) prepare(*handler);
      {
        const std::lock_guard lock(handlers_mutex_);
        handlers_.push_back(handler);
      }
      handlers_changed_.notify_all();
      return handler;
    };
    mount(std::move(mount_like));
  }
  std::shared_ptr<HandlerRecorder> handler(std::size_t index = 0) {
    std::unique_lock lock(handlers_mutex_);
    if (!handlers_changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return handlers_.size() > index; }))
      throw std::runtime_error("no such request came");
    return handlers_[index];
  }

  // Sends octets as they are and reads until the server closes.
  std::string talk(const std::string& octets) {
    RawPeer peer = raw();
    peer.send(octets);
    return peer.receive(100'000'000);
  }
  double refused(const std::string& reason) {
    return metrics_.counter("sluis_http_refused_total", "", {{"listener", "http"}, {"reason", reason}}).value();
  }

  net::http::HttpClient& client(net::http::HttpClientSettings settings = {}) {
    client_ = std::make_unique<net::http::HttpClient>(loops_.at(1), resolver_, std::move(settings));
    return *client_;
  }
  net::http::ClientRequest request(std::string method = "GET", std::string target = "/", std::string body = {}) const {
    net::http::ClientRequest request;
    request.origin = {false, "127.0.0.1", listener_->port()};
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
  }
  Fetched fetch(net::http::ClientRequest request) {
    std::promise<Fetched> done;
    auto result = done.get_future();
    client_->fetch(std::move(request), [&done](Fetched fetched) { done.set_value(std::move(fetched)); });
    if (result.wait_for(std::chrono::seconds{20}) != std::future_status::ready) std::abort();  // it must come, always
    return result.get();
  }

  Metrics metrics_;
  net::SystemResolver resolver_;
  std::unique_ptr<net::http::HttpServer> server_;
  std::unique_ptr<net::http::HttpClient> client_;
  std::vector<net::http::MountLease> leases_;

 private:
  std::mutex handlers_mutex_;
  std::condition_variable handlers_changed_;
  std::vector<std::shared_ptr<HandlerRecorder>> handlers_;
};

}  // namespace sluis::test
