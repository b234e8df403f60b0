#include "tests/config/test_adapter.h"

#include <array>

namespace sluis::config::tests {

namespace {

using enum SettingType;

constexpr std::array<std::string_view, 3> tls_words{"none", "starttls", "implicit"};
constexpr std::array authority_settings{
    SettingSpec{.name = "submit.host", .type = host, .sentence = "Host.", .required = true},
    SettingSpec{
        .name = "submit.port", .type = integer, .sentence = "Port.", .otherwise = "587", .least = 1, .most = 65535},
    SettingSpec{
        .name = "submit.tls", .type = choice, .sentence = "TLS.", .otherwise = "starttls", .choices = tls_words},
    SettingSpec{.name = "submit.verify", .type = boolean, .sentence = "Verify.", .otherwise = "true"},
    SettingSpec{.name = "submit.password", .type = secret, .sentence = "Password."},
    SettingSpec{.name = "every", .type = duration, .sentence = "Interval.", .otherwise = "2m"},
    SettingSpec{.name = "largest", .type = bytes, .sentence = "Size.", .otherwise = "10MiB"},
    SettingSpec{.name = "names", .type = text_list, .sentence = "Names.", .otherwise = "a, b"},
    SettingSpec{.name = "headers", .type = text_map, .sentence = "Headers."},
};
constexpr std::array authority_account{
    SettingSpec{.name = "username", .type = text, .sentence = "User.", .required = true},
    SettingSpec{.name = "password", .type = secret, .sentence = "Password.", .required = true},
    SettingSpec{.name = "mailbox", .type = text, .sentence = "Mailbox."},
};
constexpr std::array drop_settings{
    SettingSpec{.name = "notify.listener", .type = listener_name, .sentence = "Listener."},
};
constexpr std::array drop_account{
    SettingSpec{.name = "pickup", .type = path, .sentence = "Folder.", .required = true},
    SettingSpec{.name = "deliver", .type = path, .sentence = "Folder.", .required = true},
    SettingSpec{.name = "keys", .type = text_list, .sentence = "Keys."},
};
constexpr std::array<std::string_view, 1> by_edi{"edi"};
constexpr std::array<std::string_view, 1> unique_mailbox{"mailbox"};
constexpr std::array<std::string_view, 3> unique_folders{"pickup", "deliver", "keys"};
constexpr std::array kinds_given{
    ChannelKind{.name = "authority",
                .sentence = "An authority.",
                .settings = authority_settings,
                .account = authority_account,
                .own_account = true,
                .demultiplexes_by = by_edi,
                .unique_account_settings = unique_mailbox},
    ChannelKind{.name = "drop",
                .sentence = "Folders.",
                .settings = drop_settings,
                .account = drop_account,
                .customer_side = true,
                .unique_account_settings = unique_folders},
};

std::string find_in(const Settings& account, std::string_view name) {
  return account.has(name) ? account.text(name) : std::string{};
}

class TestAdapter final : public Adapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "test"; }
  [[nodiscard]] std::span<const ChannelKind> kinds() const override { return kinds_given; }
  std::vector<Error> check(const ChannelConfig& config) const override {
    if (config.kind == "authority" && config.settings.text("submit.tls") == "none" &&
        config.settings.integer("submit.port") != 25)
      return {Error{"test.tls", "submit.tls: none is for port 25 only"}};
    return {};
  }
  std::vector<Error> check_account(const ChannelConfig&, const Settings& account) const override {
    if (find_in(account, "deliver") == "/same" && find_in(account, "pickup") == "/same")
      return {Error{"test.folder", "deliver: is the folder that is picked up"}};
    return {};
  }
  Result<std::unique_ptr<Channel>> make(const ChannelConfig&, ChannelContext&) const override {
    return Error{"test.make", "nothing is made here"};
  }
};

}  // namespace

const AdapterRegistry& test_registry() {
  static const TestAdapter adapter;
  static const PluginInfo info{plugin_magic,
                               plugin_interface_version,
                               sizeof(PluginInfo),
                               SLUIS_COMPILER_STAMP,
                               SLUIS_HEADERS_HASH,
                               "test",
                               "1",
                               []() -> const Adapter* { return &adapter; }};
  static const AdapterRegistry registry = [] {
    AdapterRegistry made;
    (void)made.add(&info, "test");
    return made;
  }();
  return registry;
}

}  // namespace sluis::config::tests
