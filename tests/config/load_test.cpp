// A good configuration: every value arrives.
#include "config/load.h"

#include <gtest/gtest.h>

#include "config/compare.h"
#include "tests/config/tree.h"

namespace sluis::config::tests {
namespace {

TEST(Load, AGoodTreeGivesAGeneration) {
  const Tree tree;
  EXPECT_EQ(tree.errors(), Lines{});
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr);
  EXPECT_EQ(loaded.generation->number, 1U);
  EXPECT_EQ(loaded.generation->gateway, "broker-1");
  EXPECT_EQ(loaded.generation->routing, loaded.routing);
  EXPECT_EQ(loaded.files, (Lines{"gateway.yaml", "channels/authority.yaml", "channels/drop.yaml", "customers/acme.yaml",
                                 "routes.yaml"}));
}

TEST(Load, GatewaySettingsAndTheirDefaults) {
  const Tree tree;
  tree.secret("secrets/tls.key", "PEM");
  tree.write("gateway.yaml",
             "gateway: { name: broker-1, data: /data }\n"
             "listeners:\n  public: { address: \"0.0.0.0:8443\", tls: { certificate: /tls/public.pem, key: "
             "\"${file:secrets/tls.key}\" },\n            proxy-protocol: { from: [10.0.0.0/8, \"2001:db8::1\"] } }\n"
             "log: { level: warning, format: json }\nengine: { breaker: { failures: 7, pause: 30s }, tick: 500ms }\n"
             "retention: { bodies: 10d }\nlimits: { low-water: 2GiB }\n");
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr);
  const GatewaySettings& g = loaded.gateway;
  EXPECT_EQ(g.data, "/data");
  EXPECT_EQ(g.control_socket, "/data/control.sock");
  EXPECT_EQ(g.listeners.at("public").address, "0.0.0.0:8443");
  EXPECT_EQ(g.listeners.at("public").proxy_protocol_from, (std::vector<std::string>{"10.0.0.0/8", "2001:db8::1"}));
  EXPECT_EQ(g.listeners.at("public").tls->certificate, "/tls/public.pem");
  EXPECT_EQ(g.listeners.at("public").tls->key.reveal(), "PEM");
  EXPECT_EQ(g.log_level, LogLevel::warning);
  EXPECT_EQ(g.log_format, LogFormat::json);
  EXPECT_EQ(g.keep_bodies, 10 * 24h);
  EXPECT_EQ(g.keep_metadata, 400 * 24h);
  EXPECT_EQ(g.low_water, std::int64_t{2} << 30);
  EXPECT_EQ(loaded.generation->engine.breaker_failures, 7);
  EXPECT_EQ(loaded.generation->engine.breaker_pause, 30s);
  EXPECT_EQ(loaded.generation->engine.breaker_pause_most, 15min);
  EXPECT_EQ(loaded.generation->engine.tick, 500ms);
}

TEST(Load, ChannelsHaveTheirKindsSettingsAndNoOthers) {
  const Tree tree;
  tree.write(
      "channels/authority.yaml",
      "channel: authority\nadapter: authority\nenvironment: production\nconcurrency: 8\nper-second: 2.5\n"
      "submit: { host: msa.example, port: 465, tls: implicit, verify: false, password: \"${file:secrets/acme}\" }\n"
      "every: 90s\nlargest: 1MiB\nnames: [x, y]\nheaders: { X-A: no }\naccount: { username: broker, password: "
      "\"${file:secrets/acme}\" }\n");
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr);
  const ChannelConfig& c = loaded.generation->channels.at("authority");
  EXPECT_EQ(c.kind, "authority");
  EXPECT_EQ(c.environment, Environment::production);
  EXPECT_EQ(c.concurrency, 8);
  EXPECT_EQ(c.account_concurrency, 2);
  EXPECT_EQ(c.per_second, 2.5);
  EXPECT_FALSE(c.settings.has("concurrency"));
  EXPECT_EQ(c.settings.integer("submit.port"), 465);
  EXPECT_EQ(c.settings.text("submit.tls"), "implicit");
  EXPECT_FALSE(c.settings.boolean("submit.verify"));
  EXPECT_EQ(c.settings.secret("submit.password").reveal(), canary);
  EXPECT_EQ(c.settings.duration("every"), 90s);
  EXPECT_EQ(c.settings.integer("largest"), 1 << 20);
  EXPECT_EQ(c.settings.list("names"), (Lines{"x", "y"}));
  EXPECT_EQ(c.settings.map("headers").at("X-A"), "no");
  ASSERT_NE(c.own_account, nullptr);
  EXPECT_EQ(c.own_account->customer, "");
  EXPECT_EQ(c.own_account->settings.text("username"), "broker");
}

TEST(Load, CustomersHaveTheirAccountsAndReturns) {
  Tree tree;
  tree.write("customers/acme.yaml",
             "customer: acme\nidentifiers: { kvk: 01234567, edi: \"1\" }\naccounts:\n"
             "  authority: { username: acme, password: \"${env:ACME}\", environment: production }\n  drop: { pickup: "
             "/a, deliver: /b }\n"
             "return: { default: [drop], \"douane/*\": [drop] }\nroutes:\n  - { route: mine, when: { flow: "
             "nvwa/elogboek }, send: { to: authority } }\n");
  tree.variables["ACME"] = canary;
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr) << loaded.errors.front().text();
  const Customer& acme = *loaded.generation->customers.at("acme");
  EXPECT_EQ(acme.name, "acme");
  EXPECT_EQ(acme.identifiers.at("kvk"), "01234567");
  EXPECT_EQ(acme.return_channels, Lines{"drop"});
  EXPECT_EQ(acme.return_by_flow.at("douane/*"), Lines{"drop"});
  const Account& account = *loaded.generation->accounts.at({"authority", "acme"});
  EXPECT_EQ(account.settings.secret("password").reveal(), canary);
  EXPECT_EQ(account.customer, "acme");
  Message message;
  message.customer = "acme";
  message.from = "drop";
  message.attributes.set(attribute::flow, "nvwa/elogboek");
  ASSERT_NE(loaded.routing->match(message), nullptr);
  EXPECT_EQ(loaded.routing->match(message)->spec.name, "mine");
}

TEST(Load, MaintenanceWindowsInTheirOrder) {
  const Tree tree;
  tree.write("channels/authority.yaml",
             "channel: authority\nadapter: authority\nenvironment: production\nsubmit: { host: h }\nmaintenance:\n"
             "  - { from: \"2026-12-12T18:00:00Z\", until: \"2026-12-12T20:00:00Z\", reason: second }\n"
             "  - { from: \"2026-12-05T18:00:00+01:00\", until: \"2026-12-06T06:00:00+01:00\", reason: first }\n");
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr) << loaded.errors.front().text();
  const auto& windows = loaded.generation->channels.at("authority").maintenance;
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].reason, "first");
  EXPECT_EQ(windows[0].from, parse_rfc3339("2026-12-05T17:00:00Z").value());
  EXPECT_EQ(windows[1].until, parse_rfc3339("2026-12-12T20:00:00Z").value());
}

TEST(Load, QuotasOfAllAndOfOneCustomer) {
  Tree tree;
  tree.write("gateway.yaml", "gateway: { name: a, data: /d }\nquota: { messages-per-hour: 5, bytes-per-hour: 1MiB }\n");
  tree.write("customers/acme.yaml",
             "customer: acme\naccounts:\n  drop: { pickup: /a, deliver: /b }\n  authority: { username: acme, password: "
             "\"${env:ACME}\" }\nreturn: [drop]\nquota: { connections: 0 }\n");
  tree.variables["ACME"] = canary;
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr) << loaded.errors.front().text();
  EXPECT_EQ(loaded.generation->quota, (Quota{5, 1 << 20, 100}));
  EXPECT_EQ(loaded.generation->customers.at("acme")->quota, (Quota{{}, {}, 0}));
}

TEST(Load, PoliciesAsAListOrAMapping) {
  const Tree tree;
  tree.write("policies.yaml",
             "policies:\n  - policy: customs\n    retry: { first: 10s, factor: 1.5, most: 5m, jitter: 0 }\n    expire: "
             "1d\n    attempts: 9\n    in-doubt: hold\n"
             "    settled-by: answer\n    after-refusal: hold\n    reply-within: 2h\n    proof-within: 3h\n    "
             "escalation-stops-original: true\n"
             "    report: [delivered, held]\n    escalate:\n      - { after: 1h, to: drop, address: x, with-original: "
             "true, text: \"late\\n{message}\" }\n");
  const Loaded listed = tree.load();
  ASSERT_NE(listed.generation, nullptr);
  const Policy& p = listed.generation->policy("customs");
  EXPECT_EQ(p.retry_first, 10s);
  EXPECT_EQ(p.retry_factor, 1.5);
  EXPECT_EQ(p.retry_most, 5min);
  EXPECT_EQ(p.retry_jitter, 0);
  EXPECT_EQ(p.expire_after, 24h);
  EXPECT_EQ(p.attempts_most, 9);
  EXPECT_EQ(p.in_doubt, Policy::InDoubt::hold);
  EXPECT_EQ(p.settled_by, Policy::SettledBy::answer);
  EXPECT_EQ(p.after_refusal, Policy::AfterRefusal::hold);
  EXPECT_EQ(p.reply_within, 2h);
  EXPECT_EQ(p.proof_within, 3h);
  EXPECT_TRUE(p.escalation_stops_original);
  EXPECT_EQ(p.report, (std::vector{DeliveryState::delivered, DeliveryState::held}));
  ASSERT_EQ(p.escalate.size(), 1U);
  EXPECT_EQ(p.escalate[0].text, "late\n{message}");
  EXPECT_TRUE(p.escalate[0].with_original);
  EXPECT_TRUE(listed.generation->policies.contains("default"));

  tree.write("policies.yaml", "policies: { default: { expire: 2d }, slow: {} }\n");
  const Loaded mapped = tree.load();
  ASSERT_NE(mapped.generation, nullptr);
  EXPECT_EQ(mapped.generation->policy("nothing-of-that-name").expire_after, 48h);
  EXPECT_TRUE(mapped.generation->policies.contains("slow"));
}

TEST(Load, TheOperatorsFlowKeepsWhatItDoesNotSay) {
  const Tree tree;
  tree.write("flows.yaml",
             "flows:\n  - { flow: douane/uitvoer, address: { production: uitvoer@douane.example } }\n  - { flow: "
             "own/flow, duplicate: { content: refuse } }\n");
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr);
  EXPECT_EQ(loaded.routing->rules("douane/uitvoer").duplicate_content, DuplicateRule::accept);
  EXPECT_EQ(loaded.routing->rules("own/flow").duplicate_content, DuplicateRule::refuse);
  EXPECT_EQ(loaded.routing->rules("own/flow").duplicate_reference, DuplicateRule::hold);
}

TEST(Load, TheDeliveredCatalogueIsSound) {
  LoadOptions options;
  const Tree tree;
  const Loaded loaded = load(tree.path(""), test_registry(), options);
  for (const auto& error : loaded.errors) ADD_FAILURE() << error.text();
  EXPECT_NE(loaded.generation, nullptr);
}

TEST(Load, RoutesAreMissedAloud) {
  const Tree tree;
  tree.remove("routes.yaml");
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].text(), "routes.yaml:1:1: is missing: every message is unrouted");
}

TEST(Load, ConditionsOfEveryForm) {
  const Tree tree;
  tree.write("routes.yaml",
             "routes:\n  - route: one\n    when:\n      from: [drop]\n      flow: douane/*\n      any: [{ "
             "edifact.unh.type: { matches: \"^CUS\" } }, { xml.root: { present: true } }]\n"
             "      not: { customer: acme }\n    send: [{ to: authority, recipient: a@b.example, subject: \"{flow}\" "
             "}]\n    lane: \"{customer}\"\n"
             "    lane-first: true\n    gate: operator\n    reply-within: 1h\n");
  const Loaded loaded = tree.load();
  ASSERT_NE(loaded.generation, nullptr) << loaded.errors.front().text();
  Message message;
  message.from = "drop";
  message.customer = "other";
  message.attributes.set(attribute::flow, "douane/uitvoer");
  EXPECT_EQ(loaded.routing->match(message), nullptr);
  message.attributes.set("edifact.unh.type", "CUSDEC");
  const auto* route = loaded.routing->match(message);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->spec.gates, Lines{"operator"});
  EXPECT_TRUE(route->spec.lane_first);
  EXPECT_EQ(route->spec.reply_within, 1h);
  EXPECT_EQ(route->spec.send[0].options.at("subject"), "{flow}");
  message.customer = "acme";
  EXPECT_EQ(loaded.routing->match(message), nullptr);
}

TEST(Reload, WhatDidNotChangeIsTheSameObject) {
  const Tree tree;
  tree.write("customers/beta.yaml", Tree::customer("beta", "2"));
  const GenerationPtr before = tree.load().generation;
  ASSERT_NE(before, nullptr);
  tree.write("customers/beta.yaml", Tree::customer("beta", "3"));
  const GenerationPtr next = tree.load(before).generation;
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(before->accounts.at({"drop", "acme"}), next->accounts.at({"drop", "acme"}));
  EXPECT_TRUE(compare(*before, *next).nothing_for_channels());
}

TEST(Reload, OnlyTheChangedAccountsOfAStayingChannelAreTold) {
  const Tree tree;
  tree.write("customers/beta.yaml", Tree::customer("beta", "2"));
  const GenerationPtr before = tree.load().generation;
  tree.secret("secrets/acme", "another");  // a new password is a change, though no YAML changed
  tree.remove("customers/beta.yaml");
  tree.write("customers/gamma.yaml", Tree::customer("gamma", "3"));
  const GenerationPtr next = tree.load(before).generation;
  ASSERT_NE(next, nullptr);
  const Changes changes = compare(*before, *next);
  EXPECT_TRUE(changes.added.empty() && changes.removed.empty() && changes.changed.empty());
  const AccountChanges& authority = changes.accounts.at("authority");
  ASSERT_EQ(authority.changed.size(), 1U);
  EXPECT_EQ(authority.changed[0]->customer, "acme");
  ASSERT_EQ(authority.removed.size(), 1U);
  EXPECT_EQ(authority.removed[0]->customer, "beta");
  ASSERT_EQ(authority.added.size(), 1U);
  EXPECT_EQ(authority.added[0]->customer, "gamma");
  EXPECT_TRUE(changes.accounts.at("drop").changed.empty());
}

TEST(Reload, ChannelsAreAddedRemovedAndMadeAnew) {
  const Tree tree;
  tree.write("channels/old.yaml", "channel: old\nadapter: drop\nenvironment: test\n");
  const GenerationPtr before = tree.load().generation;
  ASSERT_NE(before, nullptr);
  tree.remove("channels/old.yaml");
  tree.write("channels/new.yaml", "channel: new\nadapter: drop\nenvironment: test\n");
  tree.write("channels/authority.yaml",
             "channel: authority\nadapter: authority\nenvironment: production\nsubmit: { host: other.example }\n");
  tree.write("channels/drop.yaml", "channel: drop\nadapter: drop\nenvironment: production\nconcurrency: 9\n");
  const GenerationPtr next = tree.load(before).generation;
  ASSERT_NE(next, nullptr);
  const Changes changes = compare(*before, *next);
  EXPECT_EQ(changes.added, Lines{"new"});
  EXPECT_EQ(changes.removed, Lines{"old"});
  EXPECT_EQ(changes.changed, Lines{"authority"});
  EXPECT_TRUE(changes.accounts.empty());
}

TEST(Reload, AChangedOwnAccountIsAnAccountChange) {
  const Tree tree;
  const std::string channel =
      "channel: authority\nadapter: authority\nenvironment: production\nsubmit: { host: msa.example }\n";
  const GenerationPtr before = tree.load().generation;
  tree.write("channels/authority.yaml",
             channel + "account: { username: broker, password: \"${file:secrets/acme}\" }\n");
  const GenerationPtr next = tree.load(before).generation;
  ASSERT_NE(next, nullptr);
  const Changes changes = compare(*before, *next);
  EXPECT_TRUE(changes.changed.empty());
  ASSERT_EQ(changes.accounts.at("authority").added.size(), 1U);
  EXPECT_EQ(changes.accounts.at("authority").added[0]->customer, "");
}

}  // namespace
}  // namespace sluis::config::tests
