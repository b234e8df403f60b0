// The conformance suite for `directory`, against folders.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "adapters/directory/file_name.h"
#include "core/channel/conformance/suite.h"
#include "core/channel/conformance/test_context.h"
#include "tests/temporary_folder.h"

const sluis::PluginInfo* sluis_plugin_directory();

namespace sluis::directory {
namespace {

using conformance::Copy;
using conformance::Demand;

class FolderRig final : public conformance::Rig {
 public:
  ChannelConfig config() override {
    ChannelConfig config;
    config.name = "drop";
    config.kind = "directory";
    config.settings = default_settings(kind().settings);
    config.settings.set("stable-for", Duration{100ms});
    config.settings.set("rescan", Duration{100ms});
    return config;
  }
  std::shared_ptr<const Account> account(const std::string& customer) override {
    auto account = std::make_shared<Account>();
    account->channel = "drop";
    account->customer = customer;
    account->settings = default_settings(kind().account);
    account->settings.set("pickup", folder_.make(customer + "/out"));
    account->settings.set("deliver", folder_.path(customer + "/in"));
    if (!away_) folder_.make(customer + "/in");
    return account;
  }
  void behave(Demand demand) override {
    away_ = demand == Demand::refuse_account;
    damaged_ = demand == Demand::need_a_human;
    if (away_)
      std::filesystem::remove_all(folder_.path("acme/in"));
    else
      folder_.make("acme/in");
  }
  std::shared_ptr<Delivery> delivery(const std::string& customer, const std::string& body) override {
    auto delivery = sluis::tests::make_delivery(customer, {sluis::tests::make_part(body, "text/plain", "parcel.txt")});
    // Somebody else's file has the name.
    if (damaged_)
      folder_.write("acme/in/" + outbox_file_name(delivery->message->id.text(), 0, delivery->message->parts[0]), "another");
    return delivery;
  }
  std::vector<Copy> taken() override {
    std::vector<Copy> copies;
    for (const char* const customer : {"acme", "bolt"}) {
      const std::string in = std::string(customer) + "/in";
      if (!folder_.has(in)) continue;
      for (const std::string& name : folder_.names(in)) copies.push_back({name, folder_.read(in + "/" + name)});
    }
    return copies;
  }
  void offer(const std::string& customer, const std::string& body) override {
    const std::string out = folder_.make(customer + "/out") + "/";
    const std::string name = "letter-" + std::to_string(next_++);
    folder_.write(customer + "/out/." + name, body);
    std::filesystem::rename(out + "." + name, out + name);
  }
  std::size_t offered(const std::string& customer) override {
    return folder_.has(customer + "/out") ? folder_.names(customer + "/out").size() : 0;
  }

 private:
  static const ChannelKind& kind() { return sluis_plugin_directory()->adapter()->kinds()[0]; }
  sluis::tests::TemporaryFolder folder_;
  bool away_ = false, damaged_ = false;
  int next_ = 1;
};

const bool added = conformance::add({.name = "Directory",
                                     .plugin = sluis_plugin_directory(),
                                     .kind = "directory",
                                     .demands = {Demand::take, Demand::refuse_account, Demand::need_a_human},
                                     .receives = true,
                                     .rig = [] { return std::make_unique<FolderRig>(); }});

}  // namespace
}  // namespace sluis::directory
