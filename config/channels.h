// channels/*.yaml.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/secrets.h"
#include "config/table_reader.h"
#include "core/channel/plugin.h"
#include "core/delivery/generation.h"

namespace sluis::config {

struct KnownChannel {
  ChannelConfig config;
  const ChannelKind* kind = nullptr;           // the plugin's
  const Adapter* adapter = nullptr;            // the plugin's
  std::shared_ptr<const TableReader> account;  // shared by the channels of one kind
  Place place;
};

// The channels of one configuration, as far as they are understood.
// [Threading] one. [Lifetime] the registry and the previous generation outlive it.
class Channels {
 public:
  // `previous` may be null; own accounts that did not change are shared with it.
  Channels(const AdapterRegistry& registry, Secrets& secrets, const Generation* previous)
      : registry_(registry), secrets_(secrets), previous_(previous) {}

  // The listeners that settings may name, before read(); without it they are not looked at, for gateway.yaml has faults.
  void know_listeners(std::set<std::string, std::less<>> names) { listeners_ = std::move(names); }

  // Reports every fault of the file, those of the adapter's own check included.
  void read(const Document& document, std::vector<LocatedError>& errors);

  [[nodiscard]] const KnownChannel* find(std::string_view name) const;
  // A channel that is there, but with faults that leave open what it is; whoever names it is not to blame.
  [[nodiscard]] bool doubtful(std::string_view name) const { return doubtful_.contains(name); }
  // `there is no channel "tuli"; did you mean "tulli"?`
  [[nodiscard]] std::string no_such(std::string_view name) const;

  [[nodiscard]] const std::map<std::string, KnownChannel, std::less<>>& known() const { return known_; }
  [[nodiscard]] const std::set<std::string, std::less<>>& doubtful() const { return doubtful_; }

 private:
  struct Kind {
    std::shared_ptr<const TableReader> settings;  // the general settings of every channel and the kind's own
    std::shared_ptr<const TableReader> account;
    std::unique_ptr<const std::vector<SettingSpec>> rows;  // what `settings` reads by; at a fixed address
  };
  const Kind& kind(const ChannelKind& kind);
  void read_own_account(const Node& root, KnownChannel& channel, Report& report);
  void check_listeners(const Node& root, const ChannelKind& kind, Report& report) const;
  void ask_adapter(const Adapter& adapter, const Node& root, const KnownChannel& channel, Report& report) const;
  [[nodiscard]] const ChannelKind* find_kind(const Node& root, const Adapter** adapter, Report& report) const;

  const AdapterRegistry& registry_;
  Secrets& secrets_;
  const Generation* previous_;
  std::map<const ChannelKind*, Kind> kinds_;
  std::map<std::string, KnownChannel, std::less<>> known_;
  std::set<std::string, std::less<>> doubtful_;
  std::optional<std::set<std::string, std::less<>>> listeners_;
};

// What an account may say beside its kind's table.
[[nodiscard]] std::span<const Member> account_members(const ChannelKind& kind);

// One account on this channel, of a customer or the intermediary's own. Reports every fault, a word for another
// environment than the channel's and what the adapter has to say among them. [Preconditions] `node` is a mapping.
[[nodiscard]] Settings read_account_settings(const Node& node, const Path& at, const KnownChannel& channel,
                                             Report& report, Secrets& secrets);

// The previous generation's account when it is the same; channels then keep what they hold.
[[nodiscard]] std::shared_ptr<const Account> shared_account(Account account,
                                                            const std::shared_ptr<const Account>& previous);

}  // namespace sluis::config
