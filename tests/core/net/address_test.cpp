#include "core/net/address.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sluis::net {
namespace {

TEST(Address, ReadsIpv4AndIpv6WithPorts) {
  for (const char* text : {"0.0.0.0:8443", "192.0.2.1:25", "[::1]:995", "[2001:db8::1]:0", "unix:/run/sluis/control"}) {
    const Result<Address> address = Address::parse(text);
    ASSERT_TRUE(address.ok()) << address.error().what;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(Address, RefusesWhatIsNotNumericOrStrict) {
  for (const char* text :
       {"localhost:25", "::1:995", "[::1]", "127.0.0.1", "127.1:25", "0x7f.0.0.1:25", "1.2.3.4:65536",
        "1.2.3.4:", "1.2.3.4:-1", "1.2.3.4: 25", "[1.2.3.4]:25", "unix:relative", ""})
    EXPECT_EQ(Address::parse(text).ok(), false) << text;
}

TEST(Address, RefusesALocalPathThatTheKernelWouldCut) {
  EXPECT_FALSE(Address::unix_path("/" + std::string(107, 'a')).ok());
  EXPECT_TRUE(Address::unix_path("/" + std::string(106, 'a')).ok());
}

TEST(Address, KeepsMappedIpv4AsIpv4) {
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(25);
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:192.0.2.7", &mapped.sin6_addr), 1);
  EXPECT_EQ(Address::from(reinterpret_cast<const sockaddr*>(&mapped), sizeof mapped).text(), "192.0.2.7:25");
}

TEST(HostPort, ReadsNamesAndBracketedAddresses) {
  EXPECT_EQ(*HostPort::parse("msa.example:587"), (HostPort{"msa.example", 587}));
  EXPECT_EQ(*HostPort::parse("[2001:db8::1]:25"), (HostPort{"2001:db8::1", 25}));
  EXPECT_EQ((HostPort{"2001:db8::1", 25}).text(), "[2001:db8::1]:25");
}

TEST(HostPort, RefusesWhatIsNoHost) {
  for (const char* text :
       {"msa.example", "a b:25", ":25", "-x:25", "user@host:25", "a/b:25", "host:port", "a:b:25", "[a]:25"})
    EXPECT_FALSE(HostPort::parse(text).ok()) << text;
}

TEST(AddressSet, ContainsItsNetworksAndNothingElse) {
  const AddressSet set = *AddressSet::parse({"10.0.0.0/8", "192.0.2.128/25", "198.51.100.7", "2001:db8::/33"});
  for (const char* inside : {"10.255.0.1:1", "192.0.2.200:1", "198.51.100.7:1", "[2001:db8:7fff::1]:1"})
    EXPECT_TRUE(set.contains(*Address::parse(inside))) << inside;
  for (const char* outside :
       {"11.0.0.1:1", "192.0.2.127:1", "198.51.100.8:1", "[2001:db8:8000::1]:1", "[::a00:1]:1", "unix:/x"})
    EXPECT_FALSE(set.contains(*Address::parse(outside))) << outside;
}

TEST(AddressSet, RefusesBitsBehindThePrefix) {
  EXPECT_EQ(AddressSet::parse({"10.1.0.0/8"}).error().code, "net.address");
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "host/8", ""})
    EXPECT_FALSE(AddressSet::parse({text}).ok()) << text;
}

}  // namespace
}  // namespace sluis::net
