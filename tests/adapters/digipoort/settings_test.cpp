// The settings as an operator writes them: the example that is shipped, and each mistake at its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "config/load.h"
#include "core/channel/plugin.h"
#include "tests/temporary_folder.h"

const sluis::PluginInfo* sluis_plugin_digipoort();

namespace sluis::digipoort::tests {
namespace {

using Lines = std::vector<std::string>;

class DigipoortSettings : public ::testing::Test {
 protected:
  DigipoortSettings() {
    EXPECT_TRUE(registry_.add(sluis_plugin_digipoort(), "test").ok());
    folder_.make("channels");
    folder_.make("customers");
    folder_.make("secrets");
    folder_.write("gateway.yaml", "gateway: { name: broker-1, data: /var/lib/sluis }\n");
    folder_.write("routes.yaml", "routes: []\n");
    folder_.write("secrets/one", "kanarie-7f3a\n");
    EXPECT_EQ(::chmod(folder_.path("secrets/one").c_str(), 0600), 0);
  }
  config::Loaded load() {
    config::LoadOptions options;
    options.environment = [](const std::string&) { return std::optional<std::string>{}; };
    return config::load(folder_.path(), registry_, options);
  }
  Lines errors() {
    Lines lines;
    for (const auto& error : load().errors) {
      lines.push_back(error.text());
      EXPECT_EQ(lines.back().find("kanarie"), std::string::npos) << lines.back();
    }
    return lines;
  }
  // The errors of a channel with these lines, from the fourth on.
  Lines with(const std::string& more, const std::string& environment = "test") {
    folder_.write("channels/digipoort.yaml",
                  "channel: digipoort\nadapter: digipoort\nenvironment: " + environment + "\n" + more);
    return errors();
  }
  sluis::tests::TemporaryFolder folder_;
  AdapterRegistry registry_;
};

// The text of the example, with the account that its comment shows for a customer as the channel's own.
std::string example(const std::string& secret_file) {
  std::ifstream in(SLUIS_DIGIPOORT_EXAMPLE, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto replace = [&text](std::string_view from, const std::string& to) {
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace("#   digipoort: {", "account: {");
  replace("/etc/sluis/secrets/acme-digipoort", secret_file);
  return text;
}

TEST_F(DigipoortSettings, TheExampleIsAccepted) {
  folder_.write("channels/digipoort.yaml", example("secrets/one"));
  EXPECT_EQ(errors(), Lines{});
  const config::Loaded loaded = load();
  ASSERT_NE(loaded.generation, nullptr);
  const ChannelConfig& channel = loaded.generation->channels.at("digipoort");
  EXPECT_EQ(channel.settings.text("submit.host"), "msa.example.test");
  EXPECT_EQ(channel.settings.duration("retrieve.every"), 120s);
  ASSERT_NE(channel.own_account, nullptr);
  EXPECT_EQ(channel.own_account->settings.text("mailbox"), "acme@mail.example.test");
}

constexpr std::string_view host = "submit: { host: msa.example.test }\n";

TEST_F(DigipoortSettings, AHostAloneIsEnough) {
  EXPECT_EQ(with(std::string(host)), Lines{});
}

TEST_F(DigipoortSettings, AMechanismThatIsNoneIsSaidAtItsList) {
  EXPECT_EQ(with("submit:\n  host: msa.example.test\n  auth: [PLAIN, NTLM]\nretrieve:\n  auth: [XOAUTH2]\n"),
            (Lines{"channels/digipoort.yaml:6:9: submit.auth: \"NTLM\" is none of PLAIN, LOGIN, CRAM-MD5, EXTERNAL",
                   "channels/digipoort.yaml:8:9: retrieve.auth: \"XOAUTH2\" is none of PLAIN, LOGIN, CRAM-MD5, "
                   "EXTERNAL"}));
}

TEST_F(DigipoortSettings, ACertificateWithoutItsKeyIsSaidAtTheCertificateAndAKeyAtTheKey) {
  EXPECT_EQ(with("submit:\n  host: msa.example.test\n  certificate: /etc/sluis/gateway.pem\n"
                 "retrieve:\n  key: \"${file:secrets/one}\"\n"),
            (Lines{"channels/digipoort.yaml:6:16: submit.certificate: needs submit.key beside it",
                   "channels/digipoort.yaml:8:8: retrieve.key: needs retrieve.certificate beside it"}));
}

TEST_F(DigipoortSettings, TheSameOfTheChannelsOwnAccount) {
  EXPECT_EQ(with(std::string(host) +
                 "account:\n  username: broker\n  mailbox: broker@mail.example.test\n  certificate: /etc/x.pem\n"),
            Lines{"channels/digipoort.yaml:8:16: account.certificate: needs account.key beside it"});
}

TEST_F(DigipoortSettings, APinThatIsNoneIsSaidAtItsList) {
  const std::string good = "spki:sha256:" + std::string(64, 'a');
  EXPECT_EQ(
      with("submit:\n  host: msa.example.test\n  pins: [" + good + ", \"sha256:abc\"]\n" +
           "retrieve:\n  pins: [\"leaf:sha256:" + std::string(64, 'A') + "\"]\n"),
      (Lines{"channels/digipoort.yaml:6:9: submit.pins: \"sha256:abc\": write spki:sha256: or leaf:sha256: and 64 "
             "lower-case hexadecimal digits",
             "channels/digipoort.yaml:8:9: retrieve.pins: \"leaf:sha256:" + std::string(64, 'A') +
                 "\": write spki:sha256: or leaf:sha256: and 64 lower-case hexadecimal digits"}));
}

TEST_F(DigipoortSettings, AWayOutThatIsNoneIsSaidAtItsSetting) {
  EXPECT_EQ(with("submit:\n  host: msa.example.test\n  source-address: eth0\n"
                 "retrieve:\n  proxy:\n    address: proxy.example.test:3128\n    username: gateway\n"),
            (Lines{"channels/digipoort.yaml:6:19: submit.source-address: \"eth0\" is not an IP address",
                   "channels/digipoort.yaml:10:15: retrieve.proxy.username: needs a password beside it"}));
}

TEST_F(DigipoortSettings, AProxyAndItsLoginAreAccepted) {
  EXPECT_EQ(with("submit:\n  host: msa.example.test\n  source-address: 192.0.2.10\n  interface: eth1\n"
                 "  proxy: { address: \"proxy.example.test:3128\", username: gateway, password: "
                 "\"${file:secrets/one}\" }\n"),
            Lines{});
}

TEST_F(DigipoortSettings, InProductionAMailboxIsNotVisitedMoreOftenThanEachMinute) {
  const std::string often = std::string(host) + "retrieve:\n  host: pop.example.test\n  every: 59s\n";
  EXPECT_EQ(
      with(often, "production"),
      Lines{"channels/digipoort.yaml:7:10: retrieve.every: in production a mailbox is visited at most once in 60s"});
  EXPECT_EQ(with(often, "test"), Lines{});
}

TEST_F(DigipoortSettings, LoginInClearIsRefusedWhereThereIsTls) {
  EXPECT_EQ(with(std::string(host) + "clear-text-login: true\n"),
            Lines{"channels/digipoort.yaml:5:19: clear-text-login: has no meaning while TLS is used; remove it"});
  EXPECT_EQ(with("submit: { host: msa.example.test, tls: none }\nclear-text-login: true\n"), Lines{});
}

}  // namespace
}  // namespace sluis::digipoort::tests
