// A listener of the house behind a proxy of somebody else's, for proxies_test.py.
//
//   proxied-peer NETWORK…    names these proxies, writes the port that it listens on to stdout, and runs until stdin
//   ends
//
// Each connection is answered its first line with what is known of the client, as one line of JSON. A line on stdin is
// answered with the connections accepted and refused so far.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/net/listener.h"
#include "core/net/proxy_protocol.h"

namespace sluis::test {
namespace {

class Session final : public net::ConnectionHandler {
 public:
  explicit Session(std::shared_ptr<net::Connection> connection) : connection_(std::move(connection)) {}

  void on_bytes(std::string_view bytes) override {
    heard_ += bytes;
    if (heard_.find('\n') == std::string::npos || connection_ == nullptr) return;
    connection_->write(known().dump() + "\n");
    connection_->shutdown();
  }
  void on_closed(const Error&) override { connection_.reset(); }

 private:
  [[nodiscard]] nlohmann::json known() const {
    nlohmann::json all{
        {"client", connection_->remote().text()}, {"peer", connection_->peer().text()}, {"heard", heard_}};
    const auto& header = connection_->proxy_header();
    if (header == nullptr) return all;
    all["version"] = header->version;
    all["destination"] = header->destination.text();
    all["authority"] = header->authority;
    if (!header->tls) return all;
    all["tls"] = {{"version", header->tls->version},
                  {"common-name", header->tls->common_name},
                  {"certificate", header->tls->certificate},
                  {"verified", header->tls->verified}};
    return all;
  }

  std::shared_ptr<net::Connection> connection_;
  std::string heard_;
};

int run(const std::vector<std::string>& proxies) {
  const auto from = net::AddressSet::parse(proxies);
  if (!from) {
    std::cerr << from.error().what << '\n';
    return 2;
  }
  const SystemClock clock;
  Metrics metrics;
  net::LoopGroup loops(clock, 1);
  net::ListenerSettings settings;
  settings.proxy_protocol.from = *from;
  settings.metrics = &metrics;
  auto listener = net::Listener::open(
      loops, *net::Address::parse("127.0.0.1:0"),
      [](const std::shared_ptr<net::Connection>& connection) { return std::make_shared<Session>(connection); },
      settings);
  if (!listener) {
    std::cerr << listener.error().what << '\n';
    return 1;
  }
  std::cout << (*listener)->port() << std::endl;
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << (*listener)->accepted() << ' ' << (*listener)->refused() << std::endl;
  listener->reset();
  return 0;
}

}  // namespace
}  // namespace sluis::test

int main(int count, char** arguments) {
  return sluis::test::run({arguments + 1, arguments + count});
}
