#include "protocols/sasl/sasl.h"

#include <gtest/gtest.h>

namespace sluis::sasl {
namespace {

Credentials alice() { return {"alice", Secret{"pa ss"}}; }

// Runs one exchange between the two halves; returns what the server got.
Result<Presented> exchange(Mechanism mechanism) {
  ClientExchange client(mechanism, alice());
  ServerExchange server(mechanism, "<1.2@mail.example>");
  std::optional<Secret> response = client.initial_response();
  for (int i = 0; i < 5; ++i) {
    auto step = response ? server.next(response->reveal()) : server.next(std::nullopt);
    if (!step) return step.error();
    if (step->presented) return std::move(*step->presented);
    auto next = client.respond(*step->challenge);
    if (!next) return next.error();
    response = *next;
  }
  return Error{"test", "no end"};
}

TEST(Sasl, TheHalvesAgreeForEveryPasswordMechanism) {
  for (const Mechanism mechanism : {Mechanism::plain, Mechanism::login, Mechanism::cram_md5}) {
    const auto presented = exchange(mechanism);
    ASSERT_TRUE(presented.ok()) << to_string(mechanism) << presented.error().what;
    EXPECT_EQ(presented->username, "alice");
    EXPECT_TRUE(verify(*presented, Secret{"pa ss"})) << to_string(mechanism);
    EXPECT_FALSE(verify(*presented, Secret{"pa s"})) << to_string(mechanism);
  }
}

TEST(Sasl, CramMd5OfTheVectorOfRfc2195) {
  EXPECT_EQ(cram_md5_digest(Secret{"tanstaaftanstaaf"}, "<1896.697170952@postoffice.reston.mci.net>"), "b913a602c7eda7a495b4e6e7334d3890");
}

TEST(Sasl, ActingForAnotherIdentityIsRefused) {
  ServerExchange server(Mechanism::plain, "");
  const auto step = server.next(std::string_view("bob\0alice\0secret", 16));
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.error().code, "sasl.authzid");
}

TEST(Sasl, MalformedPlainIsRefused) {
  for (const std::string_view text : {std::string_view("alice"), std::string_view("\0alice", 6), std::string_view("\0\0x", 3),
                                      std::string_view("\0a\0b\0c", 6), std::string_view("")}) {
    ServerExchange server(Mechanism::plain, "");
    EXPECT_FALSE(server.next(text).ok());
  }
}

TEST(Sasl, LoginDoesNotReadThePrompts) {
  ClientExchange client(Mechanism::login, alice());
  EXPECT_FALSE(client.initial_response().has_value());
  EXPECT_EQ(client.respond("User Name")->reveal(), "alice");
  EXPECT_EQ(client.respond("??")->reveal(), "pa ss");
  EXPECT_FALSE(client.respond("more").ok());
}

TEST(Sasl, ANameWithNulIsRefused) {
  for (const Mechanism mechanism : {Mechanism::login, Mechanism::cram_md5, Mechanism::external}) {
    ServerExchange server(mechanism, "<1@mx.example.test>");
    const std::string name("acme\0boss", 9);
    const auto step = server.next(name + " 0123456789abcdef0123456789abcdef");
    ASSERT_FALSE(step.ok());
    EXPECT_EQ(step.error().code, "sasl.syntax");
  }
}

TEST(Sasl, AnUnexpectedChallengeCancels) {
  ClientExchange client(Mechanism::plain, alice());
  ASSERT_TRUE(client.initial_response().has_value());
  EXPECT_FALSE(client.respond("tell me more").ok());
}

}  // namespace
}  // namespace sluis::sasl
