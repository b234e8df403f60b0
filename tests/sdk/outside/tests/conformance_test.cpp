// The conformance suite for `maildir`, against folders.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/channel/conformance/suite.h"
#include "core/channel/conformance/test_context.h"
#include "core/runtime/base64.h"

const sluis::PluginInfo* sluis_plugin_maildir();

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using sluis::conformance::Copy;
using sluis::conformance::Demand;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class MaildirRig final : public sluis::conformance::Rig {
 public:
  MaildirRig() {
    std::string name = (fs::temp_directory_path() / "maildir-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    home_ = name;
  }
  ~MaildirRig() override {
    std::error_code ignored;  // nothing that a test could do about it
    fs::remove_all(home_, ignored);
  }

  sluis::ChannelConfig config() override {
    sluis::ChannelConfig config;
    config.name = "mail";
    config.kind = "maildir";
    config.settings = sluis::default_settings(kind().settings);
    config.settings.set("scan", sluis::Duration{20ms});
    config.settings.set("max-size", std::int64_t{refuses_ ? 1 : 1 << 20});
    return config;
  }
  std::shared_ptr<const sluis::Account> account(const std::string& customer) override {
    auto account = std::make_shared<sluis::Account>();
    account->channel = "mail";
    account->customer = customer;
    account->settings = sluis::default_settings(kind().account);
    account->settings.set("pickup", make(customer + "/out"));
    account->settings.set("deliver", away_ ? (home_ / customer / "in").string() : make(customer + "/in"));
    account->settings.set("address", customer + "@example.test");
    account->settings.set("seal-key", sluis::Secret("kanarie-" + customer));
    return account;
  }
  void behave(Demand demand) override {
    refuses_ = demand == Demand::refuse_for_good;
    lost_ = demand == Demand::need_a_human;
    away_ = demand == Demand::refuse_account;
    if (away_)
      fs::remove_all(home_ / "acme/in");
    else
      make("acme/in");
  }

  std::shared_ptr<sluis::Delivery> delivery(const std::string& customer, const std::string& body) override {
    auto delivery = sluis::tests::make_delivery(
        customer, {sluis::tests::make_part(body, "application/octet-stream", "parcel.bin")});
    if (lost_) delivery->destination.address = "../elsewhere";
    return delivery;
  }
  std::vector<Copy> taken() override {
    std::vector<Copy> copies;
    for (const char* const customer : {"acme", "bolt"})
      for (const fs::path& file : mails(home_ / customer / "in/new")) {
        const std::string mail = bytes_of(file);
        const auto begin = mail.find("\r\n\r\n", mail.find("parcel.bin")) + 4;
        const auto body = sluis::base64_decode(mail.substr(begin, mail.find("\r\n", begin) - begin));
        EXPECT_TRUE(body.ok()) << mail;
        const auto id = mail.find("Message-ID: ");
        copies.push_back({mail.substr(id, mail.find("\r\n", id) - id), body.value_or("")});
      }
    return copies;
  }

  void offer(const std::string& customer, const std::string& body) override {
    const fs::path out = make(customer + "/out");
    const std::string name = "1767225600.M" + std::to_string(next_++) + ".example.test";
    std::ofstream(out / "tmp" / name, std::ios::binary) << "Subject: letter\n\n" << body << "\n";
    fs::rename(out / "tmp" / name, out / "new" / name);
  }
  std::size_t offered(const std::string& customer) override { return mails(home_ / customer / "out/new").size(); }

 private:
  static const sluis::ChannelKind& kind() { return sluis_plugin_maildir()->adapter()->kinds()[0]; }
  std::string make(const std::string& below) {
    for (const char* const folder : {"tmp", "new", "cur"}) fs::create_directories(home_ / below / folder);
    return (home_ / below).string();
  }
  static std::vector<fs::path> mails(const fs::path& folder) {
    std::vector<fs::path> files;
    if (fs::is_directory(folder))
      for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    return files;
  }

  fs::path home_;
  bool refuses_ = false, lost_ = false, away_ = false;
  int next_ = 1;
};

const bool added = sluis::conformance::add(
    {.name = "Maildir",
     .plugin = sluis_plugin_maildir(),
     .kind = "maildir",
     .demands = {Demand::take, Demand::refuse_for_good, Demand::refuse_account, Demand::need_a_human},
     .receives = true,
     .rig = [] { return std::make_unique<MaildirRig>(); }});

}  // namespace
