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
