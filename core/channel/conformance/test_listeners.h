// Listeners and messages for tests of adapters: real HTTP servers on free ports, and messages as the test says.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/channel/listeners.h"
#include "core/channel/messages.h"
#include "core/net/http/server.h"

namespace sluis::tests {

// Every name is a listener on 127.0.0.1; the socket is there from the first use on. Without loops mounts are only
// noted. [Ownership] clock and loops outlive it; the loops run until it has gone.
class TestListeners final : public Listeners {
 public:
  ~TestListeners() override;
  // Before the first use.
  const Clock* clock = nullptr;
  net::LoopGroup* loops = nullptr;
  std::shared_ptr<const net::TlsContext> tls_context;
  Metrics* metrics = nullptr;
  Log log;

  [[nodiscard]] std::uint16_t port(std::string_view listener) const;
  [[nodiscard]] std::vector<std::string> prefixes() const;  // mounted now, of all listeners

  Result<LeasePtr> mount(std::string_view listener, net::http::Mount mount) override;
  Result<LeasePtr> take(std::string_view listener, net::SessionFactory sessions) override;
  [[nodiscard]] Result<std::shared_ptr<const net::TlsContext>> tls(std::string_view) override { return tls_context; }
  [[nodiscard]] Condition condition(std::string_view listener) const override;

 private:
  struct Place {
    std::unique_ptr<net::http::HttpServer> http;
    std::unique_ptr<net::Listener> socket;
  };
  class TestLease;
  Status open(Place& place, net::SessionFactory sessions);
  mutable std::mutex mutex_;
  std::map<std::string, Place, std::less<>> places_;
  std::vector<std::string> prefixes_;
};

// [Threading] any thread, once the test has put its messages in.
class TestMessages final : public Messages {
 public:
  std::vector<OneMessage> stored;  // of all customers
  Result<std::vector<OneMessage>> list(std::string_view customer, const Filter& filter) override;
  Result<std::optional<OneMessage>> show(std::string_view customer, const MessageId& id) override;
  Result<std::optional<Found>> delivery(std::string_view customer, DeliveryId id) override;
};

}  // namespace sluis::tests
