#include "routing/glob.h"
#include "tests/routing/builders.h"

namespace sluis::routing::tests {

namespace {

bool holds(const Condition& condition, const Message& m) {
  Symbols symbols;
  std::vector<LocatedError> errors;
  const Predicate predicate = compile_condition(condition, symbols, errors);
  EXPECT_TRUE(errors.empty());
  Facts facts(symbols, m, "production");
  return predicate.holds(facts);
}

const Message export_declaration = message("drop", "acme", {{"flow", "douane/uitvoer"}, {"empty", ""}});

}  // namespace

TEST(Glob, StarCrossesSlashesAndMayBeEmpty) {
  EXPECT_TRUE(glob_matches("douane/*", "douane/a/b"));
  EXPECT_TRUE(glob_matches("douane*", "douane"));
  EXPECT_FALSE(glob_matches("douane/*", "xdouane/a"));
}

TEST(Glob, StarGivesBackWhatTheRestNeeds) {
  EXPECT_TRUE(glob_matches("*ab*ab", "abxabab"));
}

TEST(Glob, QuestionMarkIsOneCharacterNotOneOctet) {
  EXPECT_TRUE(glob_matches("Cli?nt", "Cliënt"));
  EXPECT_FALSE(glob_matches("Cli?nt", "Clint"));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(4000, 'a')));
}

TEST(Glob, StrayContinuationOctetsDoNotRunPastTheEnd) {
  EXPECT_TRUE(glob_matches("?", "\xF0"));
}

TEST(Pattern, IsSearchedAnywhereInTheText) {
  EXPECT_TRUE(holds(regex("flow", "uit"), export_declaration));
  EXPECT_FALSE(holds(regex("flow", "^uit"), export_declaration));
}

TEST(Pattern, CatastrophicBacktrackingEndsAsNoMatch) {
  const auto pattern = Pattern::compile("^(a+)+$");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE((*pattern)->found_in(std::string(3000, 'a') + "b"));
}

TEST(Pattern, DeepRecursionOnALongSubjectEndsAsNoMatch) {
  const auto pattern = Pattern::compile("^(?:a|b|ab)*c$");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE((*pattern)->found_in(std::string(4096, 'a')));
}

TEST(Pattern, ItselfCannotRaiseItsLimits) {
  const auto pattern = Pattern::compile("(*LIMIT_MATCH=1000000000)^(a+)+$");
  if (pattern.ok())
    EXPECT_FALSE((*pattern)->found_in(std::string(3000, 'a') + "b"));
  else
    SUCCEED() << "refused: " << pattern.error().what;
}

TEST(Pattern, SubjectsThatAreNotUtf8DoNotMatch) {
  const auto pattern = Pattern::compile("a");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE((*pattern)->found_in("a\xFF"));
}

TEST(Pattern, SubjectsBeyondTheBoundDoNotMatch) {
  const auto pattern = Pattern::compile("a");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE((*pattern)->found_in(std::string(Pattern::longest_subject + 1, 'a')));
}

TEST(Condition, EqualityIsAnyOfItsValuesAndOfTheWholeText) {
  EXPECT_TRUE(holds(is("flow", {"x", "douane/uitvoer"}), export_declaration));
  EXPECT_FALSE(holds(is("flow", {"douane"}), export_declaration));
}

TEST(Condition, AnAttributeWithoutTextIsPresent) {
  EXPECT_TRUE(holds(present("empty"), export_declaration));
  EXPECT_TRUE(holds(is("empty", {""}), export_declaration));
}

TEST(Condition, NothingComparesWithAnAbsentAttribute) {
  EXPECT_FALSE(holds(glob("mail.subject", {"*"}), export_declaration));
  EXPECT_FALSE(holds(is("mail.subject", {""}), export_declaration));
  EXPECT_TRUE(holds(present("mail.subject", false), export_declaration));
}

TEST(Condition, NotHoldsWhenNoneOfItsPartsDoes) {
  EXPECT_TRUE(holds(none_of({is("flow", {"x"}), present("mail.subject")}), export_declaration));
  EXPECT_FALSE(holds(none_of({is("flow", {"x"}), present("empty")}), export_declaration));
}

TEST(Condition, SenderFactsComeFromTheMessageNotFromAttributesOfThatName) {
  const Message forged = message("drop", "acme", {{"from", "tulli"}, {"customer", "bolt"}, {"environment", "test"}});
  EXPECT_TRUE(holds(all({is("from", {"drop"}), is("customer", {"acme"}), is("environment", {"production"})}), forged));
}

TEST(Implies, NarrowerEqualityImpliesTheWider) {
  EXPECT_TRUE(implies(is("flow", {"a"}), is("flow", {"a", "b"})));
  EXPECT_FALSE(implies(is("flow", {"a", "b"}), is("flow", {"a"})));
  EXPECT_FALSE(implies(is("flow", {"a"}), is("from", {"a"})));
}

TEST(Implies, EverythingImpliesTheEmptyCondition) {
  EXPECT_TRUE(implies(is("flow", {"a"}), all({})));
}

TEST(Implies, MorePartsImplyFewer) {
  EXPECT_TRUE(implies(all({is("flow", {"a"}), is("from", {"x"})}), all({is("from", {"x", "y"})})));
  EXPECT_FALSE(implies(all({is("from", {"x"})}), all({is("flow", {"a"}), is("from", {"x"})})));
}

TEST(Implies, ValuesImplyGlobExpressionAndPresence) {
  EXPECT_TRUE(implies(is("flow", {"a/1", "a/2"}), glob("flow", {"a/*"})));
  EXPECT_TRUE(implies(is("flow", {"a/1"}), regex("flow", "^a")));
  EXPECT_TRUE(implies(is("flow", {"a/1"}), present("flow")));
  EXPECT_FALSE(implies(present("flow"), is("flow", {"a/1"})));
  EXPECT_FALSE(implies(present("flow", false), present("flow")));
}

TEST(Implies, AlternativesImplyWhatEachOfThemDoes) {
  EXPECT_TRUE(implies(any({is("flow", {"a"}), is("flow", {"b"})}), is("flow", {"a", "b", "c"})));
  EXPECT_FALSE(implies(any({is("flow", {"a"}), present("x")}), is("flow", {"a"})));
}

TEST(Implies, ExcludingMoreImpliesExcludingLess) {
  EXPECT_TRUE(implies(none_of({is("flow", {"a", "b"})}), none_of({is("flow", {"a"})})));
  EXPECT_FALSE(implies(none_of({is("flow", {"a"})}), none_of({is("flow", {"a", "b"})})));
}

}  // namespace sluis::routing::tests
