// The JSON Schemas: patterns say what the program's own reading of a value says, and the tables are all there.
#include "config/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "config/digits.h"
#include "config/schema_values.h"
#include "config/tables.h"
#include "tests/config/test_adapter.h"

namespace sluis::config::tests {
namespace {

using Json = nlohmann::json;

Json schema(std::string_view kind, const SchemaChannels& channels = {}) {
  return Json::parse(json_schema(*find_file(kind), test_registry(), channels));
}

SchemaChannels two_channels() {
  SchemaChannels channels;
  channels.known["customs"] = {test_registry().find_kind("authority").kind, Environment::production};
  channels.known["drop"] = {test_registry().find_kind("drop").kind, Environment::test};
  channels.complete = true;
  return channels;
}

bool matches(const std::string& pattern, const std::string& text) {
  return std::regex_search(text, std::regex(pattern, std::regex::ECMAScript));
}

TEST(Digits, MatchTheNumbersOfTheRangeAndNoOthers) {
  for (const auto& [least, most] : std::vector<std::pair<unsigned, unsigned>>{{0, 0},
                                                                              {0, 9},
                                                                              {1, 9},
                                                                              {0, 10},
                                                                              {1, 99},
                                                                              {5, 23},
                                                                              {10, 99},
                                                                              {17, 17},
                                                                              {98, 103},
                                                                              {100, 2000},
                                                                              {7, 1234},
                                                                              {1000, 1999},
                                                                              {1950, 2049},
                                                                              {0, 1999},
                                                                              {9, 1000}}) {
    const std::regex range("^(?:" + digits_between(least, most) + ")$");
    for (unsigned n = 0; n <= 2100; ++n)
      ASSERT_EQ(std::regex_match(std::to_string(n), range), n >= least && n <= most)
          << n << " in " << least << " to " << most;
    EXPECT_FALSE(std::regex_match("007", range));
  }
}

TEST(Digits, AnEmptyRangeHasNoPattern) {
  EXPECT_EQ(digits_between(2, 1), "");
}

// Each value as the schema takes it and as parse_setting does.
void agree(const SettingSpec& spec, const std::vector<std::string>& values) {
  const std::string pattern = value_schema(spec)["pattern"];
  for (const std::string& value : values)
    EXPECT_EQ(matches(pattern, value), parse_setting(spec, value).ok()) << to_string(spec.type) << ": " << value << "\n"
                                                                        << pattern;
}

TEST(ValueSchema, DurationsAreTakenAsTheProgramTakesThem) {
  const std::vector<std::string> values{"",    "5",   "s",     "0s",    "999ms",    "1000ms",   "1s",    "59s",
                                        "60s", "61s", "1m",    "01m",   "2m",       "1h",       "24h",   "25h",
                                        "1d",  "2d",  "1441m", "1440m", "86400s",   "86401s",   "1h30m", "1.5h",
                                        "-1s", "1 s", "1S",    "1w",    "999999us", "1000000us"};
  agree({.name = "d", .type = SettingType::duration, .sentence = "D."}, values);
  agree({.name = "d", .type = SettingType::duration, .sentence = "D.", .least = tables::seconds, .most = tables::days},
        values);
  agree({.name = "d", .type = SettingType::duration, .sentence = "D.", .least = tables::hours}, values);
}

TEST(ValueSchema, SizesAreTakenAsTheProgramTakesThem) {
  const std::vector<std::string> values{"",       "0",     "1",    "01",  "-1",      "512",    "1023", "1024",
                                        "1025",   "1KiB",  "2KiB", "1kB", "2kB",     "1MiB",   "1GiB", "2GiB",
                                        "1.5MiB", "1 KiB", "1kib", "KiB", "1048576", "1048577"};
  agree({.name = "b", .type = SettingType::bytes, .sentence = "B."}, values);
  agree({.name = "b", .type = SettingType::bytes, .sentence = "B.", .least = 1024, .most = 1 << 20}, values);
}

TEST(ValueSchema, AddressesPathsHostsNamesAndTextsAreTakenAsTheProgramTakesThem) {
  const std::vector<std::string> values{"",
                                        "a",
                                        "a:1",
                                        ":1",
                                        "a:b",
                                        "a:65535",
                                        "a:65536",
                                        "a:01",
                                        "[::1]:25",
                                        "::1:25",
                                        "[]:1",
                                        "/",
                                        "/a b",
                                        "a/b",
                                        "a b",
                                        "a@b",
                                        "127.0.0.1:0",
                                        "-a",
                                        "a_b.c-d",
                                        "two\nlines",
                                        "postgres://x",
                                        std::string(64, 'a'),
                                        std::string(65, 'a'),
                                        std::string(254, 'a')};
  for (const SettingType type :
       {SettingType::address, SettingType::path, SettingType::host, SettingType::name, SettingType::text})
    agree({.name = "v", .type = type, .sentence = "V."}, values);
}

TEST(ValueSchema, ASecretIsOneReferenceAndNothingElseIs) {
  const std::string secret = value_schema({.name = "s", .type = SettingType::secret, .sentence = "S."})["pattern"];
  for (const char* good : {"${file:a}", "${file:/a/b c}", "${env:A}", "${credential:a}", "${credential:.a}"})
    EXPECT_TRUE(matches(secret, good)) << good;
  for (const char* bad :
       {"", "geheim", "${file:}", "x${file:a}", "${file:a}x", "${vault:a}", "${credential:a/b}", "${credential:..}"})
    EXPECT_FALSE(matches(secret, bad)) << bad;
  for (const SettingType type : {SettingType::text, SettingType::path, SettingType::address, SettingType::host}) {
    const std::string pattern = value_schema({.name = "v", .type = type, .sentence = "V."})["pattern"];
    for (const char* reference : {"${env:A}", "/${file:a}", "x:${file:a}:1"})
      EXPECT_FALSE(matches(pattern, reference)) << to_string(type) << ": " << reference;
  }
}

TEST(ValueSchema, HoldsSentenceDefaultBoundsAndChoices) {
  const Json number = value_schema(
      {.name = "n", .type = SettingType::number, .sentence = "N.", .otherwise = "0.2", .least = 0, .most = 1500});
  EXPECT_EQ(
      number,
      (Json{
          {"description", "N. (0 to 1.5)"}, {"type", "number"}, {"minimum", 0.0}, {"maximum", 1.5}, {"default", 0.2}}));
  const Json list = value_schema({.name = "l",
                                  .type = SettingType::text_list,
                                  .sentence = "L.",
                                  .otherwise = "test",
                                  .choices = tables::environments});
  EXPECT_EQ(list["items"]["enum"], (Json{"test", "production"}));
  EXPECT_EQ(list["default"], Json::array({"test"}));
}

TEST(ValueSchema, BoundsAreInTheWordsOfTheirType) {
  EXPECT_EQ(bounds_text({.name = "b", .type = SettingType::bytes, .sentence = "B.", .least = 1, .most = 16 << 20}),
            "1 to 16MiB");
  EXPECT_EQ(bounds_text({.name = "d", .type = SettingType::duration, .sentence = "D.", .least = tables::seconds}),
            "at least 1s");
  EXPECT_EQ(bounds_text({.name = "i", .type = SettingType::integer, .sentence = "I.", .most = 5}), "at most 5");
  EXPECT_EQ(bounds_text({.name = "t", .sentence = "T."}), "");
}

TEST(Schema, NestsDottedNamesAndRequiresTheirGroups) {
  const Json gateway = schema("gateway");
  EXPECT_EQ(gateway["required"], Json::array({"gateway"}));
  EXPECT_EQ(gateway["properties"]["gateway"]["required"], Json({"name", "data"}));
  EXPECT_EQ(gateway["properties"]["engine"]["properties"]["breaker"]["properties"]["failures"]["maximum"], 1000);
  EXPECT_EQ(gateway["properties"]["engine"]["additionalProperties"], false);
}

TEST(Schema, AChannelHasTheSettingsOfItsAdapter) {
  const Json channels = schema("channels");
  EXPECT_EQ(channels["properties"]["adapter"]["enum"], Json({"authority", "drop"}));
  const Json& authority = channels["allOf"][0];
  EXPECT_EQ(authority["if"]["properties"]["adapter"]["const"], "authority");
  EXPECT_EQ(authority["then"]["required"], Json({"channel", "adapter", "environment", "submit"}));
  EXPECT_TRUE(authority["then"]["properties"]["account"]["properties"].contains("password"));
  EXPECT_EQ(authority["then"]["additionalProperties"], false);
  EXPECT_FALSE(channels["allOf"][1]["then"]["properties"].contains("account"));
}

TEST(Schema, CustomersMayNameTheChannelsThatThereAre) {
  const Json customers = schema("customers", two_channels());
  const Json& accounts = customers["properties"]["accounts"];
  EXPECT_EQ(accounts["additionalProperties"], false);
  EXPECT_EQ(accounts["properties"]["customs"]["required"], Json({"username", "password"}));
  EXPECT_EQ(accounts["properties"]["drop"]["properties"]["environment"]["enum"], Json::array({"test"}));
  EXPECT_EQ(customers["properties"]["return"]["items"]["enum"], Json::array({"drop"}))
      << "customers receive nothing on the other";
}

TEST(Schema, WithoutChannelsAnAccountOfAnyKindIsTaken) {
  const Json accounts = schema("customers")["properties"]["accounts"];
  EXPECT_EQ(accounts["additionalProperties"]["anyOf"].size(), 2U);
}

TEST(Schema, EveryTableAndSettingIsInTheReference) {
  const Json reference = Json::parse(tables_json());
  std::size_t settings = 0;
  for (const Json& table : reference) {
    EXPECT_FALSE(table["heading"].get<std::string>().empty());
    settings += table["settings"].size();
    for (const Json& setting : table["settings"])
      EXPECT_FALSE(setting["sentence"].get<std::string>().empty()) << setting;
  }
  EXPECT_EQ(reference.size(), 16U);
  EXPECT_GT(settings, 60U);
}

}  // namespace
}  // namespace sluis::config::tests
