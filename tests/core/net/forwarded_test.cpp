#include "core/net/forwarded.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <memory>
#include <vector>

#include "core/runtime/base64.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::test {
namespace {

using net::Address;
using net::AddressSet;
using Values = std::vector<std::string_view>;

const AddressSet& proxies() {
  static const AddressSet set = *AddressSet::parse({"10.0.0.0/8", "2001:db8:f::/48"});
  return set;
}
const Address proxy = *Address::ip("10.0.0.1", 4711);
const Address stranger = *Address::ip("203.0.113.9", 4711);

// The client's address, or the error's code.
std::string by_list(const Values& values, const Address& peer = proxy) {
  const auto client = net::client_of_x_forwarded_for(values, peer, proxies());
  return client ? client->text() : client.error().code;
}
std::string by_forwarded(const Values& values, const Address& peer = proxy) {
  const auto client = net::client_of_forwarded(values, peer, proxies());
  return client ? client->text() : client.error().code;
}

TEST(XForwardedFor, IsNotReadFromAPeerThatIsNotNamed) {
  EXPECT_EQ(by_list({"192.0.2.7"}, stranger), stranger.text());
  EXPECT_EQ(by_list({"rubbish,"}, stranger), stranger.text());
}

TEST(XForwardedFor, GivesTheClientOfANamedProxy) {
  EXPECT_EQ(by_list({"192.0.2.7"}), "192.0.2.7:0");
  EXPECT_EQ(by_list({"192.0.2.7:4711"}), "192.0.2.7:4711");
  EXPECT_EQ(by_list({"2001:db8::7"}), "[2001:db8::7]:0");
  EXPECT_EQ(by_list({"[2001:db8::7]:4711"}), "[2001:db8::7]:4711");
}

TEST(XForwardedFor, BelievesTheRightmostThatIsNotNamedAndNothingLeftOfIt) {
  EXPECT_EQ(by_list({"198.51.100.66, 192.0.2.7, 10.0.0.9"}), "192.0.2.7:0");
  EXPECT_EQ(by_list({"10.0.0.66, 192.0.2.7"}), "192.0.2.7:0");
  EXPECT_EQ(by_list({"rubbish, 192.0.2.7"}), "192.0.2.7:0");
}

TEST(XForwardedFor, ReadsSeveralFieldsAsOneList) {
  EXPECT_EQ(by_list({"198.51.100.66", "192.0.2.7", "10.0.0.9"}), "192.0.2.7:0");
}

TEST(XForwardedFor, GivesTheLeftmostWhenAllAreNamed) {
  EXPECT_EQ(by_list({"10.0.0.3, 10.0.0.2"}), "10.0.0.3:0");
}

TEST(XForwardedFor, LetsAProxySpeakForItself) {
  EXPECT_EQ(by_list({}), proxy.text());
}

TEST(XForwardedFor, RefusesWhereANamedProxyGivesNoAddress) {
  for (const char* const value :
       {"", " ", "192.0.2.7,", "unknown", "client.example", "192.0.2.7:", "192.0.2.7:99999", "192.0.2.07",
        "[192.0.2.7]", "[2001:db8::7", "[2001:db8::7]x1", "192.0.2.7 198.51.100.1"})
    EXPECT_EQ(by_list({value}), "net.forwarded") << value;
}

TEST(Forwarded, IsNotReadFromAPeerThatIsNotNamed) {
  EXPECT_EQ(by_forwarded({"for=192.0.2.7"}, stranger), stranger.text());
}

TEST(Forwarded, GivesTheClientOfANamedProxy) {
  EXPECT_EQ(by_forwarded({"for=192.0.2.7"}), "192.0.2.7:0");
  EXPECT_EQ(by_forwarded({"proto=https; FOR=\"192.0.2.7:4711\";by=10.0.0.1"}), "192.0.2.7:4711");
  EXPECT_EQ(by_forwarded({"for=\"[2001:db8::7]:4711\""}), "[2001:db8::7]:4711");
}

TEST(Forwarded, BelievesTheRightmostThatIsNotNamed) {
  EXPECT_EQ(by_forwarded({"for=198.51.100.66, for=192.0.2.7;host=\"a, for=203.0.113.1\"", "for=10.0.0.9"}),
            "192.0.2.7:0");
}

TEST(Forwarded, ReadsEscapesInQuotedStrings) {
  EXPECT_EQ(by_forwarded({R"(host="a\", for=x";for="192.0.2\.7")"}), "192.0.2.7:0");
}

TEST(Forwarded, RefusesWhereANamedProxyHidesItsClient) {
  for (const char* const value : {"for=unknown", "for=_hidden", "proto=https", "for=198.51.100.66, for=unknown"})
    EXPECT_EQ(by_forwarded({value}), "net.forwarded") << value;
}

TEST(Forwarded, RefusesWhatIsNotAsTheRfcHasIt) {
  for (const char* const value :
       {"for", "for=", "for=192.0.2.7 for=1", "for=\"192.0.2.7", "for=192.0.2.7;;", "=x", "for=192.0.2.7;for=192.0.2.8",
        "for=2001:db8::7", "for=\"2001:db8::7\"", "for =192.0.2.7", "for=\"192.0.2.7\\"})
    EXPECT_EQ(by_forwarded({value}), "net.forwarded") << value;
}

class ForwardedCertificate : public ::testing::Test {
 protected:
  static std::string der_of(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                       BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> read(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr),
                                                           X509_free);
    unsigned char* out = nullptr;
    const int size = i2d_X509(read.get(), &out);
    std::string der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return der;
  }
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
      constexpr std::string_view digits = "0123456789ABCDEF";
      if (plain)
        out += c;
      else
        out += std::string("%") + digits[static_cast<unsigned char>(c) >> 4U] + digits[c & 0x0F];
    }
    return out;
  }
  static std::string said(const Result<std::optional<net::PeerCertificate>>& certificate) {
    if (!certificate) return certificate.error().code;
    return *certificate ? (*certificate)->subject : "none";
  }
  static std::string by_client_cert(const Values& values, const Address& peer = proxy) {
    return said(net::certificate_of_client_cert(values, peer, proxies()));
  }
  static std::string by_pem(const Values& values, const Address& peer = proxy) {
    return said(net::certificate_of_escaped_pem(values, peer, proxies()));
  }

  TestAuthority authority_;
  const std::string pem_ = authority_.issue({.common_name = "acme"}).certificate_pem;
  const std::string field_ = ":" + base64_encode(der_of(pem_)) + ":";
};

TEST_F(ForwardedCertificate, IsReadFromClientCert) {
  EXPECT_EQ(by_client_cert({field_}), "CN=acme");
}

TEST_F(ForwardedCertificate, IsReadFromNginxsEscapedPem) {
  EXPECT_EQ(by_pem({escaped(pem_)}), "CN=acme");
}

TEST_F(ForwardedCertificate, IsNotReadFromAPeerThatIsNotNamed) {
  EXPECT_EQ(by_client_cert({field_}, stranger), "none");
  EXPECT_EQ(by_pem({escaped(pem_)}, stranger), "none");
}

TEST_F(ForwardedCertificate, IsNoneWhereTheClientShowedNone) {
  EXPECT_EQ(by_client_cert({}), "none");
  EXPECT_EQ(by_pem({""}), "none");
}

TEST_F(ForwardedCertificate, IsRefusedWhenThereAreTwo) {
  EXPECT_EQ(by_client_cert({field_, field_}), "net.forwarded");
  EXPECT_EQ(by_pem({escaped(pem_ + pem_)}), "net.forwarded");
}

TEST_F(ForwardedCertificate, IsRefusedWhenItCannotBeRead) {
  const std::string bare = base64_encode(der_of(pem_));
  for (const std::string& value :
       std::vector<std::string>{bare, ":" + bare, ":!:", ":", "::", ":" + base64_encode("not a certificate") + ":",
                                ":" + base64_encode(der_of(pem_) + "x") + ":", std::string(60'000, 'A')})
    EXPECT_EQ(by_client_cert({value}), "net.forwarded") << value.substr(0, 40);
  for (const std::string& value :
       std::vector<std::string>{pem_.substr(1), "%", "%zz", escaped("text\n" + pem_), field_})
    EXPECT_EQ(by_pem({value}), "net.forwarded") << value.substr(0, 40);
}

}  // namespace
}  // namespace sluis::test
