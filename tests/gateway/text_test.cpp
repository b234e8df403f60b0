#include "gateway/cli/text.h"

#include <gtest/gtest.h>

#include "gateway/control/protocol.h"

namespace sluis::gateway {
namespace {

Json message(const char* id, Json timeline, Json more = Json::object()) {
  Json m = {{"message", id}, {"received_at", "2026-01-01T10:00:00.000Z"}, {"from", "drop"}, {"customer", "acme"},
            {"attributes", {{"flow", "douane/uitvoer"}}}, {"parts", Json::array()}, {"deliveries", Json::array()}};
  m["timeline"] = std::move(timeline);
  m.update(more);
  return m;
}

TEST(Text, AStoryOfSeveralMessagesIsOneTimelineInOrder) {
  const Json answer = {{"messages",
                        {message("a", {{{"seq", 1}, {"at", "2026-01-01T10:00:00.000Z"}, {"event", "accepted"}, {"text", "first"}},
                                       {{"seq", 2}, {"at", "2026-01-01T10:00:02.000Z"}, {"event", "delivered"}, {"text", "third"}, {"delivery", 7}}}),
                         message("b", {{{"seq", 1}, {"at", "2026-01-01T10:00:01.000Z"}, {"event", "accepted"}, {"text", "second"}}})}}};
  const std::string text = story_text(answer);
  const auto first = text.find("first"), second = text.find("second"), third = text.find("delivery 7: third");
  ASSERT_NE(third, std::string::npos) << text;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST(Text, WordsFromOutsideCannotSteerTheTerminal) {
  EXPECT_EQ(plain("250 ok\x1b[2J\r\n"), "250 ok\\x1b[2J\\x0d\\x0a");
  const Json answer = {{"messages", {message("a", Json::array(), {{"customer", "\x1b]0;owned\x07"}})}}};
  EXPECT_EQ(messages_text(answer).find('\x1b'), std::string::npos);
}

TEST(Text, AHeldMessageSaysWhy) {
  const Json answer = {{"messages", {message("a", Json::array(), {{"held", "unrouted: no route"}})}}};
  EXPECT_NE(messages_text(answer).find("held: unrouted: no route"), std::string::npos);
}

TEST(Text, ABlockedDeliverySaysWhatIsInFrontOfIt) {
  Json delivery = {{"delivery", 8}, {"state", "blocked"}, {"channel", "digipoort"}, {"lane", "acme/trip-1"}, {"behind", 7}, {"gates", {"operator/a/0"}}};
  const Json answer = {{"messages", {message("a", Json::array(), {{"deliveries", {delivery}}})}}};
  EXPECT_NE(story_text(answer).find("behind delivery 7, in lane acme/trip-1"), std::string::npos) << story_text(answer);
  EXPECT_NE(story_text(answer).find("behind gate operator/a/0"), std::string::npos) << story_text(answer);
}

TEST(Text, WhatWasPurgedSaysSo) {
  const Json gone = {{"messages", Json::array()},
                     {"tombstone", {{"message", "a"}, {"purged_at", "2026-01-01T10:00:00.000Z"}, {"entries", 4}, {"chain", "beef"}}}};
  for (const char* words : {"message a\n", "purged", "2026-01-01 10:00:00", "4 entries", "beef"})
    EXPECT_NE(story_text(gone).find(words), std::string::npos) << story_text(gone);
  const Json parts = {{"parts", {{{"role", "payload"}, {"file_name", "a.edi"}, {"media_type", "x/y"}, {"size", 3}, {"sha256", "cafe"}}}}, {"purged_bodies", true}};
  const Json bodies = {{"messages", {message("a", Json::array(), parts)}}};
  EXPECT_NE(story_text(bodies).find("sha256 cafe, purged"), std::string::npos) << story_text(bodies);
}

TEST(ControlProtocol, OnlyAnObjectWithACommandIsARequest) {
  EXPECT_TRUE(parse_request(R"({"command":"status"})").ok());
  for (const char* text : {"", "status", "[]", "{}", R"({"command":1})", R"({"command":"x")"}) EXPECT_FALSE(parse_request(text).ok()) << text;
}

TEST(ControlProtocol, AnUnreachableSocketIsSaidWithItsPath) {
  const auto answer = ask("/nonexistent/control.sock", {{"command", "status"}});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, "control.unreachable");
  EXPECT_NE(answer.error().what.find("/nonexistent/control.sock"), std::string::npos);
}

TEST(ControlProtocol, JsonOfAPeersWordsIsAlwaysValid) {
  const Json json = {{"reason", std::string("bad \xff byte")}};
  EXPECT_TRUE(Json::parse(dump(json), nullptr, false).is_object());
}

}  // namespace
}  // namespace sluis::gateway
