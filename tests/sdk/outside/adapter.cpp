// The `maildir` adapter: its settings and its registration.
#include <array>

#include "core/channel/plugin.h"
#include "maildir/channel.h"

namespace maildir {

namespace {

using sluis::ChannelKind;
using sluis::SettingSpec;
using sluis::SettingType;

constexpr std::array settings{
    SettingSpec{.name = "scan",
                .type = SettingType::duration,
                .sentence = "How often each pickup is looked at.",
                .otherwise = "10s",
                .least = 10'000,
                .most = 3'600'000'000},
    SettingSpec{.name = "max-size",
                .type = SettingType::bytes,
                .sentence = "A larger mail is refused, in both directions.",
                .otherwise = "25MiB",
                .least = 1024},
    SettingSpec{.name = "threads",
                .type = SettingType::integer,
                .sentence = "Mails written at once.",
                .otherwise = "2",
                .least = 1,
                .most = 64},
};

constexpr std::array account{
    SettingSpec{.name = "pickup",
                .type = SettingType::path,
                .sentence = "The Maildir that is picked up; none: nothing is taken."},
    SettingSpec{.name = "deliver",
                .type = SettingType::path,
                .sentence = "The Maildir that is delivered to; none: the customer cannot be a destination."},
    SettingSpec{.name = "address",
                .type = SettingType::text,
                .sentence = "The customer's mail address, for the To field.",
                .required = true},
    SettingSpec{.name = "seal-key",
                .type = SettingType::secret,
                .sentence = "With it each mail gets an X-Sluis-Seal, so that a forged one shows."},
};

constexpr std::array<std::string_view, 2> unique{"pickup", "deliver"};

constexpr std::array kinds{ChannelKind{.name = "maildir",
                                       .sentence = "Customers put mails in a Maildir and find theirs in another.",
                                       .settings = settings,
                                       .account = account,
                                       .customer_side = true,
                                       .unique_account_settings = unique}};

class MaildirAdapter final : public sluis::Adapter {
 public:
  std::string_view name() const override { return "maildir"; }
  std::span<const ChannelKind> kinds() const override { return maildir::kinds; }
  std::vector<sluis::Error> check(const sluis::ChannelConfig&) const override { return {}; }
  sluis::Result<std::unique_ptr<sluis::Channel>> make(const sluis::ChannelConfig& config,
                                                      sluis::ChannelContext& context) const override {
    return std::unique_ptr<sluis::Channel>(std::make_unique<MaildirChannel>(config, context));
  }
};

}  // namespace

}  // namespace maildir

SLUIS_PLUGIN(maildir, maildir::MaildirAdapter)
