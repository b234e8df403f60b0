#include "core/net/connector.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/net/socket.h"
#include "tests/core/net/network_fixture.h"

namespace sluis::test {
namespace {

using net::Address;
using net::Connection;

// Answers what the test says, when it says so.
class ScriptedResolver final : public net::Resolver {
 public:
  explicit ScriptedResolver(std::vector<Address> answer) : answer_(std::move(answer)) {}
  void resolve(const std::string&, std::uint16_t, Done done) override {
    if (silent) {
      held = std::move(done);
      asked.set_value();
      return;
    }
    if (answer_.empty()) return done(Error{"net.dns", "no such name"});
    done(answer_);
  }
  bool silent = false;
  Done held;
  std::promise<void> asked;

 private:
  std::vector<Address> answer_;
};

class ConnectorTest : public NetworkTest {
 protected:
  using Outcome = Result<std::shared_ptr<Connection>>;

  Outcome run(net::Resolver& resolver, net::ConnectRequest request) {
    std::promise<Outcome> result;
    net::EventLoop& loop = loops_.next();
    net::Connector(resolver).connect(loop, std::move(request), [&](Outcome outcome) {
      EXPECT_TRUE(loop.in_loop());
      result.set_value(std::move(outcome));
    });
    return result.get_future().get();
  }
  static net::ConnectRequest request(const std::string& host, std::uint16_t port = 1) {
    net::ConnectRequest one;
    one.host = host;
    one.port = port;
    return one;
  }
  // A port where nobody listens: bound, so that nobody else takes it, but not listening.
  Address closed_port() {
    bound_ = std::move(*net::make_stream_socket(AF_INET));
    const Address any = *Address::parse("127.0.0.1:0");
    EXPECT_EQ(::bind(bound_.get(), any.data(), any.size()), 0);
    return net::local_address(bound_.get());
  }

 private:
  net::FileDescriptor bound_;
};

TEST_F(ConnectorTest, ConnectsToANameOfTheSystem) {
  listen();
  net::SystemResolver resolver(1);
  const Outcome outcome = run(resolver, request("localhost", listener_->port()));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ((*outcome)->remote(), listener_->address());
}

TEST_F(ConnectorTest, SaysThatNobodyListens) {
  ScriptedResolver resolver({closed_port()});
  const Outcome outcome = run(resolver, request("gone.example"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, "net.tcp.refused");
  EXPECT_NE(outcome.error().what.find("gone.example"), std::string::npos);
}

TEST_F(ConnectorTest, GivesUpOnAHostThatDoesNotAnswer) {
  const SilentHost silent;
  ScriptedResolver resolver({silent.address()});
  net::ConnectRequest slow = request("silent.example");
  slow.connect_timeout = 50ms;
  const Outcome outcome = run(resolver, slow);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, "net.tcp.timeout");
}

TEST_F(ConnectorTest, TriesTheNextAddressWhenOneFails) {
  listen();
  const SilentHost silent;
  ScriptedResolver resolver({closed_port(), silent.address(), listener_->address()});
  net::ConnectRequest patient = request("three.example");
  patient.connect_timeout = 50ms;
  const Outcome outcome = run(resolver, patient);
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ((*outcome)->remote(), listener_->address());
}

TEST_F(ConnectorTest, NamesEveryAddressItTried) {
  const Address refused = closed_port();
  const SilentHost silent;
  ScriptedResolver resolver({silent.address(), refused});
  net::ConnectRequest patient = request("two.example");
  patient.connect_timeout = 50ms;
  const Outcome outcome = run(resolver, patient);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().what.find(silent.address().text()), std::string::npos);
  EXPECT_NE(outcome.error().what.find(refused.text()), std::string::npos);
}

TEST_F(ConnectorTest, PassesOnWhatTheResolverSays) {
  ScriptedResolver resolver({});
  const Outcome outcome = run(resolver, request("nowhere.example"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, "net.dns");
}

TEST_F(ConnectorTest, DoesNotWaitForASilentResolver) {
  ScriptedResolver resolver({*Address::parse("127.0.0.1:1")});
  resolver.silent = true;
  net::ConnectRequest hasty = request("slow.example");
  hasty.resolve_timeout = 20ms;
  const Outcome outcome = run(resolver, hasty);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, "net.dns.timeout");
  resolver.held(std::vector<Address>{});  // the late answer means nothing any more
}

TEST_F(ConnectorTest, DoesNotCallBackAfterCancel) {
  ScriptedResolver resolver({*Address::parse("127.0.0.1:1")});
  resolver.silent = true;
  net::EventLoop& loop = loops_.next();
  bool called = false;
  net::Connector connector(resolver);
  net::ConnectAttempt attempt = connector.connect(loop, request("slow.example"), [&](Outcome) { called = true; });
  resolver.asked.get_future().get();
  on(loop, [&] { attempt.cancel(); });
  resolver.held(std::vector<Address>{*Address::parse("127.0.0.1:1")});
  on(loop, [] {});
  on(loop, [] {});
  EXPECT_FALSE(called);
}

TEST_F(ConnectorTest, CancelsWhileConnecting) {
  const SilentHost silent;
  net::EventLoop& loop = loops_.next();
  std::atomic<bool> called = false;
  net::ConnectAttempt attempt = net::Connector::connect(loop, silent.address(), 1h, [&](Outcome) { called = true; });
  on(loop, [] {});
  attempt.cancel();
  on(loop, [] {});
  EXPECT_FALSE(called);
}

TEST_F(ConnectorTest, ConnectsFromTheSourceAddressAskedFor) {
  listen();
  ScriptedResolver resolver({listener_->address()});
  net::ConnectRequest from = request("x.example");
  from.source_address = "127.0.0.9";
  const Outcome outcome = run(resolver, from);
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ((*outcome)->local().host(), "127.0.0.9");
}

TEST_F(ConnectorTest, SaysWhenTheInterfaceDoesNotExist) {
  listen();
  ScriptedResolver resolver({listener_->address()});
  net::ConnectRequest from = request("x.example");
  from.interface = "nosuch0";
  const Outcome outcome = run(resolver, from);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().what.find("interface nosuch0"), std::string::npos);
}

TEST_F(ConnectorTest, ClosesAConnectionThatNobodyStarts) {
  listen();
  {
    net::SystemResolver resolver(1);
    const Outcome outcome = run(resolver, request("127.0.0.1", listener_->port()));
    ASSERT_TRUE(outcome.ok());
  }
  EXPECT_EQ(accepted()->close_code(), "net.eof");
}

TEST(SystemResolver, RefusesMoreQuestionsThanItMayHold) {
  std::vector<std::string> answers;   // outlives the resolver, which answers what waits when it goes
  const auto note = [&](const Result<std::vector<Address>>& result) {
    answers.push_back(result.ok() ? "ok" : result.error().code);
  };
  net::SystemResolver resolver(0, 1);   // no thread: questions only wait
  resolver.resolve("one.example", 1, note);
  EXPECT_TRUE(answers.empty());
  resolver.resolve("two.example", 1, note);
  EXPECT_EQ(answers, std::vector<std::string>{"net.dns.busy"});
}

TEST(SystemResolver, AnswersWhatWaitsWhenItStops) {
  std::string answer;
  {
    net::SystemResolver resolver(0, 1);
    resolver.resolve("one.example", 1,
                     [&](const Result<std::vector<Address>>& result) { answer = result.error().code; });
  }
  EXPECT_EQ(answer, "net.dns.busy");
}

}  // namespace
}  // namespace sluis::test
