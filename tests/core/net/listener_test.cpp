#include "core/net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/net/socket.h"
#include "tests/core/net/network_fixture.h"

namespace sluis::test {
namespace {

class ListenerTest : public NetworkTest {};

TEST_F(ListenerTest, TakesAFreePortAndSpreadsConnectionsOverTheLoops) {
  listen();
  EXPECT_NE(listener_->port(), 0);
  const RawPeer one = raw();
  const RawPeer two = raw();
  EXPECT_NE(&accepted(0)->connection->loop(), &accepted(1)->connection->loop());
}

TEST_F(ListenerTest, SaysWhoseAddressIsTaken) {
  listen();
  net::ListenerSettings settings;
  settings.name = "public";
  const auto second = net::Listener::open(loops_, listener_->address(), {}, settings);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, "net.listen");
  EXPECT_NE(second.error().what.find("public"), std::string::npos);
  EXPECT_NE(second.error().what.find(listener_->address().text()), std::string::npos);
}

TEST_F(ListenerTest, RefusesMoreThanItMayHoldFromOneAddressAndCountsIt) {
  Metrics metrics;
  net::ListenerSettings settings;
  settings.most_per_address = 2;
  settings.metrics = &metrics;
  listen({}, settings);
  const RawPeer one = raw();
  const RawPeer two = raw();
  const RawPeer three = raw();
  EXPECT_TRUE(three.ended());
  EXPECT_EQ(listener_->refused(), 1U);
  EXPECT_EQ(listener_->connections(), 2U);
  EXPECT_NE(metrics.render().find("sluis_net_refused_total{listener=\"listener\",reason=\"address\"} 1"),
            std::string::npos)
      << metrics.render();
  listener_->stop();
}

TEST_F(ListenerTest, CountsAddressesApart) {
  net::ListenerSettings settings;
  settings.most_per_address = 1;
  listen({}, settings);
  const RawPeer one = raw();
  net::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const net::Address other = *net::Address::parse("127.0.0.2:0");
  const net::Address to = listener_->address();
  ASSERT_EQ(::bind(socket.get(), other.data(), other.size()), 0);
  ASSERT_EQ(::connect(socket.get(), to.data(), to.size()), 0);
  accepted(1);
  EXPECT_EQ(listener_->refused(), 0U);
}

TEST_F(ListenerTest, RefusesMoreThanItMayHoldInAll) {
  net::ListenerSettings settings;
  settings.most_connections = 1;
  listen({}, settings);
  const RawPeer one = raw();
  accepted();
  const RawPeer two = raw();
  EXPECT_TRUE(two.ended());
}

TEST_F(ListenerTest, GivesThePlaceBackWhenAConnectionCloses) {
  net::ListenerSettings settings;
  settings.most_per_address = 1;
  listen({}, settings);
  RawPeer one = raw();
  accepted();
  one.close();
  ASSERT_TRUE(eventually([&] { return listener_->connections() == 0; }));
  const RawPeer two = raw();
  EXPECT_NE(accepted(1), nullptr);
}

TEST_F(ListenerTest, ClosesAConnectionThatTheFactoryDoesNotWant) {
  auto opened = net::Listener::open(loops_, *net::Address::parse("127.0.0.1:0"),
                                    [](const std::shared_ptr<net::Connection>&) { return nullptr; });
  ASSERT_TRUE(opened.ok());
  const RawPeer peer = RawPeer::connect((*opened)->address());
  EXPECT_TRUE(peer.ended());
  EXPECT_TRUE(eventually([&] { return (*opened)->connections() == 0; }));
}

TEST_F(ListenerTest, RefusesConnectionsAfterStopAndFreesTheAddress) {
  listen();
  const RawPeer before = raw();
  const auto server = accepted();
  const net::Address address = listener_->address();
  listener_->stop();
  EXPECT_THROW(RawPeer::connect(address), std::runtime_error);
  before.send("still here");
  EXPECT_TRUE(server->wait_bytes("still here"));
  EXPECT_TRUE(net::Listener::open(loops_, address, [](const auto&) { return nullptr; }).ok());
}

TEST_F(ListenerTest, LetsAFactoryStopItsOwnListener) {
  std::promise<void> stopped;
  std::unique_ptr<net::Listener> listener;
  std::promise<void> ready;
  auto is_ready = ready.get_future().share();
  auto opened = net::Listener::open(
      loops_, *net::Address::parse("127.0.0.1:0"),
      [&, is_ready](const std::shared_ptr<net::Connection>&) -> std::shared_ptr<net::ConnectionHandler> {
        is_ready.get();
        listener->stop();
        stopped.set_value();
        return nullptr;
      });
  ASSERT_TRUE(opened.ok());
  listener = std::move(*opened);
  ready.set_value();
  const RawPeer peer = RawPeer::connect(listener->address());
  stopped.get_future().get();
  EXPECT_TRUE(peer.ended());
}

// Uses up the descriptors of the process up to a lowered limit.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit low = before_;
    low.rlim_cur = 256;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    for (;;) {
      net::FileDescriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!one.valid()) break;
      taken_.push_back(std::move(one));
    }
  }
  ~NoDescriptorsLeft() {
    taken_.clear();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  rlimit before_{};
  std::vector<net::FileDescriptor> taken_;
};

TEST_F(ListenerTest, PausesWithoutSpinningWhenDescriptorsRunOutAndGoesOnAfterwards) {
  listen();
  net::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const net::Address to = listener_->address();
  {
    const NoDescriptorsLeft exhausted;
    ASSERT_EQ(::connect(socket.get(), to.data(), to.size()), 0);
    ASSERT_TRUE(eventually([&] { return listener_->pauses() > 0; }));
    EXPECT_LT(listener_->pauses(), 50U);  // a spinning loop makes thousands
    EXPECT_EQ(listener_->accepted(), 0U);
  }
  accepted();
  EXPECT_EQ(listener_->accepted(), 1U);
}

}  // namespace
}  // namespace sluis::test
