// What is wrong in a configuration is said in these words, at this place.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/config/tree.h"

namespace sluis::config::tests {
namespace {

// The good tree with one file replaced.
Lines with(std::string_view file, std::string_view text) {
  const Tree tree;
  tree.write(file, text);
  return tree.errors();
}
Lines with_channel(const std::string& more) {
  return with("channels/authority.yaml", "channel: authority\nadapter: authority\nenvironment: production\n" + more);
}
Lines with_customer(const std::string& more) {
  return with(
      "customers/acme.yaml",
      "customer: acme\naccounts:\n  authority: { username: acme, password: \"${file:secrets/acme}\" }\n" + more);
}
Lines with_password(std::string_view password) {
  return with(
      "customers/acme.yaml",
      "customer: acme\naccounts:\n  drop: { pickup: /a, deliver: /b }\n  authority: { username: acme, password: " +
          std::string(password) + " }\nreturn: [drop]\n");
}

TEST(Mistakes, AnUnknownSettingNamesTheNearestAndIsNotMissedAsWell) {
  EXPECT_EQ(with("customers/acme.yaml",
                 "customer: acme\naccounts:\n  drop: { pickup: /a, deliver: /b }\n  authority:\n    username: acme\n   "
                 " pasword: x\nreturn: [drop]\n"),
            Lines{"customers/acme.yaml:6:5: accounts.authority.pasword: unknown setting; did you mean \"password\"?"});
}

TEST(Mistakes, WrongTypesAndBounds) {
  EXPECT_EQ(
      with_channel("submit:\n  host: msa.example\n  port: 0587\n  verify: no\n  tls: ssl\nevery: 120\nlargest: "
                   "5x\nnames: a\nheaders: [a]\n"),
      (Lines{"channels/authority.yaml:6:9: submit.port: \"0587\" is not a whole number",
             "channels/authority.yaml:7:11: submit.verify: \"no\" is neither true nor false",
             "channels/authority.yaml:8:8: submit.tls: \"ssl\" is none of none, starttls, implicit",
             "channels/authority.yaml:9:8: every: \"120\" is not a duration; write for example 90s, 2m, 1h30m or 5d",
             "channels/authority.yaml:10:10: largest: \"5x\" is not a size; write for example 512, 64KiB or 10MiB",
             "channels/authority.yaml:11:8: names: must be a list of texts, not a single value",
             "channels/authority.yaml:12:10: headers: must be a mapping of texts, not a list"}));
  EXPECT_EQ(with_channel("submit: { host: msa.example, port: 70000 }\n"),
            Lines{"channels/authority.yaml:4:36: submit.port: 70000 is out of bounds: 1 to 65535"});
}

TEST(Mistakes, QuotedNumbersAndTruthsAreTexts) {
  EXPECT_EQ(with_channel("submit: { host: msa.example, port: \"25\", verify: \"true\" }\n"),
            (Lines{"channels/authority.yaml:4:36: submit.port: must be a whole number; write it without quotes",
                   "channels/authority.yaml:4:50: submit.verify: must be true or false; write it without quotes"}));
}

TEST(Mistakes, MissingSettingsAreMissedAtTheInnermostMapping) {
  EXPECT_EQ(with_channel("submit:\n  port: 25\n"), Lines{"channels/authority.yaml:4:1: submit.host: is required"});
  EXPECT_EQ(with_channel("submit:\n  host:\n"),
            Lines{"channels/authority.yaml:5:3: submit.host: has no value; it must be a host name"});
  EXPECT_EQ(with_channel("submit: 25\n"),
            Lines{"channels/authority.yaml:4:9: submit: must be a mapping, not a single value"});
}

TEST(Mistakes, EnvironmentIsRequiredAndOneOfTwo) {
  EXPECT_EQ(with("channels/drop.yaml", "channel: drop\nadapter: drop\n"),
            Lines{"channels/drop.yaml:1:1: environment: is required"});
  EXPECT_EQ(with("channels/drop.yaml", "channel: drop\nadapter: drop\nenvironment: prod\n"),
            Lines{"channels/drop.yaml:3:14: environment: \"prod\" is none of test, production"});
}

TEST(Mistakes, MaintenanceThatIsNoWindow) {
  EXPECT_EQ(with_channel("submit: { host: msa.example, port: 25 }\nmaintenance: tonight\n"),
            Lines{"channels/authority.yaml:5:1: maintenance: must be a list of windows, each with from, until and reason"});
  EXPECT_EQ(with_channel("submit: { host: msa.example, port: 25 }\nmaintenance:\n"
                         "  - { from: \"2026-12-05T18:00:00+01:00\", until: soon, reason: x }\n"
                         "  - { from: \"2026-12-05T18:00:00Z\", until: \"2026-12-05T18:30:00+01:00\", reason: x }\n"
                         "  - { from: \"2026-12-05T18:00:00Z\", until: \"2026-12-06T18:00:00Z\" }\n"),
            (Lines{"channels/authority.yaml:6:49: maintenance.until: \"soon\" is not a time such as "
                   "2026-12-05T18:00:00+01:00",
                   "channels/authority.yaml:7:5: maintenance: ends before it begins",
                   "channels/authority.yaml:8:5: maintenance.reason: is required"}));
}

TEST(Mistakes, UnknownAdapters) {
  EXPECT_EQ(with("channels/drop.yaml", "channel: drop\nadapter: drip\nenvironment: test\n"),
            Lines{"channels/drop.yaml:2:10: adapter: there is no adapter \"drip\"; did you mean \"drop\"?"});
}

TEST(Mistakes, AnAdaptersOwnCheckIsPlacedAtItsSetting) {
  EXPECT_EQ(with_channel("submit: { host: msa.example, tls: none }\n"),
            Lines{"channels/authority.yaml:4:35: submit.tls: none is for port 25 only"});
}

TEST(Mistakes, AnOwnAccountWhereTheKindHasNone) {
  EXPECT_EQ(with("channels/drop.yaml", "channel: drop\nadapter: drop\nenvironment: production\naccount: {}\n"),
            Lines{"channels/drop.yaml:4:1: account: a channel of kind drop has no account of its own; give accounts to "
                  "customers"});
}

TEST(Mistakes, TwoChannelsOfOneName) {
  EXPECT_EQ(with("channels/drop2.yaml", "channel: drop\nadapter: drop\nenvironment: test\n"),
            Lines{"channels/drop2.yaml:1:10: channel: channel \"drop\" is already at channels/drop.yaml:1:10"});
}

TEST(Mistakes, AccountsOnUnknownChannels) {
  EXPECT_EQ(with_customer("  drip: { pickup: /a, deliver: /b }\n  drop: { pickup: /a, deliver: /b }\nreturn: [drop]\n"),
            Lines{"customers/acme.yaml:4:3: accounts.drip: there is no channel \"drip\"; did you mean \"drop\"?"});
}

TEST(Mistakes, AProductionAccountOnATestChannel) {
  const Tree tree;
  tree.write("channels/trial.yaml", "channel: trial\nadapter: drop\nenvironment: test\n");
  tree.write("customers/acme.yaml", Tree::customer("acme", "1") + "");
  tree.write("customers/beta.yaml",
             "customer: beta\naccounts:\n  drop: { pickup: /a, deliver: /b }\n  trial: { pickup: /c, deliver: /d, "
             "environment: production }\nreturn: [drop]\n");
  EXPECT_EQ(tree.errors(), Lines{"customers/beta.yaml:4:50: accounts.trial.environment: a production account on the "
                                 "test channel \"trial\"; environments never mix"});
}

TEST(Mistakes, ACustomerWithoutReturnIsBlamedOnce) {
  EXPECT_EQ(with_customer(""), Lines{"customers/acme.yaml:1:1: return: is required"});
}

TEST(Mistakes, ReturnsThatCannotBe) {
  EXPECT_EQ(with_customer("return: [drop]\n"),
            Lines{"customers/acme.yaml:4:10: return: customer acme has no account on channel \"drop\""});
  EXPECT_EQ(
      with_customer("return: [authority]\n"),
      Lines{
          "customers/acme.yaml:4:10: return: customers receive nothing on channel \"authority\" (of kind authority)"});
  EXPECT_EQ(with_customer("return: []\n"), Lines{"customers/acme.yaml:4:9: return: names no channel"});
  EXPECT_EQ(with_customer("return: [drip]\n"),
            Lines{"customers/acme.yaml:4:10: return: there is no channel \"drip\"; did you mean \"drop\"?"});
  EXPECT_EQ(
      with_customer(
          "  drop: { pickup: /a, deliver: /b }\nreturn:\n  default: [drop]\n  douane/uitveor: [drop]\n  x/*: [drop]\n"),
      (Lines{"customers/acme.yaml:7:3: return.douane/uitveor: unknown flow \"douane/uitveor\"; did you mean "
             "\"douane/uitvoer\"?",
             "customers/acme.yaml:8:3: return.x/*: no flow begins with \"x/\""}));
  EXPECT_EQ(with_customer("  drop: { pickup: /a, deliver: /b }\nreturn:\n  douane/*: [drop]\n"),
            Lines{"customers/acme.yaml:5:1: return.default: is required, for every other flow"});
}

TEST(Mistakes, TwoCustomersWithOneDemultiplexingIdentifier) {
  EXPECT_EQ(with("customers/beta.yaml", Tree::customer("beta", "8712345678906")),
            Lines{"customers/beta.yaml:3:21: identifiers.edi: \"8712345678906\" is already customer acme's at "
                  "customers/acme.yaml:3:21; channel authority tells "
                  "customers apart by it"});
}

TEST(Mistakes, TwoCustomersWithOneFolder) {
  EXPECT_EQ(with("customers/beta.yaml",
                 "customer: beta\naccounts:\n  drop: { pickup: /srv/acme/out/, deliver: /srv/beta }\nreturn: [drop]\n"),
            Lines{"customers/beta.yaml:3:19: accounts.drop.pickup: \"/srv/acme/out/\" is already customer acme's at "
                  "customers/acme.yaml:6:19"});
}

TEST(Mistakes, TwoFilesOfOneCustomer) {
  EXPECT_EQ(with("customers/beta.yaml", Tree::customer("acme", "2")),
            Lines{"customers/beta.yaml:1:11: customer: customer \"acme\" is already at customers/acme.yaml:1:11"});
}

TEST(Secrets, APlainValueIsRefusedAndNotRepeated) {
  const std::string place = "customers/acme.yaml:4:42: accounts.authority.password: ";
  EXPECT_EQ(
      with_password(canary),
      Lines{place + "a secret does not stand in the configuration; write ${file:…}, ${env:…} or ${credential:…}"});
  EXPECT_EQ(with_password("\"canary-7f3a${env:X}\""),
            Lines{place + "a secret is one reference and nothing else: ${file:…}, ${env:…} or ${credential:…}"});
}

TEST(Secrets, MissingOnesAreNamedByTheirReference) {
  const std::string place = "customers/acme.yaml:4:42: accounts.authority.password: ";
  EXPECT_EQ(with_password("\"${file:secrets/none}\""),
            Lines{place + "secret file \"secrets/none\": No such file or directory"});
  EXPECT_EQ(with_password("\"${env:NONE}\""), Lines{place + "the environment variable NONE is not set"});
  EXPECT_EQ(with_password("\"${credential:none}\""),
            Lines{place + "credential \"none\": systemd gave no credentials ($CREDENTIALS_DIRECTORY is not set)"});
}

TEST(Secrets, AFileThatOthersCanReadIsRefused) {
  const Tree tree;
  tree.secret("secrets/acme", canary, 0640);
  EXPECT_EQ(tree.errors(), Lines{"customers/acme.yaml:5:42: accounts.authority.password: secret file \"secrets/acme\" "
                                 "can be read by others (mode 0640); chmod 600 it"});
}

TEST(Secrets, EmptyAndHugeFilesAreRefused) {
  const Tree tree;
  const std::string place = "customers/acme.yaml:5:42: accounts.authority.password: secret file \"secrets/acme\"";
  tree.secret("secrets/acme", "\n");
  EXPECT_EQ(tree.errors(), Lines{place + " is empty"});
  tree.secret("secrets/acme", std::string(70'000, 'x'));
  EXPECT_EQ(tree.errors(), Lines{place + ": is larger than 65536 octets"});
}

TEST(Secrets, CredentialsComeFromSystemdsFolder) {
  Tree tree;
  tree.variables["CREDENTIALS_DIRECTORY"] = tree.path("secrets");
  tree.secret("secrets/acme", canary, 0440);
  std::string text = Tree::customer("acme", "1");
  text.replace(text.find("${file:secrets/acme}"), 20, "${credential:acme}");
  tree.write("customers/acme.yaml", text);
  EXPECT_EQ(tree.errors(), Lines{});
  EXPECT_EQ(tree.load().generation->accounts.at({"authority", "acme"})->settings.secret("password").reveal(), canary);
}

TEST(Secrets, AReferenceInWhatIsNoSecretIsRefused) {
  EXPECT_EQ(with_channel("submit: { host: \"${env:HOST}\" }\n"),
            Lines{"channels/authority.yaml:4:17: submit.host: is no secret, so it cannot be a reference; write the "
                  "value itself"});
}

TEST(Mistakes, OfTheGateway) {
  EXPECT_EQ(with("gateway.yaml", "gateway: { name: a, data: \"postgresql://u:canary-7f3a@db/x\" }\n"),
            Lines{"gateway.yaml:1:27: gateway.data: must be an absolute path, not the address of a server"});
  EXPECT_EQ(with("gateway.yaml", "gateway: { name: a, data: /d }\nretention: { keys: 1d }\n"),
            Lines{"gateway.yaml:2:1: retention: keys (1d) would go before metadata (400d)"});
  EXPECT_EQ(
      with("gateway.yaml",
           "gateway: { name: a, data: /d }\nlisteners:\n  p: { address: \"0.0.0.0:1\", tls: { certificate: /c } }\n"),
      Lines{"gateway.yaml:3:30: listeners.p.tls.key: is required"});
  const auto with_tls = [](const std::string& more) {
    return with("gateway.yaml",
                "gateway: { name: a, data: /d }\nlisteners:\n  p:\n    address: \"0.0.0.0:1\"\n    tls: { "
                "certificate: /c, key: \"${file:secrets/acme}\", " +
                    more + " }\n");
  };
  EXPECT_EQ(
      with_tls("client-certificates: required"),
      Lines{"gateway.yaml:5:5: listeners.p.tls: asks for client certificates, but has no client-ca to check them by"});
  EXPECT_EQ(with_tls("client-ca: /ca"),
            Lines{"gateway.yaml:5:5: listeners.p.tls: has a client-ca, but client-certificates is none"});
  EXPECT_EQ(
      with("gateway.yaml",
           "gateway: { name: a, data: /d }\nlisteners:\n  p:\n    address: \"0.0.0.0:1\"\n"
           "    proxy-protocol: { from: [10.0.0.0/8, proxy.example, 10.0.0.1/8] }\n"),
      (Lines{
          "gateway.yaml:5:42: listeners.p.proxy-protocol.from: \"proxy.example\": not an IP address or a network like "
          "10.0.0.0/8",
          "gateway.yaml:5:57: listeners.p.proxy-protocol.from: \"10.0.0.1/8\": bits are set behind the prefix of 8"}));
  EXPECT_EQ(with("gateway.yaml", "gateway: { name: a, data: /d }\nlog: { format: xml }\nlimit: {}\n"),
            (Lines{"gateway.yaml:2:16: log.format: \"xml\" is none of auto, text, json",
                   "gateway.yaml:3:1: limit: unknown setting; did you mean \"limits\"?"}));
}

TEST(Mistakes, ASettingThatNamesNoListener) {
  const auto with_listener = [](std::string_view name) {
    return with(
        "channels/drop.yaml",
        fmt::format("channel: drop\nadapter: drop\nenvironment: production\nnotify: {{ listener: {} }}\n", name));
  };
  EXPECT_EQ(with_listener("public"),
            Lines{"channels/drop.yaml:4:21: notify.listener: gateway.yaml has no listener \"public\""});
}

TEST(Mistakes, WhatTheAdapterSaysOfAnAccountIsAtItsSetting) {
  EXPECT_EQ(with_customer("  drop: { pickup: /same, deliver: /same }\nreturn: [drop]\n"),
            Lines{"customers/acme.yaml:4:35: accounts.drop.deliver: is the folder that is picked up"});
}

TEST(Mistakes, AnItemOfAUniqueListIsOneCustomersAndNotRepeated) {
  const Tree tree;
  for (const char* const name : {"a", "b"})
    tree.write(fmt::format("customers/{}.yaml", name),
               fmt::format("customer: {0}\naccounts:\n  drop: {{ pickup: /{0}/o, deliver: /{0}/i, keys: [one-{0}, "
                           "shared] }}\nreturn: [drop]\n",
                           name));
  EXPECT_EQ(
      tree.errors(),
      Lines{"customers/b.yaml:3:54: accounts.drop.keys: this item is already customer a's at customers/a.yaml:3:54"});
}

TEST(Mistakes, OfNumbersAndNames) {
  EXPECT_EQ(with_channel("submit: { host: msa.example }\nper-second: 0.0001\n"),
            Lines{"channels/authority.yaml:5:13: per-second: 0.0001 is out of bounds: 0.001 to 1000000"});
  EXPECT_EQ(with_channel("submit: { host: msa.example }\nper-second: \"5\"\n"),
            Lines{"channels/authority.yaml:5:13: per-second: must be a number; write it without quotes"});
  EXPECT_EQ(
      with("gateway.yaml", "gateway: { name: a b, data: /d }\n"),
      Lines{"gateway.yaml:1:18: gateway.name: \"a b\" is not a name; use letters, digits, '-', '_' and '.', 64 at "
            "most"});
  EXPECT_EQ(
      with("policies.yaml", "policies: [{ policy: -a }]\n"),
      Lines{"policies.yaml:1:22: policies.policy: \"-a\" is not a name; use letters, digits, '-', '_' and '.', 64 "
            "at most"});
}

TEST(Mistakes, AnOwnAccountOfTheOtherEnvironment) {
  EXPECT_EQ(with_channel("submit: { host: msa.example }\naccount: { username: b, password: \"${file:secrets/acme}\", "
                         "environment: test }\n"),
            Lines{"channels/authority.yaml:5:72: account.environment: a test account on the production channel "
                  "\"authority\"; environments never mix"});
}

TEST(Mistakes, AMissingSettingThatWasMisspeltIsTheOneMistake) {
  EXPECT_EQ(with_customer("  drop: { pickup: /a, deliver: /b }\nretrun: [drop]\n"),
            Lines{"customers/acme.yaml:5:1: retrun: unknown setting; did you mean \"return\"?"});
}

TEST(Mistakes, OfFiles) {
  const Tree tree;
  tree.remove("gateway.yaml");
  tree.write("policy.yaml", "");
  tree.write("customers/beta.yml", "");
  EXPECT_EQ(tree.errors(),
            (Lines{"customers/beta.yml:1:1: only *.yaml is read; rename it to beta.yaml",
                   "gateway.yaml:1:1: is missing", "policy.yaml:1:1: unknown file; did you mean policies.yaml?"}));
}

TEST(Mistakes, OfPolicies) {
  EXPECT_EQ(with("policies.yaml",
                 "policies:\n  - policy: a\n    retry: { first: 10m, most: 1m, factor: x, jitter: 2, most-of: 1 }\n    "
                 "report: [deliverd]\n"
                 "    escalate:\n      - { after: 2h, to: drop }\n      - { after: 1h, to: drip }\n"),
            (Lines{"policies.yaml:3:5: policies.retry: most (1m) is less than first (10m)",
                   "policies.yaml:3:44: policies.retry.factor: \"x\" is not a number; write for example 2 or 0.5, "
                   "without quotes",
                   "policies.yaml:3:55: policies.retry.jitter: 2 is out of bounds: 0 to 1",
                   "policies.yaml:3:58: policies.retry.most-of: unknown setting",
                   "policies.yaml:4:14: policies.report: \"deliverd\" is none of queued, sending, awaiting, delivered, "
                   "blocked, held, rejected, expired, cancelled",
                   "policies.yaml:7:18: policies.escalate.after: 1h is before the step above it (2h)",
                   "policies.yaml:7:26: policies.escalate.to: there is no channel \"drip\"; did you mean \"drop\"?"}));
}

TEST(Mistakes, OfRoutes) {
  EXPECT_EQ(
      with("routes.yaml",
           "routes:\n  - { route: a, when: { from: drop }, send: { to: authority, recipient: x, folder: y } }\n  - { "
           "rout: b, send: {} }\n"
           "  - { route: c, when: { xml.root: { matchs: x }, any: {} }, send: { to: authority } }\nexample: []\n"),
      (Lines{"routes.yaml:2:76: routes.send.folder: there is an address already: `recipient`",
             "routes.yaml:3:7: routes.rout: unknown setting; did you mean \"route\"?",
             "routes.yaml:3:16: routes.send.to: is required: a channel, or customer",
             "routes.yaml:4:37: routes.when.xml.root.matchs: unknown setting; did you mean \"matches\"?",
             "routes.yaml:4:55: routes.when.any: must be a list, not a mapping",
             "routes.yaml:5:1: example: unknown setting; did you mean \"examples\"?"}));
}

TEST(Mistakes, AnUnreachableRouteIsTheTablesToSay) {
  const auto errors = with("routes.yaml",
                           "routes:\n  - { route: a, when: { from: drop }, send: { to: authority } }\n  - { route: b, "
                           "when: { from: drop, flow: douane/uitvoer }, send: { to: authority } }\n");
  EXPECT_EQ(
      errors,
      Lines{"routes.yaml:3:5: route \"b\" can never be reached: \"a\" at routes.yaml:2:5 matches everything it would"});
}

TEST(Mistakes, AnExampleThatFailsIsAnError) {
  const Tree tree;
  tree.write("routes.yaml",
             "routes:\n  - { route: a, when: { from: drop }, send: { to: authority, recipient: x } }\nexamples:\n  - "
             "message: { from: authority, customer: acme }\n    expect: a\n");
  const auto errors = tree.errors();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors[0].starts_with("routes.yaml:4:5: example: expected route \"a\"")) << errors[0];
}

TEST(Mistakes, ABrokenFileTakesNothingButItselfOutOfTheCheck) {
  const Tree tree;
  tree.write("channels/authority.yaml", "channel: [\n");
  tree.write("customers/beta.yaml", "customer: {\n");
  tree.write("policies.yaml", "policies: ]\n");
  tree.write("flows.yaml", "flows: }\n");
  tree.write("routes.yaml",
             "routes:\n  - { route: a, when: { from: drop, customer: beta, flow: own/flow }, send: { to: authority }, "
             "policy: own }\n"
             "  - { route: b, when: { from: drip }, send: { to: authority } }\n");
  const auto errors = tree.errors();
  ASSERT_EQ(errors.size(), 5U) << testing::PrintToString(errors);
  EXPECT_TRUE(errors[0].starts_with("channels/authority.yaml:2:1: this is not YAML: ")) << errors[0];
  EXPECT_TRUE(errors[1].starts_with("customers/beta.yaml:2:1: this is not YAML: ")) << errors[1];
  EXPECT_TRUE(errors[2].starts_with("flows.yaml:1:8: this is not YAML: ")) << errors[2];
  EXPECT_TRUE(errors[3].starts_with("policies.yaml:1:11: this is not YAML: ")) << errors[3];
  EXPECT_EQ(errors[4], "routes.yaml:3:25: unknown channel \"drip\"; did you mean \"drop\"?");
}

TEST(Mistakes, AllAreReportedAtOnceInTheOrderOfFiles) {
  const Tree tree;
  tree.write("gateway.yaml", "gateway: { name: a }\n");
  tree.write("channels/drop.yaml", "channel: drop\nadapter: drop\nenvironment: production\ncolour: red\n");
  tree.write("customers/acme.yaml", Tree::customer("acme", "1") + "retrun: [drop]\n");
  tree.write("customers/beta.yaml", Tree::customer("beta", "1"));
  tree.write("routes.yaml",
             "routes:\n  - { route: a, when: { flow: douane/uitveor }, send: { to: authority }, policy: x }\n");
  EXPECT_EQ(tree.errors(),
            (Lines{"channels/drop.yaml:4:1: colour: unknown setting",
                   "customers/acme.yaml:8:1: retrun: unknown setting; did you mean \"return\"?",
                   "customers/beta.yaml:3:21: identifiers.edi: \"1\" is already customer acme's at "
                   "customers/acme.yaml:3:21; channel authority tells "
                   "customers apart by it",
                   "gateway.yaml:1:1: gateway.data: is required", "routes.yaml:2:5: unknown policy \"x\"",
                   "routes.yaml:2:25: unknown flow \"douane/uitveor\"; did you mean \"douane/uitvoer\"?"}));
}

}  // namespace
}  // namespace sluis::config::tests
