// Secrets of the channel's and the account's settings are canaries: none is seen in anything that leaves the channel
// for people, files or the store.
#include <algorithm>

#include "core/channel/conformance/bench.h"
#include "core/runtime/base64.h"

namespace sluis::conformance {

namespace {

const ChannelKind* kind_of(const Subject& subject) {
  for (const ChannelKind& kind : subject.plugin->adapter()->kinds())
    if (kind.name == subject.kind) return &kind;
  return nullptr;
}

bool has_secrets(const Subject& subject) {
  const auto secret = [](const SettingSpec& row) { return row.type == SettingType::secret; };
  const ChannelKind* const kind = kind_of(subject);
  return kind != nullptr && (std::any_of(kind->settings.begin(), kind->settings.end(), secret) ||
                             std::any_of(kind->account.begin(), kind->account.end(), secret));
}

struct Canary {
  std::string setting, text;
};

// The secret, and what base64 makes of it at each of the three places where it may begin (a logged AUTH line).
void plant(SettingsTable table, const Settings& settings, std::vector<Canary>& canaries) {
  for (const SettingSpec& row : table) {
    if (row.type != SettingType::secret || settings.secret(row.name).empty()) continue;
    const Secret secret = settings.secret(row.name);
    const std::string name(row.name), value(secret.reveal());
    EXPECT_GE(value.size(), 8U) << name << ": a short secret is found by chance";
    canaries.push_back({name, value});
    for (std::size_t before = 0; before < 3; ++before) {
      // Without the octets that it shares with its neighbours.
      const std::string encoded = base64_encode(std::string(before, 'x') + value);
      const std::size_t first = before == 0 ? 0 : 4, last = (before + value.size()) / 3 * 4;
      canaries.push_back({name + " in base64", encoded.substr(first, last - first)});
    }
  }
}

void no_secret_is_seen(const Subject& subject) {
  std::vector<Demand> demands(subject.demands.begin(), subject.demands.end());
  if (demands.empty()) demands.push_back(Demand::take);
  std::vector<Canary> canaries;
  for (const Demand demand : demands) {
    Bench bench(subject);
    bench.rig->behave(demand);
    const ChannelKind& kind = *kind_of(subject);
    plant(kind.settings, bench.rig->config().settings, canaries);
    const auto account = bench.context().find("acme");
    plant(kind.account, account->settings, canaries);
    if (subject.receives) bench.rig->offer("acme", "letter-1");
    bench.start();
    std::string seen;
    if (!subject.demands.empty()) {
      const auto delivery = bench.delivery("parcel-1");
      seen += delivery->identity.value;
      for (const Reference& reference : delivery->identity.references) seen += reference.value;
      const EndsPtr ends = bench.begin(delivery);
      if (demand == Demand::hang) {
        EXPECT_TRUE(eventually([&] { return bench.rig->hanging() > 0; }));
      } else {
        EXPECT_TRUE(eventually([&] { return ends->count() > 0; }));
      }
      ProbeReport report;
      if (demand != Demand::hang) bench.channel().probe(account.get(), report);
      for (const ProbeStep& step : report.steps) seen += step.step + step.text + "\n";
      seen += bench.channel().health().text;
      bench.stop(100ms);
      seen += describe(ends->first());
    }
    if (subject.receives && subject.demands.empty()) {
      EXPECT_TRUE(eventually([&] { return !bench.committed().empty(); }));
    }
    for (const Arrival& arrival : bench.context().arrivals()) {
      seen += arrival.key.value_or(DedupeKey{}).text;
      for (const auto& [name, value] : arrival.attributes) seen += value;
    }
    for (const auto& [key, value] : bench.context().state_map()) seen += key + value;
    seen += bench.visible();
    EXPECT_FALSE(canaries.empty()) << "the tables have secrets, but the rig sets none";
    for (const Canary& canary : canaries)
      EXPECT_EQ(seen.find(canary.text), std::string::npos) << "the secret " << canary.setting << " is seen in:\n"
                                                           << seen;
  }
}

}  // namespace

std::vector<Case> secrecy_cases() {
  return {{"NoSecretIsSeen", has_secrets, no_secret_is_seen}};
}

}  // namespace sluis::conformance
