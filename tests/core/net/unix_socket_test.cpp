#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/net/socket.h"
#include "tests/core/net/network_fixture.h"

namespace sluis::test {
namespace {

class UnixSocketTest : public NetworkTest {
 protected:
  UnixSocketTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluis-sock-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string path() const { return directory_ / "control"; }
  [[nodiscard]] net::Address address() const { return *net::Address::unix_path(path()); }

  std::filesystem::path directory_;
};

std::shared_ptr<net::ConnectionHandler> nobody(const std::shared_ptr<net::Connection>&) {
  return nullptr;
}

TEST_F(UnixSocketTest, MakesAFileThatOnlyItsOwnerMayUse) {
  const auto listener = net::Listener::open(loops_, address(), nobody);
  ASSERT_TRUE(listener.ok()) << listener.error().what;
  struct stat found {};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(UnixSocketTest, KnowsWhoIsAtTheOtherEnd) {
  std::promise<net::PeerCredentials> seen;
  const auto listener = net::Listener::open(loops_, address(), [&](const std::shared_ptr<net::Connection>& connection) {
    seen.set_value(connection->peer_credentials().value_or(net::PeerCredentials{}));
    return nobody(connection);
  });
  ASSERT_TRUE(listener.ok());
  const RawPeer peer = RawPeer::connect(address());
  const net::PeerCredentials credentials = seen.get_future().get();
  EXPECT_EQ(credentials.pid, ::getpid());
  EXPECT_EQ(credentials.uid, ::geteuid());
}

TEST_F(UnixSocketTest, CarriesBytesThroughTheConnector) {
  std::promise<std::shared_ptr<Recorder>> server;
  const auto listener = net::Listener::open(loops_, address(), [&](const std::shared_ptr<net::Connection>& connection) {
    auto recorder = std::make_shared<Recorder>();
    recorder->connection = connection;
    server.set_value(recorder);
    return recorder;
  });
  ASSERT_TRUE(listener.ok());
  std::promise<std::shared_ptr<net::Connection>> made;
  const auto client = std::make_shared<Recorder>();
  net::Connector::connect(loops_.next(), address(), 10s, [&](Result<std::shared_ptr<net::Connection>> connection) {
    ASSERT_TRUE(connection.ok()) << connection.error().what;
    (*connection)->start(client);
    (*connection)->write("status\n");
    (*connection)->shutdown();
    made.set_value(*connection);
  });
  client->connection = made.get_future().get();
  const auto at_server = server.get_future().get();
  EXPECT_EQ(at_server->close_code(), "net.eof");
  EXPECT_EQ(at_server->seen().bytes, "status\n");
  EXPECT_EQ(client->close_code(), "net.closed");
}

TEST_F(UnixSocketTest, SaysRefusedWhenNobodyMadeTheSocket) {
  std::promise<std::string> code;
  net::Connector::connect(loops_.next(), address(), 10s,
                          [&](const Result<std::shared_ptr<net::Connection>>& connection) {
                            code.set_value(connection.ok() ? "connected" : connection.error().code);
                          });
  EXPECT_EQ(code.get_future().get(), "net.tcp.refused");
}

TEST_F(UnixSocketTest, ReplacesTheSocketOfADeadProcess) {
  { const auto dead = net::make_listening_socket(address(), 1); }
  ASSERT_TRUE(std::filesystem::exists(path()));
  EXPECT_TRUE(net::Listener::open(loops_, address(), nobody).ok());
}

TEST_F(UnixSocketTest, LeavesTheSocketOfALivingProcessAlone) {
  const auto living = net::Listener::open(loops_, address(), nobody);
  ASSERT_TRUE(living.ok());
  const auto second = net::Listener::open(loops_, address(), nobody);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().what.find("another process"), std::string::npos);
}

TEST_F(UnixSocketTest, NeverRemovesAFileThatIsNoSocket) {
  std::ofstream(path()) << "precious";
  EXPECT_FALSE(net::Listener::open(loops_, address(), nobody).ok());
  EXPECT_TRUE(std::filesystem::is_regular_file(path()));
}

TEST_F(UnixSocketTest, RemovesItsFileOnStop) {
  auto listener = net::Listener::open(loops_, address(), nobody);
  ASSERT_TRUE(listener.ok());
  (*listener)->stop();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace sluis::test
