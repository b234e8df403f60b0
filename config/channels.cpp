#include "config/channels.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "config/folder.h"
#include "config/tables.h"
#include "config/values.h"

namespace sluis::config {

namespace {

// The settings of one table out of those of a larger one.
Settings only(const Settings& all, SettingsTable table) {
  Settings out;
  for (const SettingSpec& spec : table) {
    if (!all.has(spec.name)) continue;
    switch (spec.type) {
      case SettingType::secret: out.set(spec.name, all.secret(spec.name)); break;
      case SettingType::integer:
      case SettingType::bytes: out.set(spec.name, all.integer(spec.name)); break;
      case SettingType::number: out.set(spec.name, all.number(spec.name)); break;
      case SettingType::duration: out.set(spec.name, all.duration(spec.name)); break;
      case SettingType::boolean: out.set(spec.name, all.boolean(spec.name)); break;
      case SettingType::text_list: out.set(spec.name, all.list(spec.name)); break;
      case SettingType::text_map: out.set(spec.name, all.map(spec.name)); break;
      default: out.set(spec.name, all.text(spec.name)); break;
    }
  }
  return out;
}

// What the adapter has to say of an account, at the settings that it names.
void ask_about_account(const Node& node, const Path& at, const KnownChannel& channel, const Settings& account,
                       Report& report) {
  std::vector<Error> faults;
  try {
    faults = channel.adapter->check_account(channel.config, account);
  } catch (const std::exception& broken) {
    faults.push_back(Error{"adapter.check", fmt::format("the adapter could not check this: {}", broken.what())});
  }
  for (const Error& fault : faults) {
    const std::string_view what = fault.what;
    const std::string_view name = what.substr(0, what.find(':'));
    const Node* named = TableReader::find(node, name);
    if (named != nullptr && what.size() > name.size() + 2)
      report.at(*named, Path(at, name), what.substr(name.size() + 2));
    else
      report.at_key(node, at, what);
  }
}

std::vector<MaintenanceWindow> read_maintenance(const Node& windows, Report& report, Secrets& secrets) {
  static const TableReader reader(tables::maintenance);
  std::vector<MaintenanceWindow> out;
  const Path at("maintenance");
  if (!windows.is_list()) {
    report.at_key(windows, at, "must be a list of windows, each with from, until and reason");
    return out;
  }
  for (const Node& item : windows.children) {
    if (!expect_mapping(item, at, report)) continue;
    const Settings settings = reader.read(item, at, report, secrets);
    MaintenanceWindow window;
    window.reason = settings.text("reason");
    bool understood = true;
    for (const auto& [name, into] : {std::pair{"from", &window.from}, std::pair{"until", &window.until}}) {
      const Node* node = item.find(name);
      if (node == nullptr || !node->is_scalar() || node->text.empty()) {
        understood = false;
        continue;
      }
      const auto time = parse_rfc3339(node->text);
      understood = understood && time;
      if (time)
        *into = *time;
      else
        report.at(*node, Path(at, name), fmt::format("\"{}\" is not a time such as 2026-12-05T18:00:00+01:00", node->text));
    }
    if (!understood) continue;
    if (window.until <= window.from) report.at(item, at, "ends before it begins");
    out.push_back(std::move(window));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  return out;
}

}  // namespace

std::span<const Member> account_members(const ChannelKind& kind) {
  const std::span<const Member> members = tables::account.members;
  return find_setting(kind.account, members.front().name) != nullptr ? std::span<const Member>{} : members;
}

Settings read_account_settings(const Node& node, const Path& at, const KnownChannel& channel, Report& report,
                               Secrets& secrets) {
  static constexpr const Member& environment_member = tables::account_members.front();
  static constexpr SettingSpec word{.name = environment_member.name,
                                    .type = SettingType::choice,
                                    .sentence = environment_member.sentence,
                                    .choices = environment_member.choices};
  if (const Node* environment = node.find(word.name)) {
    const std::string_view must = to_string(channel.config.environment);
    const Path here(at, word.name);
    if (const auto value = read_value(word, *environment, here, report, secrets);
        value && std::get<std::string>(*value) != must)
      report.at(*environment, here,
                fmt::format("a {} account on the {} channel \"{}\"; environments never mix",
                            std::get<std::string>(*value), must, channel.config.name));
  }
  const std::size_t before = report.count();
  Settings account = channel.account->read(node, at, report, secrets);
  if (report.count() == before) ask_about_account(node, at, channel, account, report);
  return account;
}

std::shared_ptr<const Account> shared_account(Account account, const std::shared_ptr<const Account>& previous) {
  if (previous != nullptr && *previous == account) return previous;
  return std::make_shared<const Account>(std::move(account));
}

const KnownChannel* Channels::find(std::string_view name) const {
  const auto at = known_.find(name);
  return at == known_.end() ? nullptr : &at->second;
}

std::string Channels::no_such(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& [known, channel] : known_) names.push_back(known);
  names.insert(names.end(), doubtful_.begin(), doubtful_.end());
  return fmt::format("there is no channel \"{}\"{}", name, did_you_mean(name, names));
}

const Channels::Kind& Channels::kind(const ChannelKind& kind) {
  const auto [at, fresh] = kinds_.try_emplace(&kind);
  if (!fresh) return at->second;
  auto rows = std::make_unique<std::vector<SettingSpec>>(tables::channel_rows.begin(), tables::channel_rows.end());
  rows->insert(rows->end(), kind.settings.begin(), kind.settings.end());
  at->second.settings = std::make_shared<const TableReader>(*rows, tables::channel.members);
  at->second.account = std::make_shared<const TableReader>(kind.account, account_members(kind));
  at->second.rows = std::move(rows);
  return at->second;
}

const ChannelKind* Channels::find_kind(const Node& root, const Adapter** adapter, Report& report) const {
  const Path at("adapter");
  const Node* node = root.find("adapter");
  if (node == nullptr) {
    report.at(root, at, "is required");
    return nullptr;
  }
  const auto name = read_text(*node, at, report);
  if (!name) return nullptr;
  const auto found = registry_.find_kind(*name);
  if (found.kind == nullptr) {
    const auto names = registry_.kind_names();
    report.at(*node, at, fmt::format("there is no adapter \"{}\"{}", *name, did_you_mean(*name, names)));
  }
  *adapter = found.adapter;
  return found.kind;
}

void Channels::read_own_account(const Node& root, KnownChannel& channel, Report& report) {
  const Node* account = root.find("account");
  if (account == nullptr) return;
  const Path at("account");
  if (!channel.kind->own_account) {
    report.at_key(
        *account, at,
        fmt::format("a channel of kind {} has no account of its own; give accounts to customers", channel.kind->name));
    return;
  }
  if (!expect_mapping(*account, at, report)) return;
  Account own{channel.config.name, {}, read_account_settings(*account, at, channel, report, secrets_)};
  std::shared_ptr<const Account> before;
  if (previous_ != nullptr)
    if (const auto old = previous_->channels.find(own.channel); old != previous_->channels.end())
      before = old->second.own_account;
  channel.config.own_account = shared_account(std::move(own), before);
}

void Channels::check_listeners(const Node& root, const ChannelKind& kind, Report& report) const {
  if (!listeners_) return;
  for (const SettingSpec& spec : kind.settings) {
    if (spec.type != SettingType::listener_name) continue;
    const Node* node = TableReader::find(root, spec.name);
    if (node == nullptr || !node->is_scalar() || !is_name(node->text) || listeners_->contains(node->text)) continue;
    const std::vector<std::string_view> names(listeners_->begin(), listeners_->end());
    report.at(*node, Path(spec.name),
              fmt::format("gateway.yaml has no listener \"{}\"{}", node->text, did_you_mean(node->text, names)));
  }
}

void Channels::ask_adapter(const Adapter& adapter, const Node& root, const KnownChannel& channel,
                           Report& report) const {
  std::vector<Error> faults;
  // A plugin's exception is its fault, and must not take the check of everything else with it.
  try {
    faults = adapter.check(channel.config);
  } catch (const std::exception& broken) {
    faults.push_back(Error{"adapter.check", fmt::format("the adapter could not check this: {}", broken.what())});
  }
  for (const Error& fault : faults) {
    const Node* node = TableReader::find(root, std::string_view(fault.what).substr(0, fault.what.find(':')));
    node != nullptr ? report.at(*node, {}, fault.what) : report.at(root, {}, fault.what);
  }
}

void Channels::read(const Document& document, std::vector<LocatedError>& errors) {
  const std::string presumed(stem(document.file));
  const auto give_up = [&] { doubtful_.insert(presumed); };
  if (!document.understood) return give_up();
  Report report(document.file, errors);
  const Node& root = document.root;
  if (root.is_null()) {
    report.at(root, {}, "is empty");
    return give_up();
  }
  if (!expect_mapping(root, {}, report)) return give_up();

  const Node* name_node = root.find("channel");
  std::optional<std::string> name;
  if (name_node != nullptr && is_name(name_node->text)) name = name_node->text;  // what is no name, the table reports
  const Adapter* adapter = nullptr;
  const ChannelKind* found = find_kind(root, &adapter, report);
  if (found == nullptr) {
    if (name_node == nullptr)
      report.at(root, Path("channel"), "is required");
    else if (!name)
      (void)read_name(*name_node, Path("channel"), report);
    if (name)
      doubtful_.insert(*name);
    else
      give_up();
    return;
  }

  KnownChannel channel;
  channel.kind = found;
  channel.adapter = adapter;
  const Kind& tables_of_kind = kind(*found);
  channel.account = tables_of_kind.account;
  const std::size_t before = report.count();
  const Settings settings = tables_of_kind.settings->read(root, {}, report, secrets_);
  ChannelConfig& config = channel.config;
  config.name = name.value_or(presumed);
  config.kind = found->name;
  config.environment = settings.text("environment") == "production" ? Environment::production : Environment::test;
  config.concurrency = static_cast<int>(settings.integer("concurrency"));
  config.account_concurrency = static_cast<int>(settings.integer("account-concurrency"));
  config.settings = only(settings, found->settings);
  config.per_second = settings.number("per-second");
  if (const Node* windows = root.find("maintenance")) config.maintenance = read_maintenance(*windows, report, secrets_);
  if (config.name == "customer")
    report.at(*name_node, Path("channel"),
              "\"customer\" is the word for the customer's return channels; choose another name");
  channel.place = name_node != nullptr ? report.place(*name_node) : report.place(root);
  check_listeners(root, *found, report);
  read_own_account(root, channel, report);

  if (report.count() == before) ask_adapter(*adapter, root, channel, report);
  if (const KnownChannel* first = find(config.name); first != nullptr) {
    report.at(name_node != nullptr ? *name_node : root, Path("channel"),
              fmt::format("channel \"{}\" is already at {}", config.name, first->place.text()));
    return;
  }
  if (!name || !settings.has("environment")) {
    doubtful_.insert(config.name);
    return;
  }
  known_.emplace(config.name, std::move(channel));
}

}  // namespace sluis::config
