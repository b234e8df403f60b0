// bench-connections: requests to our HTTP server over a few kept connections while --idle others do nothing
// (bench/connections/benchmark.py calls it). The clients are plain blocking sockets, so that what is measured is ours.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "bench/harness/arguments.h"
#include "bench/harness/measured_region.h"
#include "core/net/http/server.h"

namespace {

using namespace sluis;

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    bench::give_up("a connection to our own listener was refused");
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

// One request and the whole of its answer, in milliseconds. The answer's body ends with "done".
double ask(int socket) {
  constexpr std::string_view request =
      "POST /in HTTP/1.1\r\nHost: a.example\r\nContent-Length: 64\r\n\r\n"
      "0123456789012345678901234567890123456789012345678901234567890123";
  const auto begun = std::chrono::steady_clock::now();
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    bench::give_up("a request was not taken");
  std::string answer;
  char buffer[4096];
  while (!answer.ends_with("done")) {
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) bench::give_up("an answer did not come");
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  if (!answer.starts_with("HTTP/1.1 200")) bench::give_up(answer);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

int main(int count, char** words) {
  using namespace net;
  const bench::Arguments arguments(count, words);
  const std::uint64_t idle = arguments.number("idle");
  const std::uint64_t requests = arguments.number("requests");
  const std::uint64_t clients = arguments.number("clients", 4);

  const SystemClock clock;
  LoopGroup loops(clock);
  http::HttpServer server(clock);
  http::Mount mount;
  mount.serve = http::collect_body([](const http::Request&, const std::string&, http::Responder responder) {
    responder.respond(http::Response::text(200, "done"));
  });
  const auto lease = server.mount(std::move(mount));
  if (!lease.ok()) bench::give_up(lease.error().what);
  ListenerSettings settings;
  settings.most_connections = settings.most_per_address = static_cast<std::size_t>(idle + clients + 100);
  auto listener = Listener::open(loops, Address::parse("127.0.0.1:0").value(), server.sessions(), settings);
  if (!listener.ok()) bench::give_up(listener.error().what);
  const std::uint16_t port = listener.value()->port();

  std::vector<int> sockets;
  for (std::uint64_t i = 0; i < idle; ++i) {
    sockets.push_back(connect_to(port));
    // Each has asked once and then says nothing: what a customer's program with a kept connection looks like.
    ask(sockets.back());
  }
  std::vector<std::vector<double>> waits(clients);
  std::vector<std::thread> threads;
  const bench::MeasuredRegion region;
  for (std::uint64_t c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      const int socket = connect_to(port);
      for (std::uint64_t i = 0; i < requests / clients; ++i) waits[c].push_back(ask(socket));
      ::close(socket);
    });
  for (std::thread& thread : threads) thread.join();
  auto values = region.finish();
  if (listener.value()->connections() < idle) bench::give_up("idle connections were closed");
  std::vector<double> all;
  for (const auto& one : waits) all.insert(all.end(), one.begin(), one.end());
  values["requests"] = static_cast<double>(all.size());
  values["p50_ms"] = bench::percentile(all, 0.50);
  values["p99_ms"] = bench::percentile(all, 0.99);
  bench::report(values);

  for (const int socket : sockets) ::close(socket);
  listener.value()->stop();
  server.stop(Duration{0});
  loops.stop();
  return 0;
}
