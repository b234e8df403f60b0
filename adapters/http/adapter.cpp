// The `http` adapter: its registration.
#include "adapters/http/channel.h"
#include "adapters/http/settings.h"
#include "core/channel/plugin.h"

namespace sluis::http {

namespace {

constexpr std::array kinds{ChannelKind{
    .name = "http",
    .sentence =
        "Customers hand in messages, ask what became of them and fetch answers over HTTP, or are called at a webhook.",
    .settings = channel_settings,
    .account = account_settings,
    .customer_side = true,
    .unique_account_settings = unique_settings}};

class HttpAdapter final : public Adapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "http"; }
  [[nodiscard]] std::span<const ChannelKind> kinds() const override { return http::kinds; }
  [[nodiscard]] std::vector<Error> check(const ChannelConfig& config) const override { return check_channel(config); }
  [[nodiscard]] std::vector<Error> check_account(const ChannelConfig& config, const Settings& account) const override {
    return http::check_account(config, account);
  }
  Result<std::unique_ptr<Channel>> make(const ChannelConfig& config, ChannelContext& context) const override {
    return std::unique_ptr<Channel>(std::make_unique<HttpChannel>(config, context));
  }
};

}  // namespace

}  // namespace sluis::http

SLUIS_PLUGIN(http, sluis::http::HttpAdapter)
