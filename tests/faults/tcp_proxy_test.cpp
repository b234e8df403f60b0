#include "tests/faults/tcp_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace sluis::faults {

namespace {

constexpr int patience = 10'000;  // milliseconds until a wait on a real socket is a failure

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Says back what it hears, one connection after the other, and remembers all of it.
class Echo {
 public:
  Echo() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in any = loopback(0);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&any), sizeof(any));
    ::listen(listener_, 8);
    socklen_t size = sizeof(address_);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    thread_ = std::thread([this] { run(); });
  }
  ~Echo() {
    ::shutdown(listener_, SHUT_RDWR);
    if (const int now = now_.load(); now >= 0) ::shutdown(now, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return ntohs(address_.sin_port); }
  std::string heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void run() {
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      now_ = fd;
      std::array<char, 4096> buffer;
      for (ssize_t got; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
        {
          const std::lock_guard lock(mutex_);
          heard_.append(buffer.data(), static_cast<std::size_t>(got));
        }
        if (::send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) break;
      }
      now_ = -1;
    }
  }
  int listener_;
  sockaddr_in address_{};
  std::atomic<int> now_{-1};
  std::mutex mutex_;
  std::string heard_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = loopback(port);
    error_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  int error() const { return error_; }
  void say(std::string_view bytes) const { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void end() const { ::shutdown(fd_, SHUT_WR); }
  bool readable(int milliseconds) const {
    pollfd one{fd_, POLLIN, 0};
    return ::poll(&one, 1, milliseconds) == 1;
  }
  // Up to `most` octets, or until the connection ends; `pieces` counts the reads.
  std::string hear(std::size_t most = 1 << 20) {
    std::string all;
    std::array<char, 4096> buffer;
    while (all.size() < most && readable(patience)) {
      const ssize_t got = ::recv(fd_, buffer.data(), std::min(buffer.size(), most - all.size()), 0);
      if (got <= 0) {
        ended_ = true;
        error_ = got < 0 ? errno : 0;
        break;
      }
      ++pieces;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  bool ended() const { return ended_; }
  // Octets that the socket takes until nobody makes room for more.
  std::size_t fill() const {
    const std::string piece(64 * 1024, 'x');
    std::size_t all = 0;
    for (ssize_t sent; (sent = ::send(fd_, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT)) > 0 ||
                       (errno == EAGAIN && writable());)
      all += sent > 0 ? static_cast<std::size_t>(sent) : 0;
    return all;
  }
  std::size_t pieces = 0;

 private:
  bool writable() const {
    pollfd one{fd_, POLLOUT, 0};
    return ::poll(&one, 1, 300) == 1;
  }
  int fd_;
  int error_ = 0;
  bool ended_ = false;
};

class TcpProxyTest : public testing::Test {
 protected:
  void with(std::string_view words) {
    const auto fault = NetworkFault::parse(words);
    ASSERT_TRUE(fault.ok()) << fault.error().what;
    proxy_->set(fault.value());
  }
  std::uint16_t port() const { return proxy_->port(); }

  Echo echo_;
  std::unique_ptr<TcpProxy> proxy_ = std::move(TcpProxy::make("127.0.0.1", echo_.port()).value());
};

using Clock = std::chrono::steady_clock;

}  // namespace

TEST_F(TcpProxyTest, PassesBothDirectionsOnWithoutAFault) {
  Client client(port());
  client.say("hello");
  client.end();
  EXPECT_EQ(client.hear(), "hello");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(proxy_->counts().connections, 1U);
  EXPECT_EQ(proxy_->counts().to_client, 5U);
}

TEST_F(TcpProxyTest, RefusesAndListensAgainOnTheSamePort) {
  const std::uint16_t before = port();
  with("refuse");
  EXPECT_EQ(Client(before).error(), ECONNREFUSED);
  with("pass");
  Client client(before);
  client.say("again");
  EXPECT_EQ(client.hear(5), "again");
}

TEST_F(TcpProxyTest, ClosesAtOnce) {
  with("close-at-once");
  Client client(port());
  EXPECT_EQ(client.error(), 0);
  EXPECT_EQ(client.hear(), "");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(echo_.heard(), "");
}

TEST_F(TcpProxyTest, AcceptsAndNeverReads) {
  with("never-read");
  Client client(port());
  EXPECT_GT(client.fill(), 0U);  // and comes to an end: the window is full
  EXPECT_EQ(echo_.heard(), "");
  EXPECT_FALSE(client.readable(0));
}

TEST_F(TcpProxyTest, LetsTheServerHearAndTheClientNot) {
  with("no-reply");
  Client client(port());
  client.say("hello");
  client.end();
  EXPECT_EQ(client.hear(), "");  // the server has answered and ended, so it has heard all
  EXPECT_EQ(echo_.heard(), "hello");
}

TEST_F(TcpProxyTest, ClosesAtAnOctetToTheServer) {
  with("close-at to-server 3");
  Client client(port());
  client.say("hello");
  client.hear();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(proxy_->counts().to_server, 3U);
}

TEST_F(TcpProxyTest, ClosesAtAnOctetToTheClient) {
  with("close-at to-client 4");
  Client client(port());
  client.say("hello");
  EXPECT_EQ(client.hear(), "hell");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(client.error(), 0);
  EXPECT_EQ(echo_.heard(), "hello");
}

TEST_F(TcpProxyTest, ResetsAtAnOctet) {
  with("reset-at to-client 0");
  Client client(port());
  client.say("hello");
  EXPECT_EQ(client.hear(), "");
  EXPECT_EQ(client.error(), ECONNRESET);
}

TEST_F(TcpProxyTest, CorruptsOneOctetAndNoOther) {
  with("corrupt-at to-server 1");
  Client client(port());
  client.say("hello");
  EXPECT_EQ(client.hear(5), "hEllo");
}

TEST_F(TcpProxyTest, Delays) {
  with("delay 120");
  Client client(port());
  const auto begun = Clock::now();
  client.say("hello");
  EXPECT_EQ(client.hear(5), "hello");
  EXPECT_GE(Clock::now() - begun, std::chrono::milliseconds{240}) << "there and back";
}

TEST_F(TcpProxyTest, LimitsTheRate) {
  with("rate 10000");
  Client client(port());
  const auto begun = Clock::now();
  client.say(std::string(3000, 'x'));
  EXPECT_EQ(client.hear(3000).size(), 3000U);
  EXPECT_GE(Clock::now() - begun, std::chrono::milliseconds{200});
}

TEST_F(TcpProxyTest, SlicesIntoSingleOctetsWithoutLosingAny) {
  with("slice");
  std::string text;
  for (int i = 0; i < 2000; ++i) text += static_cast<char>('a' + i % 26);
  Client client(port());
  client.say(text);
  EXPECT_EQ(client.hear(text.size()), text);
}

TEST_F(TcpProxyTest, DropsWhatThereIs) {
  Client client(port());
  client.say("hello");
  EXPECT_EQ(client.hear(5), "hello");
  proxy_->drop(true);
  client.hear();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(client.error(), ECONNRESET);
}

TEST(NetworkFault, RefusesWordsItDoesNotKnow) {
  EXPECT_TRUE(NetworkFault::parse("slice, delay 5, corrupt-at to-client 7").ok());
  for (const char* words :
       {"close", "delay", "rate 0", "delay x", "close-at to-moon 3", "slice 3", "close-at to-client 3 4"})
    EXPECT_FALSE(NetworkFault::parse(words).ok()) << words;
}

}  // namespace sluis::faults
