// What every channel owes from make() to its destruction, and what its tables say of it.
#include <fmt/format.h>

#include <algorithm>

#include "core/channel/conformance/bench.h"

namespace sluis::conformance {

namespace {

const ChannelKind* kind_of(const Subject& subject) {
  for (const ChannelKind& kind : subject.plugin->adapter()->kinds())
    if (kind.name == subject.kind) return &kind;
  return nullptr;
}

void expect_good_table(SettingsTable table, std::string_view where) {
  std::vector<std::string_view> names;
  for (const SettingSpec& row : table) {
    const std::string place = fmt::format("{}: {}", where, row.name);
    EXPECT_FALSE(row.name.empty()) << place;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."), std::string_view::npos)
        << place << ": names are lower-case-with-dashes";
    EXPECT_EQ(std::count(names.begin(), names.end(), row.name), 0) << place << ": the name is there twice";
    names.push_back(row.name);
    EXPECT_TRUE(row.sentence.ends_with('.')) << place << ": one sentence says what it is";
    EXPECT_FALSE(row.required && !row.otherwise.empty()) << place << ": what is required has no default";
    if (row.type == SettingType::secret) {
      EXPECT_TRUE(row.otherwise.empty()) << place << ": a secret has no default";
    }
    if (row.type == SettingType::choice) {
      EXPECT_FALSE(row.choices.empty()) << place << ": a choice has choices";
    }
    if (row.type == SettingType::text_list || row.type == SettingType::text_map || row.otherwise.empty()) continue;
    const auto parsed = parse_setting(row, row.otherwise);
    EXPECT_TRUE(parsed.ok()) << place << ": its own default is refused: " << (parsed ? "" : parsed.error().what);
  }
}

void its_tables_are_whole(const Subject& subject) {
  const ChannelKind* const kind = kind_of(subject);
  ASSERT_NE(kind, nullptr) << "the adapter has no kind " << subject.kind;
  EXPECT_TRUE(kind->sentence.ends_with('.'));
  expect_good_table(kind->settings, "channel");
  expect_good_table(kind->account, "account");
  for (const std::string_view name : kind->unique_account_settings)
    EXPECT_NE(find_setting(kind->account, name), nullptr) << name;
  EXPECT_EQ(kind->sends, !subject.demands.empty()) << "`sends` says whether the channel can be a destination";
}

void its_own_check_takes_a_good_configuration(const Subject& subject) {
  Bench bench(subject);
  for (const Error& error : subject.plugin->adapter()->check(bench.rig->config())) ADD_FAILURE() << error.what;
}

void making_a_channel_touches_nothing(const Subject& subject) {
  Bench bench(subject);
  if (subject.receives) bench.rig->offer("acme", "letter-1");
  {
    bench.context().expect_no_calls();
    const auto channel = bench.make();
    ASSERT_NE(channel, nullptr);
    if (subject.receives) {
      EXPECT_TRUE(stays([&] { return bench.rig->offered("acme") == 1; }));
    }
  }
  EXPECT_EQ(bench.context().late_calls(), std::vector<std::string>{}) << "that is for start() to do";
}

void is_up_between_start_and_stop(const Subject& subject) {
  Bench bench(subject);
  if (!subject.demands.empty()) bench.rig->behave(Demand::take);
  bench.start();
  EXPECT_TRUE(eventually([&] { return bench.channel().health().state == Health::State::up; }))
      << bench.channel().health().text;
  bench.stop();
  EXPECT_EQ(bench.channel().health().state, Health::State::stopped);
}

void touches_nothing_after_stop(const Subject& subject) {
  Bench bench(subject);
  if (!subject.demands.empty()) bench.rig->behave(Demand::take);
  if (subject.receives) bench.rig->offer("acme", "letter-1");
  bench.start();
  if (subject.receives) {
    ASSERT_TRUE(eventually([&] { return bench.rig->offered("acme") == 0; }));
  }
  if (!subject.demands.empty()) static_cast<void>(bench.deliver(bench.delivery("parcel-1")));
  bench.stop();
  bench.context().expect_no_calls();
  if (subject.receives) bench.rig->offer("acme", "letter-2");
  bench.add_account("bolt");  // a reload may come while a channel is being taken down
  EXPECT_TRUE(stays([&] { return !subject.receives || bench.rig->offered("acme") == 1; }))
      << "it has stopped: who took the letter?";
  bench.turn();
  EXPECT_EQ(bench.context().late_calls(), std::vector<std::string>{}) << "after stop() the context may be gone";
}

void another_takes_over_after_stop(const Subject& subject) {
  Bench bench(subject);
  if (!subject.demands.empty()) bench.rig->behave(Demand::take);
  bench.start();
  bench.stop();
  bench.start();  // as a reload does that changes the channel's own settings
  if (subject.receives) {
    bench.rig->offer("acme", "letter-1");
    EXPECT_TRUE(eventually([&] { return bench.rig->offered("acme") == 0; }));
  }
  if (!subject.demands.empty()) {
    static_cast<void>(bench.deliver(bench.delivery("parcel-1")));
    EXPECT_EQ(bench.rig->taken().size(), 1U);
  }
}

void probe_changes_nothing(const Subject& subject) {
  Bench bench(subject);
  if (!subject.demands.empty()) bench.rig->behave(Demand::take);
  // Held: the channel's own pick-up is no part of this.
  bench.context().intake(tests::IntakeMode::lose);
  if (subject.receives) bench.rig->offer("acme", "letter-1");
  bench.start();
  const auto account = bench.context().find("acme");
  ASSERT_NE(account, nullptr);
  ProbeReport report;
  bench.channel().probe(account.get(), report);
  EXPECT_FALSE(report.steps.empty());
  for (const ProbeStep& step : report.steps) {
    EXPECT_TRUE(step.ok) << step.step << ": " << step.text;
    EXPECT_FALSE(step.step.empty() || step.text.empty()) << "a step says what was found";
  }
  EXPECT_TRUE(bench.rig->taken().empty()) << "a probe sends nothing";
  if (subject.receives) {
    EXPECT_EQ(bench.rig->offered("acme"), 1U) << "a probe deletes nothing";
  }
}

}  // namespace

std::vector<Case> lifetime_cases() {
  const auto always = [](const Subject&) { return true; };
  return {
      {"ItsTablesAreWhole", always, its_tables_are_whole},
      {"ItsOwnCheckTakesAGoodConfiguration", always, its_own_check_takes_a_good_configuration},
      {"MakingAChannelTouchesNothing", always, making_a_channel_touches_nothing},
      {"IsUpBetweenStartAndStop", always, is_up_between_start_and_stop},
      {"TouchesNothingAfterStop", always, touches_nothing_after_stop},
      {"AnotherTakesOverAfterStop", always, another_takes_over_after_stop},
      {"ProbeChangesNothing", always, probe_changes_nothing},
  };
}

}  // namespace sluis::conformance
