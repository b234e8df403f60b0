#include "config/customers.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/folder.h"
#include "config/routes.h"
#include "config/table_reader.h"
#include "config/tables.h"
#include "config/values.h"
#include "core/runtime/digest.h"

namespace sluis::config {

namespace {

constexpr char separator = '\x1f';  // no name or one-line text holds it

// What is compared: /srv/a/ is /srv/a. A secret is compared by its digest, so that no copy of it lies about.
std::string comparable(const SettingSpec& spec, const Settings& settings) {
  if (spec.type == SettingType::secret) return to_hex(sha256(settings.secret(spec.name).reveal()));
  std::string text = settings.text(spec.name);
  if (spec.type != SettingType::path) return text;
  text = std::filesystem::path(text).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

bool is_single(SettingType type) {
  return type == SettingType::text || type == SettingType::name || type == SettingType::secret ||
         type == SettingType::choice || type == SettingType::path || type == SettingType::host ||
         type == SettingType::address || type == SettingType::listener_name;
}

}  // namespace

Customers::Customers(const Channels& channels, std::set<std::string, std::less<>> flows, Secrets& secrets,
                     const Generation* previous, Generation& generation)
    : channels_(channels), flows_(std::move(flows)), secrets_(secrets), previous_(previous), generation_(generation) {
  for (const auto& [name, channel] : channels.known())
    for (const std::string_view identifier : channel.kind->demultiplexes_by)
      if (std::none_of(demultiplexers_.begin(), demultiplexers_.end(),
                       [&](const auto& d) { return d.first == identifier; }))
        demultiplexers_.emplace_back(identifier, name);
}

void Customers::read(const Document& document, std::vector<LocatedError>& errors) {
  const std::string presumed(stem(document.file));
  if (!document.understood) {
    doubtful_.insert(presumed);
    return;
  }
  Report report(document.file, errors);
  const Node& root = document.root;
  if (root.is_null()) report.at(root, {}, "is empty");
  if (root.is_null() || !expect_mapping(root, {}, report)) {
    doubtful_.insert(presumed);
    return;
  }
  static const TableReader reader(tables::customer);
  const Settings settings = reader.read(root, {}, report, secrets_);
  Customer customer;
  const Node* id = root.find("customer");
  customer.id = settings.text("customer");
  if (customer.id.empty()) {
    customer.id = presumed;
    doubtful_.insert(presumed);
  }
  customer.name = settings.has("name") ? settings.text("name") : customer.id;
  const auto own = [&](std::string_view name) {
    return settings.has(name) ? std::optional(settings.integer(name)) : std::nullopt;
  };
  customer.quota = {own("quota.messages-per-hour"), own("quota.bytes-per-hour"), own("quota.connections")};
  const Place place = id != nullptr ? report.place(*id) : report.place(root);
  if (const auto [first, fresh] = places_.emplace(customer.id, place); !fresh) {
    report.at(id != nullptr ? *id : root, Path("customer"),
              fmt::format("customer \"{}\" is already at {}", customer.id, first->second.text()));
    return;
  }

  const Reading reading{root, report, customer};
  read_identifiers(settings, reading);
  read_accounts(reading);
  read_returns(reading);
  if (const Node* routes = root.find("routes"))
    read_routes(*routes, customer.id, Path("routes"), report, secrets_, routes_);
  auto& slot = generation_.customers[customer.id];
  slot = std::make_shared<const Customer>(std::move(customer));
}

void Customers::read_identifiers(const Settings& settings, const Reading& reading) {
  reading.customer.identifiers = settings.map("identifiers");
  if (reading.customer.identifiers.empty()) return;
  const Node& identifiers = *reading.root.find("identifiers");
  const Path up("identifiers");
  for (const Node& member : identifiers.children)
    if (member.text.empty()) reading.report.at(member, Path(up, member.key), "must not be empty");
  for (const auto& [kind, channel] : demultiplexers_) {
    const auto value = reading.customer.identifiers.find(std::string(kind));
    if (value == reading.customer.identifiers.end() || value->second.empty()) continue;
    const Node& node = *identifiers.find(kind);
    std::string key(kind);
    key += separator;
    key += value->second;
    const auto [first, fresh] =
        by_identifier_.try_emplace(std::move(key), Holder{reading.customer.id, reading.report.place(node)});
    if (!fresh)
      reading.report.at(node, Path(up, kind),
                        fmt::format("\"{}\" is already customer {}'s at {}; channel {} tells customers apart by it",
                                    value->second, first->second.customer, first->second.place.text(), channel));
  }
}

void Customers::read_accounts(const Reading& reading) {
  const Node* accounts = reading.root.find("accounts");
  const Path at("accounts");
  if (accounts == nullptr || !expect_mapping(*accounts, at, reading.report)) return;
  for (const Node& member : accounts->children) {
    const Path here(at, member.key);
    const KnownChannel* channel = channels_.find(member.key);
    if (channel != nullptr) {
      if (expect_mapping(member, here, reading.report)) read_account(member, here, *channel, reading);
    } else if (!channels_.doubtful(member.key)) {
      reading.report.at_key(member, here, channels_.no_such(member.key));
    }
  }
}

void Customers::read_account(const Node& node, const Path& at, const KnownChannel& channel, const Reading& reading) {
  Account account{channel.config.name, reading.customer.id,
                  read_account_settings(node, at, channel, reading.report, secrets_)};
  check_unique(node, at, channel, account.settings, reading);
  std::pair<std::string, std::string> key(channel.config.name, reading.customer.id);
  std::shared_ptr<const Account> before;
  if (previous_ != nullptr)
    if (const auto old = previous_->accounts.find(key); old != previous_->accounts.end()) before = old->second;
  generation_.accounts.insert_or_assign(std::move(key), shared_account(std::move(account), before));
}

void Customers::check_unique(const Node& account, const Path& at, const KnownChannel& channel, const Settings& settings,
                             const Reading& reading) {
  for (const std::string_view name : channel.kind->unique_account_settings) {
    const SettingSpec* spec = find_setting(channel.kind->account, name);
    const Node* node = TableReader::find(account, name);
    if (spec == nullptr || node == nullptr || !settings.has(name)) continue;
    // Each item of a list by itself, at its place.
    std::vector<std::pair<const Node*, std::string>> values;
    if (is_single(spec->type)) values.emplace_back(node, comparable(*spec, settings));
    if (spec->type == SettingType::text_list && node->is_list())
      for (const Node& item : node->children) values.emplace_back(&item, item.text);
    for (const auto& [at_node, value] : values) {
      if (value.empty()) continue;
      std::string key = channel.config.name;
      ((key += separator) += name) += separator;
      key += value;
      const auto [first, fresh] =
          by_setting_.try_emplace(std::move(key), Holder{reading.customer.id, reading.report.place(*at_node)});
      if (fresh) continue;
      // An item may be a secret that was written where its hash belongs.
      const std::string what = spec->type == SettingType::secret      ? "this secret"
                               : spec->type == SettingType::text_list ? "this item"
                                                                      : fmt::format("\"{}\"", at_node->text);
      reading.report.at(
          *at_node, Path(at, name),
          fmt::format("{} is already customer {}'s at {}", what, first->second.customer, first->second.place.text()));
    }
  }
}

void Customers::check_return(const Node& item, const std::string& name, const Path& at, const Reading& reading) {
  if (channels_.doubtful(name)) return;
  const KnownChannel* channel = channels_.find(name);
  if (channel == nullptr) return reading.report.at(item, at, channels_.no_such(name));
  if (!channel->kind->customer_side || !channel->kind->sends)
    return reading.report.at(
        item, at, fmt::format("customers receive nothing on channel \"{}\" (of kind {})", name, channel->kind->name));
  const Node* accounts = reading.root.find("accounts");
  // An account with a fault is there all the same.
  if (channel->config.own_account == nullptr && (accounts == nullptr || accounts->find(name) == nullptr))
    reading.report.at(item, at, fmt::format("customer {} has no account on channel \"{}\"", reading.customer.id, name));
}

std::vector<std::string> Customers::read_return_list(const Node& list, const Path& at, const Reading& reading) {
  std::vector<std::string> out;
  if (!expect_list(list, at, reading.report)) return out;
  if (list.children.empty()) reading.report.at(list, at, "names no channel");
  for (const Node& item : list.children) {
    auto name = read_text(item, at, reading.report);
    if (!name) continue;
    check_return(item, *name, at, reading);
    if (std::find(out.begin(), out.end(), *name) != out.end())
      reading.report.at(item, at, fmt::format("channel \"{}\" is named twice", *name));
    else
      out.push_back(*std::move(name));
  }
  return out;
}

// A flow, or a beginning: douane/*
void Customers::check_return_flow(const Node& member, const Path& at, const Reading& reading) {
  const std::string_view pattern = member.key;
  const bool prefix = pattern.ends_with("/*");
  const std::string_view fixed = prefix ? pattern.substr(0, pattern.size() - 1) : pattern;
  if (fixed.find_first_of("*?") != std::string_view::npos)
    return reading.report.at_key(member, at, "a flow ends in /* or is written out");
  if (flows_.empty()) return;
  const auto first = flows_.lower_bound(fixed);
  if (prefix ? first != flows_.end() && first->starts_with(fixed) : first != flows_.end() && *first == fixed) return;
  if (prefix) return reading.report.at_key(member, at, fmt::format("no flow begins with \"{}\"", fixed));
  const std::vector<std::string_view> names(flows_.begin(), flows_.end());
  reading.report.at_key(member, at, fmt::format("unknown flow \"{}\"{}", pattern, did_you_mean(pattern, names)));
}

void Customers::read_returns(const Reading& reading) {
  const Path at("return");
  const Node* node = reading.root.find("return");
  if (node == nullptr) return;
  if (node->is_list()) {
    reading.customer.return_channels = read_return_list(*node, at, reading);
    return;
  }
  if (!node->is_mapping()) {
    node->is_null() ? reading.report.at_key(*node, at, "has no value; it must be a list of channels")
                    : reading.report.at(*node, at, "must be a list of channels, or a mapping of flows to such lists");
    return;
  }
  for (const Node& member : node->children) {
    const Path here(at, member.key);
    if (member.key == "default") {
      reading.customer.return_channels = read_return_list(member, here, reading);
      continue;
    }
    check_return_flow(member, here, reading);
    reading.customer.return_by_flow[member.key] = read_return_list(member, here, reading);
  }
  if (node->find("default") == nullptr)
    reading.report.at_key(*node, Path(at, "default"), "is required, for every other flow");
}

}  // namespace sluis::config
