#include "core/channel/settings.h"

#include <gtest/gtest.h>

#include <array>

namespace sluis {
namespace {

constexpr std::array<std::string_view, 2> tls_choices{"starttls", "implicit"};
constexpr std::array table{
    SettingSpec{.name = "port", .type = SettingType::integer, .sentence = "Port.", .otherwise = "587", .least = 1, .most = 65535},
    SettingSpec{.name = "tls", .type = SettingType::choice, .sentence = "TLS.", .otherwise = "starttls", .choices = tls_choices},
    SettingSpec{.name = "every", .type = SettingType::duration, .sentence = "Interval.", .otherwise = "2m", .least = 60'000'000},
    SettingSpec{.name = "size", .type = SettingType::bytes, .sentence = "Size.", .otherwise = "10MiB"},
    SettingSpec{.name = "mechanisms", .type = SettingType::text_list, .sentence = "SASL.", .otherwise = "PLAIN, LOGIN"},
    SettingSpec{.name = "host", .type = SettingType::host, .sentence = "Host.", .required = true},
};

TEST(Settings, DefaultsComeFromTheTable) {
  const Settings s = default_settings(table);
  EXPECT_EQ(s.integer("port"), 587);
  EXPECT_EQ(s.text("tls"), "starttls");
  EXPECT_EQ(s.duration("every"), 2min);
  EXPECT_EQ(s.integer("size"), 10 * 1024 * 1024);
  EXPECT_EQ(s.list("mechanisms"), (std::vector<std::string>{"PLAIN", "LOGIN"}));
  EXPECT_FALSE(s.has("host"));
}

TEST(Settings, AValueOutOfBoundsIsRefusedWithTheBounds) {
  const auto port = parse_setting(table[0], "70000");
  ASSERT_FALSE(port.ok());
  EXPECT_EQ(port.error().what, "70000 is out of bounds: 1 to 65535");
  const auto every = parse_setting(table[2], "5s");
  ASSERT_FALSE(every.ok());
  EXPECT_EQ(every.error().what, "5s is out of bounds: 1m to no most");
}

TEST(Settings, ValuesThatReadTwoWaysAreRefused) {
  EXPECT_FALSE(parse_setting(table[0], "0587").ok());
  EXPECT_FALSE(parse_setting(table[0], "5 87").ok());
  EXPECT_FALSE(parse_setting(table[2], "120").ok());
  EXPECT_FALSE(parse_setting(SettingSpec{.name = "b", .type = SettingType::boolean, .sentence = "B."}, "yes").ok());
  EXPECT_FALSE(parse_setting(SettingSpec{.name = "a", .type = SettingType::address, .sentence = "A."}, "::1:25").ok());
  EXPECT_TRUE(parse_setting(SettingSpec{.name = "a", .type = SettingType::address, .sentence = "A."}, "[::1]:25").ok());
}

TEST(Settings, ANumberMayHaveAFraction) {
  constexpr SettingSpec factor{.name = "factor", .type = SettingType::number, .sentence = "Factor.", .otherwise = "2.5", .least = 1000, .most = 100'000};
  EXPECT_EQ(default_settings({&factor, 1}).number("factor"), 2.5);
  EXPECT_TRUE(parse_setting(factor, "1").ok());
  EXPECT_EQ(parse_setting(factor, "0.5").error().what, "0.5 is out of bounds: 1 to 100");
  for (const std::string_view wrong : {"", "x", "1e1", "1,5", "inf", "nan", "0x2"}) EXPECT_FALSE(parse_setting(factor, wrong).ok()) << wrong;
}

TEST(Settings, ANameIsShortAndPlain) {
  for (const std::string_view name : {"a", "broker-1", "A.b_c"}) EXPECT_TRUE(is_name(name)) << name;
  for (const std::string_view name : {"", "-a", ".a", "a b", "a/b", "caf\xC3\xA9"}) EXPECT_FALSE(is_name(name)) << name;
  EXPECT_TRUE(is_name(std::string(64, 'a')));
  EXPECT_FALSE(is_name(std::string(65, 'a')));
}

TEST(Settings, AServersAddressIsNoPathAndIsNotRepeated) {
  const auto refused = parse_setting(SettingSpec{.name = "p", .type = SettingType::path, .sentence = "P."}, "postgres://u:canary@db/x");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().what.find("canary"), std::string::npos);
}

TEST(Settings, AChoiceNamesItsChoices) {
  EXPECT_EQ(parse_setting(table[1], "none").error().what, "\"none\" is none of starttls, implicit");
}

TEST(Settings, DidYouMeanFindsTheNearName) {
  constexpr std::array<std::string_view, 3> known{"password", "username", "mailbox"};
  EXPECT_EQ(nearest_name("pasword", known), "password");
  EXPECT_EQ(nearest_name("user-name", known), "username");
  EXPECT_EQ(nearest_name("colour", known), std::nullopt);
}

}  // namespace
}  // namespace sluis
