#include "config/compare.h"

#include <memory>
#include <set>

namespace sluis::config {

namespace {

using AccountPtr = std::shared_ptr<const Account>;

bool same(const AccountPtr& a, const AccountPtr& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

bool same_channel(const ChannelConfig& a, const ChannelConfig& b) {
  return a.kind == b.kind && a.environment == b.environment && a.settings == b.settings;
}

void compare_account(const AccountPtr& before, const AccountPtr& next, const std::string& channel, Changes& changes) {
  if (same(before, next)) return;
  AccountChanges& of_channel = changes.accounts[channel];
  if (before == nullptr)
    of_channel.added.push_back(next);
  else if (next == nullptr)
    of_channel.removed.push_back(before);
  else
    of_channel.changed.push_back(next);
}

}  // namespace

Changes compare(const Generation& before, const Generation& next) {
  Changes changes;
  std::set<std::string, std::less<>> staying;
  for (const auto& [name, channel] : before.channels)
    if (!next.channels.contains(name)) changes.removed.push_back(name);
  for (const auto& [name, channel] : next.channels) {
    const auto old = before.channels.find(name);
    if (old == before.channels.end()) {
      changes.added.push_back(name);
    } else if (!same_channel(old->second, channel)) {
      changes.changed.push_back(name);
    } else {
      staying.insert(name);
      compare_account(old->second.own_account, channel.own_account, name, changes);
    }
  }
  // Both maps are in the order of their keys: one walk along the two.
  auto old = before.accounts.begin();
  auto now = next.accounts.begin();
  while (old != before.accounts.end() || now != next.accounts.end()) {
    const bool only_old = now == next.accounts.end() || (old != before.accounts.end() && old->first < now->first);
    const bool only_now = !only_old && (old == before.accounts.end() || now->first < old->first);
    const std::string& channel = only_now ? now->first.first : old->first.first;
    if (staying.contains(channel))
      compare_account(only_now ? nullptr : old->second, only_old ? nullptr : now->second, channel, changes);
    if (!only_now) ++old;
    if (!only_old) ++now;
  }
  return changes;
}

}  // namespace sluis::config
