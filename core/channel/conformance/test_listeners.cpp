#include "core/channel/conformance/test_listeners.h"

#include <algorithm>
#include <future>

namespace sluis::tests {

class TestListeners::TestLease final : public Lease {
 public:
  TestLease(TestListeners& listeners, std::string prefix, net::http::MountLease mount)
      : listeners_(listeners), prefix_(std::move(prefix)), mount_(std::move(mount)) {}
  TestLease(const TestLease&) = delete;
  TestLease& operator=(const TestLease&) = delete;
  ~TestLease() override {
    mount_.release();
    const std::lock_guard lock(listeners_.mutex_);
    std::erase(listeners_.prefixes_, prefix_);
  }

 private:
  TestListeners& listeners_;
  const std::string prefix_;
  net::http::MountLease mount_;
};

TestListeners::~TestListeners() {
  for (auto& [name, place] : places_) {
    if (place.socket != nullptr) place.socket->stop();
    if (place.http == nullptr) continue;
    std::promise<void> gone;
    place.http->stop(Duration::zero(), [&gone] { gone.set_value(); });
    gone.get_future().wait();
  }
}

Status TestListeners::open(Place& place, net::SessionFactory sessions) {
  auto socket = net::Listener::open(*loops, *net::Address::parse("127.0.0.1:0"), std::move(sessions));
  if (!socket) return socket.error();
  place.socket = std::move(*socket);
  return {};
}

std::uint16_t TestListeners::port(std::string_view listener) const {
  const std::lock_guard lock(mutex_);
  const auto at = places_.find(listener);
  return at == places_.end() || at->second.socket == nullptr ? 0 : at->second.socket->port();
}

std::vector<std::string> TestListeners::prefixes() const {
  const std::lock_guard lock(mutex_);
  return prefixes_;
}

Result<Listeners::LeasePtr> TestListeners::mount(std::string_view listener, net::http::Mount mount) {
  const std::lock_guard lock(mutex_);
  std::string prefix = mount.prefix;
  net::http::MountLease lease;
  if (loops != nullptr) {
    Place& place = places_[std::string(listener)];
    if (place.http == nullptr) {
      net::http::HttpServerSettings settings;
      settings.metrics = metrics;
      settings.log = log;
      place.http = std::make_unique<net::http::HttpServer>(*clock, settings);
      place.http->set_tls(tls_context);
      if (Status opened = open(place, place.http->sessions()); !opened) return opened.error();
    }
    auto mounted = place.http->mount(std::move(mount));
    if (!mounted) return mounted.error();
    lease = std::move(*mounted);
  }
  prefixes_.push_back(prefix);
  return LeasePtr(std::make_unique<TestLease>(*this, std::move(prefix), std::move(lease)));
}

Result<Listeners::LeasePtr> TestListeners::take(std::string_view listener, net::SessionFactory sessions) {
  const std::lock_guard lock(mutex_);
  if (loops != nullptr)
    if (Status opened = open(places_[std::string(listener)], std::move(sessions)); !opened) return opened.error();
  return LeasePtr(std::make_unique<TestLease>(*this, std::string(listener), net::http::MountLease{}));
}

Listeners::Condition TestListeners::condition(std::string_view listener) const {
  if (loops == nullptr) return {true, "noted"};
  const std::uint16_t open = port(listener);
  return {open != 0, open != 0 ? "127.0.0.1:" + std::to_string(open) : "not open"};
}

Result<std::vector<Messages::OneMessage>> TestMessages::list(std::string_view customer, const Filter& filter) {
  std::vector<OneMessage> out;
  for (const OneMessage& one : stored)
    if (one.message.customer == customer && out.size() < filter.limit) out.push_back(one);
  return out;
}

Result<std::optional<Messages::OneMessage>> TestMessages::show(std::string_view customer, const MessageId& id) {
  for (const OneMessage& one : stored)
    if (one.message.id == id && one.message.customer == customer) return std::optional{one};
  return std::optional<OneMessage>{};
}

Result<std::optional<Messages::Found>> TestMessages::delivery(std::string_view customer, DeliveryId id) {
  for (const OneMessage& one : stored)
    for (const OneDelivery& delivery : one.deliveries)
      if (delivery.id == id && one.message.customer == customer) return std::optional{Found{delivery, one}};
  return std::optional<Found>{};
}

}  // namespace sluis::tests
