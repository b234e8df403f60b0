#include "core/channel/plugin.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/temporary_folder.h"

namespace sluis {
namespace {

constexpr std::array kinds{ChannelKind{.name = "pigeon", .sentence = "Carries messages by pigeon.", .settings = {}, .account = {}}};

class PigeonAdapter final : public Adapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "pigeon"; }
  [[nodiscard]] std::span<const ChannelKind> kinds() const override { return sluis::kinds; }
  [[nodiscard]] std::vector<Error> check(const ChannelConfig&) const override { return {}; }
  Result<std::unique_ptr<Channel>> make(const ChannelConfig&, ChannelContext&) const override { return Error{"pigeon", "none at home"}; }
};

const Adapter* the_adapter() {
  static const PigeonAdapter adapter;
  return &adapter;
}

PluginInfo good() {
  return {plugin_magic, plugin_interface_version, sizeof(PluginInfo), SLUIS_COMPILER_STAMP, SLUIS_HEADERS_HASH, "pigeon", "1.0", the_adapter};
}

// What the registry says of an info; empty when it takes it.
std::string refusal(const PluginInfo& info) {
  AdapterRegistry registry;
  const Status added = registry.add(&info, "pigeon.so");
  if (added) return {};
  EXPECT_TRUE(added.error().what.starts_with("pigeon.so: ")) << "the error names the file: " << added.error().what;
  EXPECT_TRUE(registry.entries().empty());
  return added.error().code;
}

TEST(AdapterRegistry, TakesAPluginAndFindsItsKinds) {
  const PluginInfo info = good();
  AdapterRegistry registry;
  ASSERT_TRUE(registry.add(&info, "pigeon.so").ok());
  EXPECT_EQ(registry.find_kind("pigeon").adapter, the_adapter());
  EXPECT_EQ(registry.find_kind("raven").adapter, nullptr);
}

TEST(AdapterRegistry, RefusesAnotherLayoutBeforeTouchingAnythingElse) {
  PluginInfo info = good();
  info.magic = 1;
  info.compiler = nullptr;   // would crash if it were read
  EXPECT_EQ(refusal(info), "plugin.magic");
  info = good();
  info.size = 8;
  EXPECT_EQ(refusal(info), "plugin.magic");
}

TEST(AdapterRegistry, RefusesAnotherInterfaceCompilerOrHeaders) {
  PluginInfo info = good();
  info.interface_version = plugin_interface_version + 1;
  EXPECT_EQ(refusal(info), "plugin.interface");
  info = good();
  info.compiler = "gcc 4.1";
  EXPECT_EQ(refusal(info), "plugin.compiler");
  info = good();
  info.headers = "0000000000000000";
  EXPECT_EQ(refusal(info), "plugin.headers");
}

TEST(AdapterRegistry, RefusesASecondAdapterOfTheSameNameOrKind) {
  const PluginInfo info = good();
  PluginInfo other = good();
  other.name = "dove";   // another adapter with the same kind
  AdapterRegistry registry;
  ASSERT_TRUE(registry.add(&info, "a.so").ok());
  EXPECT_EQ(registry.add(&info, "b.so").error().code, "plugin.duplicate");
  EXPECT_EQ(registry.add(&other, "c.so").error().code, "plugin.duplicate");
}

TEST(AdapterRegistry, OneBrokenFileIsNamedAndDoesNotStopTheOthers) {
  tests::TemporaryFolder folder;
  folder.write("broken.so", "this is no shared object");
  folder.write("readme.txt", "not looked at");
  AdapterRegistry registry;
  const auto errors = registry.load_folder(folder.path());
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].code, "plugin.open");
  EXPECT_NE(errors[0].what.find("broken.so"), std::string::npos);
}

TEST(AdapterRegistry, ASharedObjectThatIsNoAdapterIsNamedAsSuch) {
  AdapterRegistry registry;
  const Status loaded = registry.load(SLUIS_TEST_NO_ADAPTER);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, "plugin.symbol");
}

TEST(AdapterRegistry, AMissingFolderIsAnError) {
  AdapterRegistry registry;
  EXPECT_EQ(registry.load_folder("/nonexistent/adapters").at(0).code, "plugin.folder");
}

}  // namespace
}  // namespace sluis
