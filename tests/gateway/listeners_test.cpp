// Listeners over real sockets: what a channel mounts is served, and reloads and stops treat clients well.
#include "gateway/listeners.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "core/channel/conformance/test_context.h"
#include "core/net/http/client.h"
#include "core/net/resolver.h"

namespace sluis::gateway {
namespace {

using net::http::Response;

struct ListenersRig {
  SystemClock clock;
  net::LoopGroup loops{clock, 2};
  net::SystemResolver resolver{1};
  tests::TestContext incidents;
  Metrics metrics;
  GatewayListeners listeners{loops, clock, incidents, Log{}, metrics};
  net::http::HttpClient client{loops.at(0), resolver};

  ~ListenersRig() {
    std::promise<void> stopped;
    client.stop([&] { stopped.set_value(); });
    stopped.get_future().wait();
    listeners.stop(Duration::zero());
    loops.stop();
  }

  void open(const std::map<std::string, std::string>& addresses) {
    PreparedListeners prepared;
    for (const auto& [name, address] : addresses) prepared.settings[name].address = address;
    listeners.open(std::move(prepared));
  }
  std::uint16_t port(std::string_view name) { return listeners.address(name).value_or(net::Address{}).port(); }

  Listeners::LeasePtr mount(std::string_view listener, const std::string& prefix) {
    net::http::Mount mount;
    mount.prefix = prefix;
    mount.serve = net::http::collect_body(
        [prefix](const net::http::Request&, const std::string&, const net::http::Responder& responder) {
          responder.respond(Response::text(200, prefix));
        });
    auto lease = listeners.mount(listener, std::move(mount));
    EXPECT_TRUE(lease.ok()) << (lease ? "" : lease.error().what);
    return lease ? std::move(*lease) : nullptr;
  }
  std::future<net::http::Fetched> begin(std::uint16_t at, const std::string& target) {
    net::http::ClientRequest request;
    request.origin = {false, "127.0.0.1", at};
    request.target = target;
    const auto done = std::make_shared<std::promise<net::http::Fetched>>();
    client.fetch(std::move(request), [done](net::http::Fetched fetched) { done->set_value(std::move(fetched)); });
    return done->get_future();
  }
  std::string get(std::uint16_t at, const std::string& target) {
    const auto fetched = begin(at, target).get();
    return fetched.result.error ? fetched.result.error->code
                                : std::to_string(fetched.result.status) + " " + fetched.response.body;
  }
};

TEST(GatewayListeners, ServeWhatChannelsMount) {
  ListenersRig rig;
  rig.open({{"public", "127.0.0.1:0"}});
  const auto a = rig.mount("public", "/a");
  auto b = rig.mount("public", "/b");
  EXPECT_EQ(rig.get(rig.port("public"), "/a"), "200 /a");
  EXPECT_EQ(rig.get(rig.port("public"), "/b"), "200 /b");
  b.reset();
  EXPECT_TRUE(rig.get(rig.port("public"), "/b").starts_with("404")) << "given back, nobody is there";
}

TEST(GatewayListeners, AMountOnAnUnknownNameIsAnError) {
  ListenersRig rig;
  net::http::Mount mount;
  mount.serve = [](const net::http::Request&, const net::http::Responder&) { return nullptr; };
  EXPECT_EQ(rig.listeners.mount("public", mount).error().code, "listener.unknown");
}

TEST(GatewayListeners, OneChannelTakesAListenerWhole) {
  ListenersRig rig;
  rig.open({{"mail", "127.0.0.1:0"}});
  std::atomic<int> sessions = 0;
  const auto factory = [&](const std::shared_ptr<net::Connection>&) -> std::shared_ptr<net::ConnectionHandler> {
    ++sessions;
    return nullptr;
  };
  auto lease = rig.listeners.take("mail", factory);
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(rig.listeners.take("mail", factory).error().code, "listener.taken");
  net::http::Mount mount;
  mount.serve = [](const net::http::Request&, const net::http::Responder&) { return nullptr; };
  EXPECT_EQ(rig.listeners.mount("mail", mount).error().code, "listener.taken");
  rig.get(rig.port("mail"), "/");
  EXPECT_GE(sessions, 1);
}

TEST(GatewayListeners, ATakenAddressIsAnIncidentAndNothingElseSuffers) {
  ListenersRig rig;
  rig.open({{"first", "127.0.0.1:0"}});
  const std::string taken = "127.0.0.1:" + std::to_string(rig.port("first"));
  rig.open({{"first", "127.0.0.1:0"}, {"second", taken}});
  const auto mounted = rig.mount("first", "/");
  EXPECT_EQ(rig.get(rig.port("first"), "/"), "200 /");
  EXPECT_TRUE(rig.incidents.open_incidents().contains("listener/second"));
  const auto condition = rig.listeners.condition("second");
  EXPECT_FALSE(condition.listening);
  EXPECT_TRUE(condition.text.starts_with(taken)) << condition.text;
}

TEST(GatewayListeners, AnotherAddressTakesTheMountsAlong) {
  ListenersRig rig;
  rig.open({{"public", "127.0.0.1:0"}});
  const auto mounted = rig.mount("public", "/a");
  const std::uint16_t before = rig.port("public");
  rig.open({{"public", "[::1]:0"}});
  ASSERT_NE(rig.port("public"), 0);
  EXPECT_EQ(rig.get(before, "/a"), "net.tcp.refused");
}

TEST(GatewayListeners, AReloadOfTheSameSettingsTouchesNothing) {
  ListenersRig rig;
  rig.open({{"public", "127.0.0.1:0"}});
  const auto mounted = rig.mount("public", "/a");
  const std::uint16_t before = rig.port("public");
  rig.open({{"public", "127.0.0.1:0"}, {"other", "127.0.0.1:0"}});
  EXPECT_EQ(rig.port("public"), before);
  rig.open({{"public", "127.0.0.1:0"}});
  rig.listeners.close_gone();
  EXPECT_EQ(rig.port("other"), 0) << "what is gone is closed";
  EXPECT_EQ(rig.get(before, "/a"), "200 /a");
}

TEST(GatewayListeners, BehindAProxyOnlyWhatBeginsWithItsHeaderIsServed) {
  ListenersRig rig;
  PreparedListeners prepared;
  prepared.settings["public"].address = "127.0.0.1:0";
  prepared.settings["public"].proxy_protocol_from = {"127.0.0.0/8"};
  rig.listeners.open(prepared);
  const auto lease = rig.mount("public", "/a");
  auto fetched = rig.begin(rig.port("public"), "/a").get();
  EXPECT_NE(fetched.result.verdict, net::http::Verdict::answered) << "no header came first";
  prepared.settings["public"].proxy_protocol_from.clear();
  rig.listeners.open(prepared);
  fetched = rig.begin(rig.port("public"), "/a").get();
  EXPECT_EQ(fetched.response.status, 200);
}

TEST(GatewayListeners, AListenerWithoutItsCertificateDoesNotAnswerInClearText) {
  ListenersRig rig;
  std::map<std::string, config::ListenerSettings> settings;
  settings["public"].address = "127.0.0.1:0";
  settings["public"].tls = config::ListenerTls{"/nonexistent/certificate.pem", Secret{"key"}, {}, false};
  PreparedListeners prepared = prepare(settings);
  ASSERT_EQ(prepared.errors.size(), 1U);
  EXPECT_TRUE(prepared.errors[0].what.starts_with("listeners.public.tls: ")) << prepared.errors[0].what;
  rig.listeners.open(std::move(prepared));
  EXPECT_FALSE(rig.listeners.address("public"));
  EXPECT_TRUE(rig.incidents.open_incidents().contains("listener/public"));
}

TEST(GatewayListeners, AStopLetsAResponseFinish) {
  ListenersRig rig;
  rig.open({{"public", "127.0.0.1:0"}});
  std::promise<net::http::Responder> asked;
  net::http::Mount mount;
  mount.serve = [&](const net::http::Request&,
                    net::http::Responder responder) -> std::shared_ptr<net::http::RequestHandler> {
    asked.set_value(std::move(responder));
    return nullptr;
  };
  const auto lease = rig.listeners.mount("public", std::move(mount));
  auto answer = rig.begin(rig.port("public"), "/");
  net::http::Responder responder = asked.get_future().get();
  std::thread stopping([&] { rig.listeners.stop(20s); });
  responder.respond(Response::text(200, "done"));
  EXPECT_EQ(answer.get().response.body, "done");
  stopping.join();
}

}  // namespace
}  // namespace sluis::gateway
