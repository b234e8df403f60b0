// The compiled matcher against the plainest reading of the same conditions, on random tables and messages.
#include <algorithm>
#include <random>

#include "routing/glob.h"
#include "tests/routing/builders.h"

namespace sluis::routing::tests {

namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int roll(int below) { return std::uniform_int_distribution<int>(0, below - 1)(engine_); }
  std::string attribute() { return "t." + std::string(1, static_cast<char>('a' + roll(6))); }
  std::string value() { return "v" + std::to_string(roll(5)); }

  Condition condition(int depth) {
    const int kind = roll(depth > 0 ? 9 : 5);
    switch (kind) {
      case 0:
      case 1: {
        std::vector<std::string> values{value()};
        while (roll(3) == 0) values.push_back(value());
        return is(attribute(), values);
      }
      case 2: return glob(attribute(), {roll(2) == 0 ? "v*" : "?" + std::to_string(roll(5))});
      case 3: return regex(attribute(), "[" + std::to_string(roll(5)) + std::to_string(roll(5)) + "]$");
      case 4: return present(attribute(), roll(3) != 0);
      default: break;
    }
    std::vector<Condition> children;
    for (int n = 1 + roll(3); n > 0; --n) children.push_back(condition(depth - 1));
    return group(kind == 5 ? Kind::any : kind == 6 ? Kind::none_of : Kind::all, std::move(children));
  }

  Message message() {
    Message m;
    for (int n = roll(6); n > 0; --n) m.attributes.set(attribute(), roll(8) == 0 ? "else" : value());
    return m;
  }

 private:
  std::mt19937 engine_;
};

bool plainly(const Condition& c, const Message& m) {
  const auto each = [&](const Condition& child) { return plainly(child, m); };
  const auto text = m.attributes.find(c.attribute);
  switch (c.kind) {
    case Kind::all: return std::all_of(c.children.begin(), c.children.end(), each);
    case Kind::any: return std::any_of(c.children.begin(), c.children.end(), each);
    case Kind::none_of: return std::none_of(c.children.begin(), c.children.end(), each);
    case Kind::present: return text.has_value() == c.present;
    case Kind::equals: return text && std::find(c.values.begin(), c.values.end(), *text) != c.values.end();
    case Kind::glob: return text && glob_matches(c.values[0], *text);
    case Kind::regex: return text && !text->empty() && c.values[0].substr(1, 2).find(text->back()) != std::string::npos;
  }
  return false;
}

}  // namespace

class MatcherProperty : public testing::TestWithParam<unsigned> {};

TEST_P(MatcherProperty, AgreesWithPlainEvaluation) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Dice dice(GetParam());
  std::vector<Condition> conditions;
  Symbols symbols;
  Matcher matcher;
  std::vector<LocatedError> errors;
  for (int n = 1 + dice.roll(60); n > 0; --n) {
    conditions.push_back(dice.condition(2));
    matcher.add(compile_condition(conditions.back(), symbols, errors));
  }
  ASSERT_TRUE(errors.empty());
  matcher.build();
  for (int n = 0; n < 300; ++n) {
    const Message m = dice.message();
    const auto at =
        std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return plainly(c, m); });
    Facts facts(symbols, m, {});
    const auto found = matcher.first(facts);
    ASSERT_EQ(found.has_value(), at != conditions.end()) << "message " << n;
    if (found) {
      ASSERT_EQ(*found, static_cast<Matcher::Index>(at - conditions.begin())) << "message " << n;
    }
  }
}

TEST_P(MatcherProperty, ImplicationIsNeverClaimedWrongly) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Dice dice(GetParam() + 1'000'000);
  for (int n = 0; n < 200; ++n) {
    const Condition stronger = dice.condition(2);
    const Condition weaker = dice.condition(2);
    if (!implies(stronger, weaker)) continue;
    for (int k = 0; k < 100; ++k) {
      const Message m = dice.message();
      ASSERT_TRUE(!plainly(stronger, m) || plainly(weaker, m)) << describe(stronger) << " => " << describe(weaker);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MatcherProperty, testing::Range(1U, 61U));

TEST(Matcher, FindsTheLastOfAThousandRoutesThatShareTheirSource) {
  Symbols symbols;
  Matcher matcher;
  std::vector<LocatedError> errors;
  for (int i = 0; i < 1000; ++i)
    matcher.add(compile_condition(
        all({is("from", {"drop"}), is("flow", {"f" + std::to_string(i)}), regex("reference", "^R")}), symbols, errors));
  matcher.build();
  const Message m = message("drop", "acme", {{"flow", "f999"}, {"reference", "R1"}});
  Facts facts(symbols, m, {});
  EXPECT_EQ(matcher.first(facts), 999U);
}

}  // namespace sluis::routing::tests
