#include <gtest/gtest.h>

#include "core/message/message.h"

namespace sluis {
namespace {

TEST(Attributes, KeepOneValueAName) {
  Attributes a{{"flow", "douane/uitvoer"}, {"customer", "acme"}};
  a.set("flow", "nvwa/elogboek");
  EXPECT_FALSE(a.set_if_absent("flow", "x"));
  EXPECT_EQ(a.get("flow"), "nvwa/elogboek");
  EXPECT_EQ(a.size(), 2U);
  EXPECT_EQ(a.get("missing", "otherwise"), "otherwise");
}

TEST(Attributes, StoredFormIsReadBackAndIsTheSameForTheSameSet) {
  const Attributes a{{"b", "2"}, {"a", std::string("\0\xff", 2)}};
  const Attributes b{{"a", std::string("\0\xff", 2)}, {"b", "2"}};
  EXPECT_EQ(a.serialize(), b.serialize());
  EXPECT_EQ(*Attributes::parse(a.serialize()), a);
}

TEST(Attributes, ACutStoredFormIsRefusedAtEveryByte) {
  const std::string bytes = Attributes{{"flow", "douane/uitvoer"}, {"from", "drop"}}.serialize();
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(Attributes::parse(bytes.substr(0, n)).ok()) << n;
  EXPECT_FALSE(Attributes::parse(bytes + "x").ok());
}

TEST(Reference, DifferentScopesHaveDifferentKeys) {
  EXPECT_NE((Reference{"unb", "a|b", "1"}.key()), (Reference{"unb", "a", "b|1"}.key()));
}

TEST(Content, InlineBytesAreHashed) {
  const Content content = Content::inline_of("abc");
  EXPECT_EQ(content.size, 3U);
  EXPECT_EQ(content.sha256, sha256("abc"));
}

}  // namespace
}  // namespace sluis
