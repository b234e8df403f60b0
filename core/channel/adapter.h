// What a plugin registers: its kinds of channel, and how to make one.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/channel.h"
#include "core/channel/settings.h"

namespace sluis {

// Data about one kind of channel. Everything is constexpr in the adapter; nothing here runs code.
struct ChannelKind {
  std::string_view name;                            // "digipoort", "directory": what `adapter:` names
  std::string_view sentence;
  SettingsTable settings;                           // channels/<name>.yaml
  SettingsTable account;                            // accounts.<channel> in a customer's file, and `account:` of the channel
  bool customer_side = false;                       // customers submit and receive here: reports and returns can go to it
  bool sends = true;                                // can be a destination
  bool own_account = false;                         // `account:` is allowed: the intermediary's own
  // Customer identifiers by which arrivals of a shared account are told apart; two customers with one value are an error.
  std::span<const std::string_view> demultiplexes_by = {};
  // The account settings that must be unique over customers (a mailbox, a folder).
  std::span<const std::string_view> unique_account_settings = {};
};

// A channel's configuration: checked values.
// A time in which the peer has announced that it does not work.
struct MaintenanceWindow {
  WallTime from;
  WallTime until;
  std::string reason;
  bool operator==(const MaintenanceWindow&) const = default;
};

struct ChannelConfig {
  std::string name;
  std::string kind;
  Environment environment = Environment::test;
  Settings settings;
  std::shared_ptr<const Account> own_account;   // shared: generations hand it on unchanged; null when there is none
  // Pace and limits that the engine applies, the same for every kind: see engine settings in the operator guide.
  int concurrency = 4;                 // attempts at once
  double per_second = 0;               // attempts a second over all accounts; 0: no pace
  int account_concurrency = 2;         // attempts at once for one account
  std::vector<MaintenanceWindow> maintenance;   // in the order of their beginnings
};

// [Lifetime] a static object of the plugin; never destroyed before the process ends. [Threading] called from one thread.
class SLUIS_CORE_API Adapter {
 public:
  virtual ~Adapter() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::span<const ChannelKind> kinds() const = 0;
  // Checks what the table cannot say (two settings that exclude each other). Errors name the setting: "submit.tls: …".
  virtual std::vector<Error> check(const ChannelConfig& config) const = 0;
  // The same for one account, a customer's or the channel's own. Called for each of thousands: no files, no network.
  // [Security] an error does not repeat what may be a secret written in the wrong place.
  virtual std::vector<Error> check_account(const ChannelConfig& config, const Settings& account) const {
    static_cast<void>(config);
    static_cast<void>(account);
    return {};
  }
  // Must not touch the network or the disk: that is start()'s.
  virtual Result<std::unique_ptr<Channel>> make(const ChannelConfig& config, ChannelContext& context) const = 0;
};

}  // namespace sluis
