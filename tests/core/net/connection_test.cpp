#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/core/net/network_fixture.h"

namespace sluis::test {
namespace {

using net::Connection;
using net::ConnectionSettings;

// Recognisable at every offset, so that lost or swapped chunks show.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

class ConnectionTest : public NetworkTest {
 protected:
  void echo() {
    listen(
        [](Recorder& peer) { peer.bytes_hook = [&peer](std::string_view bytes) { peer.connection->write(bytes); }; });
  }
};

TEST_F(ConnectionTest, CarriesBytesBothWays) {
  echo();
  const auto client = connect();
  on(*client, [&] { return client->connection->write("hello"); });
  EXPECT_TRUE(client->wait_bytes("hello"));
}

TEST_F(ConnectionTest, EchoesMegabytesWithBothSidesHoldingBack) {
  const ConnectionSettings small{64 * 1024};
  net::ListenerSettings settings;
  settings.connection = small;
  listen(
      [](Recorder& peer) {
        peer.bytes_hook = [&peer](std::string_view bytes) {
          if (!peer.connection->write(bytes)) peer.connection->pause_reading();
        };
        peer.drained_hook = [&peer] { peer.connection->resume_reading(); };
      },
      settings);
  const std::string sent = pattern(16 * 1024 * 1024);
  std::size_t offset = 0;
  std::size_t most_queued = 0;
  std::function<void(Recorder&)> more = [&](Recorder& peer) {
    while (offset < sent.size()) {
      const std::size_t size = std::min<std::size_t>(16'000, sent.size() - offset);
      const bool room = peer.connection->write(std::string_view(sent).substr(offset, size));
      offset += size;
      most_queued = std::max(most_queued, peer.connection->queued());
      if (!room) return;
    }
  };
  const auto client = connect(
      [&](Recorder& peer) {
        peer.drained_hook = [&] { more(peer); };
        more(peer);
      },
      small);
  ASSERT_TRUE(client->wait([&](const Recorder::Seen& seen) { return seen.bytes.size() == sent.size(); }));
  EXPECT_TRUE(client->seen().bytes == sent);
  EXPECT_GT(client->seen().drained, 0);
  EXPECT_LT(most_queued, small.high_water + 16'000);
}

TEST_F(ConnectionTest, SaysWhenTheQueueIsFullAndWhenItIsShortAgain) {
  listen();
  const RawPeer peer = raw();
  const auto server = accepted();
  const std::string much = pattern(8 * 1024 * 1024);
  EXPECT_FALSE(on(*server, [&] { return server->connection->write(much); }));
  EXPECT_FALSE(on(*server, [&] { return server->connection->writable(); }));
  EXPECT_TRUE(peer.receive(much.size()) == much);
  EXPECT_TRUE(server->wait([](const Recorder::Seen& seen) { return seen.drained == 1; }));
  EXPECT_TRUE(on(*server, [&] { return server->connection->writable(); }));
}

TEST_F(ConnectionTest, EndsAWriterThatNeverStops) {
  net::ListenerSettings settings;
  settings.connection.most_queued = 1024 * 1024;
  listen({}, settings);
  const RawPeer peer = raw();
  const auto server = accepted();
  const std::string block(512 * 1024, 'x');
  on(*server, [&] {
    for (int i = 0; i < 3; ++i) server->connection->write(block);
  });
  EXPECT_EQ(server->close_code(), "net.overflow");
}

TEST_F(ConnectionTest, TellsTheEndOfTheStreamAsEof) {
  listen();
  RawPeer peer = raw();
  peer.send("bye");
  peer.close();
  EXPECT_EQ(accepted()->close_code(), "net.eof");
  EXPECT_EQ(accepted()->seen().bytes, "bye");
}

TEST_F(ConnectionTest, TellsAResetAsReset) {
  listen();
  RawPeer peer = raw();
  accepted();
  peer.reset();
  EXPECT_EQ(accepted()->close_code(), "net.reset");
}

TEST_F(ConnectionTest, HandsOverThePeersLastWordsWhenSendingFails) {
  listen();
  RawPeer peer = raw();
  const auto server = accepted();
  on(*server, [&] { server->connection->pause_reading(); });
  peer.send("421 going down");
  peer.close();
  // The first write provokes the reset; the second fails, with the peer's words still unread.
  on(*server, [&] { server->connection->write("EHLO"); });
  on(*server, [] {});
  on(*server, [] {});
  on(*server, [&] {
    server->connection->write("x");
    server->connection->resume_reading();
  });
  EXPECT_TRUE(server->wait_closed());
  EXPECT_EQ(server->seen().bytes, "421 going down");
}

TEST_F(ConnectionTest, AnswersAPeerThatEndsItsHalfInTheSameBreath) {
  echo();
  const RawPeer peer = raw();
  peer.send("ping");
  ::shutdown(peer.fd(), SHUT_WR);
  EXPECT_EQ(peer.receive(4), "ping");
}

TEST_F(ConnectionTest, FlushesBeforeItEndsOnShutdown) {
  listen();
  const RawPeer peer = raw();
  const auto server = accepted();
  const std::string much = pattern(4 * 1024 * 1024);
  on(*server, [&] {
    server->connection->write(much);
    server->connection->shutdown();
    return server->connection->write("after the end");
  });
  EXPECT_TRUE(peer.receive(much.size() + 1) == much);
  EXPECT_FALSE(server->seen().closed.has_value());  // the peer has not ended its side yet
  ::shutdown(peer.fd(), SHUT_WR);
  EXPECT_EQ(server->close_code(), "net.closed");
}

TEST_F(ConnectionTest, DoesNotWaitForeverForThePeersEnd) {
  net::ListenerSettings settings;
  settings.connection.linger = 20ms;
  listen({}, settings);
  const RawPeer peer = raw();
  const auto server = accepted();
  on(*server, [&] { server->connection->shutdown(); });
  EXPECT_EQ(server->close_code(), "net.closed");
}

TEST_F(ConnectionTest, MakesNoCallAfterClose) {
  listen();
  const RawPeer peer = raw();
  const auto server = accepted();
  peer.send("first");
  ASSERT_TRUE(server->wait_bytes("first"));
  const int calls = server->seen().calls;
  on(*server, [&] {
    server->connection->set_deadline(1ms);
    server->connection->write("x");
    peer.send("second");  // is in the socket before close()
    server->connection->close();
    EXPECT_TRUE(server->connection->closed());
  });
  EXPECT_EQ(peer.receive(1), "");
  on(*server, [] {});
  on(*server, [] {});
  EXPECT_EQ(server->seen().calls, calls);
}

TEST_F(ConnectionTest, LetsAHandlerCloseFromItsOwnCallback) {
  listen([](Recorder& peer) { peer.bytes_hook = [&peer](std::string_view) { peer.connection->close(); }; });
  const RawPeer peer = raw();
  peer.send("x");
  EXPECT_TRUE(peer.ended());
  EXPECT_FALSE(accepted()->seen().closed.has_value());
}

TEST_F(ConnectionTest, KeepsAHandlerAliveThatClosesWithItsLastReference) {
  // Nobody but the connection holds this handler.
  class Lonely : public net::ConnectionHandler {
   public:
    Lonely(std::shared_ptr<Connection> connection, std::promise<std::string>& done)
        : connection_(std::move(connection)), done_(done) {}
    void on_bytes(std::string_view bytes) override {
      connection_->close();
      text_ += bytes;  // a use after free if close() had destroyed us
      done_.set_value(text_);
    }
    void on_closed(const Error&) override {}

   private:
    std::shared_ptr<Connection> connection_;
    std::promise<std::string>& done_;
    std::string text_ = "got ";
  };
  std::promise<std::string> done;
  auto opened = net::Listener::open(
      loops_, *net::Address::parse("127.0.0.1:0"),
      [&](const std::shared_ptr<Connection>& connection) { return std::make_shared<Lonely>(connection, done); });
  ASSERT_TRUE(opened.ok());
  const RawPeer peer = RawPeer::connect((*opened)->address());
  peer.send("it");
  EXPECT_EQ(done.get_future().get(), "got it");
}

TEST_F(ConnectionTest, DeliversNothingWhilePausedAndEverythingAfter) {
  listen([](Recorder& peer) { peer.connection->pause_reading(); });
  const RawPeer peer = raw();
  const auto server = accepted();
  peer.send("held back");
  EXPECT_TRUE(eventually([&] { return on(*server, [&] { return server->connection->pending_input(); }) == 9; }));
  EXPECT_EQ(server->seen().bytes, "");
  on(*server, [&] { server->connection->resume_reading(); });
  EXPECT_TRUE(server->wait_bytes("held back"));
}

TEST_F(ConnectionTest, CallsOnTimeoutOnceWhenTheDeadlinePasses) {
  listen();
  const auto client = connect();
  on(*client, [&] { client->connection->set_deadline(5ms); });
  EXPECT_TRUE(client->wait([](const Recorder::Seen& seen) { return seen.timeouts == 1; }));
  EXPECT_FALSE(client->seen().closed.has_value());
}

TEST_F(ConnectionTest, MovesADeadlineBothWays) {
  listen();
  const auto client = connect();
  std::promise<void> first;
  on(*client, [&] {
    client->connection->set_deadline(1h);
    client->connection->set_deadline(1ms);  // earlier: the timer is replaced
  });
  EXPECT_TRUE(client->wait([](const Recorder::Seen& seen) { return seen.timeouts == 1; }));
  on(*client, [&] {
    client->connection->set_deadline(1ms);
    client->connection->set_deadline(1h);  // later: the early timer only looks again
    client->connection->loop().schedule_after(5ms, [&] { first.set_value(); });
  });
  first.get_future().get();
  EXPECT_EQ(client->seen().timeouts, 1);
}

TEST_F(ConnectionTest, ForgetsAClearedDeadline) {
  listen();
  const auto client = connect();
  std::promise<void> later;
  on(*client, [&] {
    client->connection->set_deadline(1ms);
    client->connection->clear_deadline();
    client->connection->loop().schedule_after(5ms, [&] { later.set_value(); });
  });
  later.get_future().get();
  EXPECT_EQ(client->seen().timeouts, 0);
}

TEST_F(ConnectionTest, CountsBytesAndKnowsBothEnds) {
  echo();
  const auto client = connect();
  on(*client, [&] { return client->connection->write("12345"); });
  ASSERT_TRUE(client->wait_bytes("12345"));
  EXPECT_EQ(on(*client, [&] { return client->connection->bytes_sent(); }), 5U);
  EXPECT_EQ(on(*client, [&] { return client->connection->bytes_received(); }), 5U);
  EXPECT_EQ(client->connection->remote(), listener_->address());
  EXPECT_EQ(client->connection->local(), accepted()->connection->remote());
}

TEST_F(ConnectionTest, SurvivesWritingToAPeerThatHasGone) {
  listen();
  RawPeer peer = raw();
  const auto server = accepted();
  on(*server, [&] { server->connection->pause_reading(); });
  peer.reset();
  EXPECT_TRUE(eventually([&] {
    on(*server, [&] { server->connection->write("x"); });  // would raise SIGPIPE without MSG_NOSIGNAL
    return server->seen().closed.has_value();
  }));
  EXPECT_EQ(server->seen().closed->code, "net.reset");
}

}  // namespace
}  // namespace sluis::test
