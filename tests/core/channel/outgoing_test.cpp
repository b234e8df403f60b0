#include "core/channel/outgoing.h"

#include <gtest/gtest.h>

namespace sluis {
namespace {

constexpr std::array own{SettingSpec{.name = "port", .type = SettingType::integer, .sentence = "Port."}};
constexpr auto table = joined_tables(own, outgoing_settings<"submit.">, outgoing_settings<"">);

Settings given(std::initializer_list<std::pair<const char*, const char*>> values, const char* password = nullptr) {
  Settings settings = default_settings(table);
  for (const auto& [name, text] : values) settings.set(name, std::string(text));
  if (password != nullptr) settings.set("submit.proxy.password", Secret{password});
  return settings;
}
// The settings at fault, in a row.
std::string faults(const Settings& settings) {
  std::vector<Error> errors;
  check_outgoing(settings, "submit.", errors);
  std::string all;
  for (const Error& error : errors) all += error.what.substr(0, error.what.find(':')) + " ";
  return all;
}

TEST(OutgoingSettings, StandInATableUnderTheirSection) {
  EXPECT_EQ(table.size(), 11U);
  EXPECT_NE(find_setting(table, "port"), nullptr);
  for (const char* const name : {"submit.source-address", "submit.interface", "submit.proxy.address",
                                 "submit.proxy.username", "submit.proxy.password", "proxy.address"})
    EXPECT_NE(find_setting(table, name), nullptr) << name;
}

TEST(OutgoingSettings, ChangeNothingWhenNoneIsGiven) {
  net::ConnectRequest request;
  apply_outgoing(given({}), "submit.", request);
  EXPECT_TRUE(request.source_address.empty());
  EXPECT_TRUE(request.interface.empty());
  EXPECT_FALSE(request.proxy);
  EXPECT_EQ(faults(given({})), "");
}

TEST(OutgoingSettings, BecomeThoseOfAConnection) {
  const Settings settings = given({{"submit.source-address", "192.0.2.1"},
                                   {"submit.interface", "eth1"},
                                   {"submit.proxy.address", "proxy.example:3128"},
                                   {"submit.proxy.username", "acme"}},
                                  "geheim");
  EXPECT_EQ(faults(settings), "");
  net::ConnectRequest request;
  apply_outgoing(settings, "submit.", request);
  EXPECT_EQ(request.source_address, "192.0.2.1");
  EXPECT_EQ(request.interface, "eth1");
  ASSERT_TRUE(request.proxy);
  EXPECT_EQ(request.proxy->at.text(), "proxy.example:3128");
  EXPECT_EQ(request.proxy->username, "acme");
  EXPECT_TRUE(request.proxy->password.equals("geheim"));
}

TEST(OutgoingSettings, RefuseWhatIsNoAddress) {
  EXPECT_EQ(faults(given({{"submit.source-address", "gateway.example"}})), "submit.source-address ");
  EXPECT_EQ(faults(given({{"submit.interface", "an interface"}})), "submit.interface ");
  EXPECT_EQ(faults(given({{"submit.interface", "sixteen-octets-x"}})), "submit.interface ");
  EXPECT_EQ(faults(given({{"submit.proxy.address", "proxy.example:0"}})), "submit.proxy.address ");
  EXPECT_EQ(faults(given({{"submit.proxy.address", "http://proxy.example:3128"}})), "submit.proxy.address ");
}

TEST(OutgoingSettings, RefuseHalfALogin) {
  EXPECT_EQ(faults(given({{"submit.proxy.address", "proxy.example:3128"}, {"submit.proxy.username", "acme"}})),
            "submit.proxy.username ");
  EXPECT_EQ(faults(given({{"submit.proxy.address", "proxy.example:3128"}}, "geheim")), "submit.proxy.password ");
  EXPECT_EQ(faults(given({{"submit.proxy.username", "acme"}}, "geheim")), "submit.proxy.username ");
  EXPECT_EQ(faults(given({{"submit.proxy.address", "proxy.example:3128"}, {"submit.proxy.username", "a:b"}}, "geheim")),
            "submit.proxy.username ");
}

}  // namespace
}  // namespace sluis
