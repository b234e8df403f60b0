// The `directory` adapter: its settings and its registration.
#include <array>

#include "adapters/directory/channel.h"
#include "core/channel/plugin.h"

namespace sluis::directory {

namespace {

constexpr std::array<std::string_view, 2> after_choices{"delete", "archive"};

constexpr std::array settings{
    SettingSpec{.name = "stable-for", .type = SettingType::duration, .sentence = "A file that was not renamed in is taken when it stayed the same this long.",
                .otherwise = "2s", .least = 100'000, .most = 3'600'000'000},
    SettingSpec{.name = "rescan", .type = SettingType::duration, .sentence = "How often every folder is looked at, whether or not the kernel said that something happened.",
                .otherwise = "30s", .least = 100'000, .most = 86'400'000'000},
    SettingSpec{.name = "max-size", .type = SettingType::bytes, .sentence = "A larger file is refused.", .otherwise = "100MiB", .least = 1},
    SettingSpec{.name = "after", .type = SettingType::choice, .sentence = "What happens to a file that was accepted: deleted, or moved to the sub-folder .done.",
                .otherwise = "delete", .choices = after_choices},
    SettingSpec{.name = "in-flight", .type = SettingType::integer, .sentence = "How many files of one folder are on their way in at once.",
                .otherwise = "256", .least = 1, .most = 10'000},
    SettingSpec{.name = "threads", .type = SettingType::integer, .sentence = "Threads that read and write files.", .otherwise = "2", .least = 1, .most = 64},
};

constexpr std::array account{
    SettingSpec{.name = "pickup", .type = SettingType::path, .sentence = "The folder in which the customer drops files; none: nothing is taken."},
    SettingSpec{.name = "deliver", .type = SettingType::path, .sentence = "The folder in which answers and reports are written; none: the customer cannot be a destination here."},
    SettingSpec{.name = "flow", .type = SettingType::text, .sentence = "The flow of every file of this folder, when its content does not say."},
    SettingSpec{.name = "with-original", .type = SettingType::boolean, .sentence = "Also writes the bytes as received (a raw mail) beside the parts taken from them.", .otherwise = "false"},
};

constexpr std::array<std::string_view, 2> unique{"pickup", "deliver"};

constexpr std::array kinds{ChannelKind{.name = "directory",
                                       .sentence = "Customers drop files in a folder and find answers and reports in another.",
                                       .settings = settings,
                                       .account = account,
                                       .customer_side = true,
                                       .unique_account_settings = unique}};

class DirectoryAdapter final : public Adapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "directory"; }
  [[nodiscard]] std::span<const ChannelKind> kinds() const override { return directory::kinds; }
  [[nodiscard]] std::vector<Error> check(const ChannelConfig&) const override { return {}; }
  Result<std::unique_ptr<Channel>> make(const ChannelConfig& config, ChannelContext& context) const override {
    return std::unique_ptr<Channel>(std::make_unique<DirectoryChannel>(config, context));
  }
};

}  // namespace

}  // namespace sluis::directory

SLUIS_PLUGIN(directory, sluis::directory::DirectoryAdapter)
